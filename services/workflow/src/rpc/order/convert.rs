//! Between the domain of orders and the contract.

use std::collections::HashMap;

use kernel::{AccountId, Timestamp};
use proto::workflow::v1 as pb;
use rpc::parse::{date, timestamp};
use uuid::Uuid;
use worktime::OutOfCalendar;

use crate::{
    domain::{
        NoteRef, Rules, Who, clocks, lights,
        order::{Action, Clock, Delivery, Holder, Offering, Order, Plan, Stage, State, next_due},
    },
    rpc::convert::light,
};

pub(crate) use crate::rpc::convert::party;

pub(crate) const fn state(state: State) -> pb::OrderState {
    match state {
        State::Placed => pb::OrderState::Placed,
        State::Accepted => pb::OrderState::Accepted,
        State::Scheduled => pb::OrderState::Scheduled,
        State::Delivered => pb::OrderState::Delivered,
        State::Rated => pb::OrderState::Rated,
        State::Unrated => pb::OrderState::Unrated,
        State::Declined => pb::OrderState::Declined,
        State::Cancelled => pb::OrderState::Cancelled,
    }
}

/// `None` for the value that is never sent.
pub(super) const fn state_from(state: pb::OrderState) -> Option<State> {
    Some(match state {
        pb::OrderState::Unspecified => return None,
        pb::OrderState::Placed => State::Placed,
        pb::OrderState::Accepted => State::Accepted,
        pb::OrderState::Scheduled => State::Scheduled,
        pb::OrderState::Delivered => State::Delivered,
        pb::OrderState::Rated => State::Rated,
        pb::OrderState::Unrated => State::Unrated,
        pb::OrderState::Declined => State::Declined,
        pb::OrderState::Cancelled => State::Cancelled,
    })
}

pub(super) const fn action(action: Action) -> pb::OrderAction {
    match action {
        Action::Place => pb::OrderAction::Place,
        Action::Accept => pb::OrderAction::Accept,
        Action::Decline => pb::OrderAction::Decline,
        Action::Schedule => pb::OrderAction::Schedule,
        Action::Reschedule => pb::OrderAction::Reschedule,
        Action::Deliver => pb::OrderAction::Deliver,
        Action::Rate => pb::OrderAction::Rate,
        Action::LapseRating => pb::OrderAction::LapseRating,
        Action::Cancel => pb::OrderAction::Cancel,
        Action::ReachRung => pb::OrderAction::ReachRung,
        Action::ChangeCalendar => pb::OrderAction::ChangeCalendar,
    }
}

const fn holder(holder: Holder) -> pb::OrderHolder {
    match holder {
        Holder::Nobody => pb::OrderHolder::Nobody,
        Holder::Liaison => pb::OrderHolder::Liaison,
        Holder::Firm => pb::OrderHolder::Firm,
    }
}

pub(super) fn offering(offering: &Offering) -> pb::Offering {
    let state =
        if offering.retired_at.is_some() { pb::OfferingState::Retired } else { pb::OfferingState::Active };
    pb::Offering {
        offering_id: offering.id.to_string(),
        department_id: offering.department.to_string(),
        kind: offering.kind.to_string(),
        title: offering.title.to_string(),
        audience: offering.audience.clone(),
        description: offering.description.clone(),
        capacity: count(offering.capacity),
        state: state.into(),
        create_time: Some(timestamp(offering.created_at)),
        update_time: Some(timestamp(offering.updated_at)),
        etag: offering.version.to_string(),
    }
}

/// An order as lists show it: without texts and clocks.
pub(super) fn listed(
    order: &Order,
    offering_title: String,
    rules: Rules<'_>,
    now: Timestamp,
) -> Result<pb::Order, OutOfCalendar> {
    // A machine's clock may go back; what is shown of an order does not lie before its last event.
    let now = now.max(order.updated_at);
    let placed_by_id = match order.placed_by.who {
        Who::Account(id) => id.to_string(),
        Who::Client(_) | Who::System => String::new(),
    };
    let stars = if let Stage::Rated { stars, .. } = order.stage { stars.get().into() } else { 0 };
    Ok(pb::Order {
        order_id: order.id.to_string(),
        offering_id: order.offering_id.to_string(),
        offering_title,
        kind: order.kind.to_string(),
        enterprise_id: order.enterprise_id.to_string(),
        department_id: order.department.to_string(),
        state: state(order.state()).into(),
        light: light(lights(order, rules)?.at(now)).into(),
        holder: holder(order.holder()).into(),
        placed_by_id,
        placed_by_party: party(order.placed_by.party).into(),
        manager_id: text(order.manager),
        liaison_id: text(order.liaison()),
        attendees: count(order.attendees),
        preferred_date: order.preferred.map(date),
        wish: String::new(),
        schedule: order.plan().map(schedule),
        reschedules: count(order.reschedules),
        delivery: order.delivery().map(delivery),
        stars,
        rating_comment: String::new(),
        decline_reason: String::new(),
        cancel_reason: String::new(),
        clocks: Vec::new(),
        place_time: Some(timestamp(order.placed_at)),
        update_time: Some(timestamp(order.updated_at)),
        close_time: order.closed_at().map(timestamp),
        due_time: next_due(order, rules)?.map(timestamp),
        policy_pack: order.policy_version.pack.to_string(),
        policy_version: count(order.policy_version.number),
        calendar_version: order.calendar_version.clone(),
        etag: order.etag.to_string(),
    })
}

/// An order with all that belongs to it; `bodies` holds its texts by the id of the note.
pub(super) fn whole(
    order: &Order,
    offering_title: String,
    bodies: &HashMap<Uuid, String>,
    rules: Rules<'_>,
    now: Timestamp,
) -> Result<pb::Order, OutOfCalendar> {
    let now = now.max(order.updated_at);
    let body = |note: NoteRef| bodies.get(&note.note_id.uuid()).cloned().unwrap_or_default();
    let maybe = |note: Option<NoteRef>| note.map(body).unwrap_or_default();
    let mut shown = listed(order, offering_title, rules, now)?;
    shown.wish = body(order.wish);
    if let (Some(shown), Some(plan)) = (&mut shown.schedule, order.plan()) {
        (shown.place, shown.note) = (body(plan.place), maybe(plan.note));
    }
    if let (Some(shown), Some(delivery)) = (&mut shown.delivery, order.delivery()) {
        shown.note = body(delivery.note);
    }
    match order.stage {
        Stage::Rated { comment, .. } => shown.rating_comment = maybe(comment),
        Stage::Declined { reason, .. } => shown.decline_reason = body(reason),
        Stage::Cancelled { reason, .. } => shown.cancel_reason = body(reason),
        Stage::Placed
        | Stage::Accepted { .. }
        | Stage::Scheduled { .. }
        | Stage::Delivered { .. }
        | Stage::Unrated { .. } => {}
    }
    shown.clocks = clocks(order, rules, now)?.iter().map(clock).collect();
    Ok(shown)
}

fn schedule(plan: &Plan) -> pb::OrderSchedule {
    pb::OrderSchedule {
        start_time: Some(timestamp(plan.start)),
        place: String::new(),
        responsible_id: plan.responsible.to_string(),
        note: String::new(),
    }
}

fn delivery(delivery: &Delivery) -> pb::OrderDelivery {
    pb::OrderDelivery {
        deliver_time: Some(timestamp(delivery.at)),
        delivered_by_id: delivery.by.to_string(),
        attendance: count(delivery.attendance),
        note: String::new(),
    }
}

fn clock(clock: &Clock) -> pb::OrderClock {
    pb::OrderClock {
        clock: clock.key.to_string(),
        limit: clock.day.map_or_else(|| clock.limit.to_string(), |day| day.to_string()),
        start_time: Some(timestamp(clock.started_at)),
        due_time: Some(timestamp(clock.due_at)),
        stop_time: clock.stopped_at.map(timestamp),
        void: clock.void,
        late: clock.late,
        late_working_seconds: clock.late_seconds,
    }
}

fn count(n: u32) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

fn text(id: Option<AccountId>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}
