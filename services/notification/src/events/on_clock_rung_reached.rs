//! A clock runs out, or ran out: the event says who is to be told.

use events::Received;
use prost::Name as _;
use proto::workflow::v1::{ClockRungReached, NotifyTarget};

use super::{EventError, happening::Told, on_issue_event::instant, parties};
use crate::domain::{
    Placeholder,
    rules::{Happening, Recipient},
};

pub(super) fn type_name() -> String {
    ClockRungReached::full_name()
}

pub(super) fn read(event: &Received) -> Result<Told, EventError> {
    let payload = event.payload::<ClockRungReached>()?.ok_or(EventError::Type)?;
    let ClockRungReached { issue, clock, due_time, notify, .. } = payload;
    let (mut told, _) = parties::read(issue)?;
    let due_at = instant("due_time", due_time)?;
    let happening = if event.time < due_at { Happening::ClockWarning } else { Happening::ClockOverdue };
    told.happenings.push(happening);
    told.values.insert(Placeholder::Clock, clock);
    told.values.insert(Placeholder::Due, due_at.to_rfc3339());
    told.named =
        notify.into_iter().filter_map(|target| recipient(NotifyTarget::try_from(target).ok()?)).collect();
    Ok(told)
}

fn recipient(target: NotifyTarget) -> Option<Recipient> {
    match target {
        NotifyTarget::Unspecified | NotifyTarget::CoSection => None,
        NotifyTarget::Holder => Some(Recipient::Holder),
        NotifyTarget::Liaison => Some(Recipient::Liaison),
        NotifyTarget::Section => Some(Recipient::Section),
        NotifyTarget::Department => Some(Recipient::Department),
        NotifyTarget::Manager => Some(Recipient::Manager),
        NotifyTarget::Operator => Some(Recipient::Operators),
        NotifyTarget::Firm => Some(Recipient::Firm),
    }
}
