//! A step of a service order, or a clock of one that runs out.

use kernel::Timestamp;
use proto::workflow::v1::{self as pb, OrderParties, OrderState};

use super::{
    EventError,
    fields::{id, id_or_none, instant},
    happening::{Told, event_readers},
    on_clock_rung_reached::recipients,
    parties::actor,
};
use crate::domain::{Parties, Placeholder, Values, announcement::Holder, rules::Happening};

event_readers! { order by read_parties:
    OrderPlaced { on_behalf } => |told, _state| {
        told.happened(Happening::OrderPlaced);
        if on_behalf {
            told.happened(Happening::OrderPlacedForFirm);
        }
    }
    OrderAccepted {} => |told, _state| { told.happened(Happening::OrderAccepted); }
    OrderDeclined {} => |told, _state| { told.happened(Happening::OrderDeclined); }
    OrderScheduled { start_time } => |told, _state| {
        told.happened(Happening::OrderScheduled);
        told.at(Placeholder::Start, instant("start_time", start_time)?);
    }
    OrderRescheduled { start_time } => |told, _state| {
        told.happened(Happening::OrderRescheduled);
        told.at(Placeholder::Start, instant("start_time", start_time)?);
    }
    OrderDelivered { rate_until_time } => |told, _state| {
        told.happened(Happening::OrderDelivered);
        told.at(Placeholder::RateUntil, instant("rate_until_time", rate_until_time)?);
    }
    OrderRated { stars } => |told, _state| {
        told.happened(Happening::OrderRated);
        told.value(Placeholder::Stars, stars.to_string());
    }
    OrderRatingLapsed {} => |told, _state| { told.happened(Happening::OrderRatingLapsed); }
    OrderCancelled {} => |told, _state| { told.happened(Happening::OrderCancelled); }
    OrderRungReached { clock, due_time, notify } => |told, _state| {
        told.happened(Happening::OrderClockWarning);
        rung(told, &clock, instant("due_time", due_time)?, &notify);
    }
    OrderOverdue { clock, due_time, notify } => |told, _state| {
        told.happened(Happening::OrderClockOverdue);
        rung(told, &clock, instant("due_time", due_time)?, &notify);
    }
}

fn rung(told: &mut Told, clock: &str, due_at: Timestamp, notify: &[i32]) {
    told.value(Placeholder::Clock, clock);
    told.at(Placeholder::Due, due_at);
    told.name(recipients(notify));
}

/// What every event of an order tells; nothing has happened yet.
fn read_parties(parties: Option<OrderParties>) -> Result<(Told, OrderState), EventError> {
    let OrderParties {
        order_id: _,
        offering_id: _,
        kind,
        enterprise_id,
        manager_id,
        department_id,
        liaison_id,
        responsible_id,
        actor_id,
        actor_party,
        state,
    } = parties.ok_or(EventError::Field("order"))?;
    // A state of a later version is one in which we know of nobody who has to act.
    let state = OrderState::try_from(state).unwrap_or(OrderState::Unspecified);
    let told = Told {
        parties: Parties {
            enterprise: Some(id("enterprise_id", &enterprise_id)?),
            manager: id_or_none("manager_id", &manager_id)?,
            department: id_or_none("department_id", &department_id)?,
            liaison: id_or_none("liaison_id", &liaison_id)?,
            section: None,
            handler: id_or_none("responsible_id", &responsible_id)?,
            holder: holder(state),
            confidential: false,
        },
        actor: actor(actor_party, &actor_id)?,
        values: Values::from([(Placeholder::OrderKind, kind)]),
        ..Told::default()
    };
    Ok((told, state))
}

fn holder(state: OrderState) -> Holder {
    match state {
        OrderState::Placed | OrderState::Accepted | OrderState::Scheduled => Holder::Liaison,
        OrderState::Delivered => Holder::Firm,
        OrderState::Unspecified
        | OrderState::Rated
        | OrderState::Unrated
        | OrderState::Declined
        | OrderState::Cancelled => Holder::Nobody,
    }
}
