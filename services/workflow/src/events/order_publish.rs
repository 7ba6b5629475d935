//! From what happened to offerings and orders to the messages that others read.

use events::Outgoing;
use kernel::{AccountId, EventId, Timestamp};
use prost::{Message, Name};
use proto::workflow::v1 as pb;
use rpc::parse::timestamp;
use store::Batch;
use worktime::OutOfCalendar;

use crate::{
    domain::{
        Rules, Who, clocks, latest,
        order::{ClockId, Event, Fact, Offering, Order},
    },
    rpc::{
        convert,
        order::convert::{party, state},
    },
    store::{chained::ORDERS, orders::Happened},
};

/// What is the same for every event of a step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cause<'a> {
    /// The rules that the order is bound to.
    pub rules: Rules<'a>,
    /// The firm's manager now.
    pub manager: Option<AccountId>,
    /// The state before the step, for what tells where an order came from.
    pub from: Option<&'a Order>,
    pub traceparent: &'a str,
}

/// Puts an event of an order into the outbox. Fails when a deadline lies beyond the calendar.
pub(crate) fn append(batch: &mut Batch, happened: &Happened, cause: Cause<'_>) -> Result<(), OutOfCalendar> {
    let Happened { id: _, event, after } = happened;
    let clocks = clocks(after, cause.rules, event.at)?;
    let order = Some(parties(event, after, cause.manager));
    let kept = |id| {
        latest(&clocks, id).map_or((false, 0), |clock| (clock.on_time() == Some(true), clock.late_seconds))
    };
    let out = Out { batch, happened, traceparent: cause.traceparent };
    match &event.fact {
        Fact::Placed { .. } => {
            let on_behalf = event.by.party != crate::domain::Party::Firm;
            out.put(&pb::OrderPlaced { order, on_behalf });
        }
        Fact::Accepted {} => {
            let (on_time, late_working_seconds) = kept(ClockId::O1);
            out.put(&pb::OrderAccepted { order, on_time, late_working_seconds });
        }
        Fact::Declined { .. } => {
            let (on_time, late_working_seconds) = kept(ClockId::O1);
            out.put(&pb::OrderDeclined { order, on_time, late_working_seconds });
        }
        Fact::Scheduled { plan } => {
            let (on_time, late_working_seconds) = kept(ClockId::O2);
            let start_time = Some(timestamp(plan.start));
            out.put(&pb::OrderScheduled { order, start_time, on_time, late_working_seconds });
        }
        Fact::Rescheduled { plan, missed, reason: _ } => {
            let (start_time, reschedules) = (Some(timestamp(plan.start)), count(after.reschedules));
            out.put(&pb::OrderRescheduled { order, start_time, reschedules, missed: *missed });
        }
        Fact::Delivered { attendance, note: _ } => {
            let (on_time, late_working_seconds) = kept(ClockId::O3);
            let rate_until_time = latest(&clocks, ClockId::O4).map(|clock| timestamp(clock.due_at));
            let attendance = count(*attendance);
            out.put(&pb::OrderDelivered {
                order,
                attendance,
                on_time,
                late_working_seconds,
                rate_until_time,
            });
        }
        Fact::Rated { stars, comment: _ } => {
            let (delivered_on_time, _) = kept(ClockId::O3);
            out.put(&pb::OrderRated { order, stars: stars.get().into(), delivered_on_time });
        }
        Fact::RatingLapsed {} => out.put(&pb::OrderRatingLapsed { order }),
        Fact::Cancelled { .. } => {
            let from_state = cause.from.map_or(pb::OrderState::Unspecified, |from| state(from.state()));
            out.put(&pb::OrderCancelled { order, from_state: from_state.into() });
        }
        Fact::RungReached { clock, rung, due_at, overdue, light, notify } => {
            let (clock, rung) = (clock.to_string(), rung.to_string());
            let due_time = Some(timestamp(*due_at));
            let light = light.map_or(pb::Light::Unspecified, convert::light).into();
            let notify = notify.iter().map(|target| convert::notify_target(*target).into()).collect();
            if *overdue {
                out.put(&pb::OrderOverdue { order, clock, rung, due_time, light, notify });
            } else {
                out.put(&pb::OrderRungReached { order, clock, rung, due_time, light, notify });
            }
        }
        Fact::CalendarChanged { calendar_version } => {
            out.put(&pb::OrderCalendarChanged { order, calendar_version: calendar_version.clone() });
        }
    }
    Ok(())
}

struct Out<'a> {
    batch: &'a mut Batch,
    happened: &'a Happened,
    traceparent: &'a str,
}

impl Out<'_> {
    fn put<M: Message + Name>(self, payload: &M) {
        let Happened { id, event, after } = self.happened;
        let outgoing = Outgoing {
            event_id: *id,
            subject: ORDERS.name(after.id.uuid()),
            subject_version: event.version,
            time: event.at,
            traceparent: self.traceparent,
        };
        events::append(self.batch, outgoing, payload);
    }
}

fn parties(event: &Event, after: &Order, manager: Option<AccountId>) -> pb::OrderParties {
    let actor_id = match event.by.who {
        Who::Account(id) => id.to_string(),
        Who::Client(id) => id.to_string(),
        Who::System => String::new(),
    };
    pb::OrderParties {
        order_id: after.id.to_string(),
        offering_id: after.offering_id.to_string(),
        kind: after.kind.to_string(),
        enterprise_id: after.enterprise_id.to_string(),
        manager_id: text(manager),
        department_id: after.department.to_string(),
        liaison_id: text(after.liaison()),
        responsible_id: text(after.plan().map(|plan| plan.responsible)),
        actor_id,
        actor_party: party(event.by.party).into(),
        state: state(after.state()).into(),
    }
}

fn count(n: u32) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

fn text(id: Option<AccountId>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

/// What is the same for every event of an offering.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OfferingCause<'a> {
    pub event_id: EventId,
    pub at: Timestamp,
    pub actor: AccountId,
    pub traceparent: &'a str,
}

pub(crate) fn offering_created(batch: &mut Batch, offering: &Offering, cause: OfferingCause<'_>) {
    put_offering(batch, offering, cause, &pb::OfferingCreated { offering: Some(offered(offering, cause)) });
}

pub(crate) fn offering_updated(
    batch: &mut Batch,
    offering: &Offering,
    fields: &[&str],
    cause: OfferingCause<'_>,
) {
    let changed_fields = fields.iter().map(|field| (*field).to_owned()).collect();
    let payload = pb::OfferingUpdated { offering: Some(offered(offering, cause)), changed_fields };
    put_offering(batch, offering, cause, &payload);
}

pub(crate) fn offering_retired(batch: &mut Batch, offering: &Offering, cause: OfferingCause<'_>) {
    put_offering(batch, offering, cause, &pb::OfferingRetired { offering: Some(offered(offering, cause)) });
}

fn offered(offering: &Offering, cause: OfferingCause<'_>) -> pb::OfferingParties {
    pb::OfferingParties {
        offering_id: offering.id.to_string(),
        department_id: offering.department.to_string(),
        kind: offering.kind.to_string(),
        actor_id: cause.actor.to_string(),
    }
}

fn put_offering<M: Message + Name>(
    batch: &mut Batch,
    offering: &Offering,
    cause: OfferingCause<'_>,
    payload: &M,
) {
    let outgoing = Outgoing {
        event_id: cause.event_id,
        subject: format!("offering/{}", offering.id),
        subject_version: offering.version,
        time: cause.at,
        traceparent: cause.traceparent,
    };
    events::append(batch, outgoing, payload);
}
