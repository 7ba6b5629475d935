//! The working calendar ends soon, or has ended: an alarm, since deadlines beyond it are provisional at best.

use events::Received;
use prost::Name as _;
use proto::workflow::v1::CalendarEnding;

use super::{EventError, fields::day, happening::Told};
use crate::domain::{Placeholder, rules::Happening};

pub(super) fn types() -> Vec<String> {
    vec![CalendarEnding::full_name()]
}

/// What an event tells; `None` if it is not one of these.
pub(super) fn read(event: &Received) -> Result<Option<Told>, EventError> {
    let Some(payload) = event.payload::<CalendarEnding>()? else { return Ok(None) };
    let CalendarEnding { calendar_version, last_date, days_left } = payload;
    let mut told = Told::default();
    told.happened(if days_left < 0 { Happening::CalendarEnded } else { Happening::CalendarEnding });
    told.value(Placeholder::Calendar, calendar_version);
    told.value(Placeholder::LastDate, day("last_date", last_date)?);
    told.value(Placeholder::DaysLeft, days_left.to_string());
    Ok(Some(told))
}
