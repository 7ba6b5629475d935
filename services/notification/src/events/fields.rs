//! Fields of payloads, read.

use std::str::FromStr;

use chrono::DateTime;
use kernel::Timestamp;

use super::EventError;

pub(super) fn id<T: FromStr>(field: &'static str, text: &str) -> Result<T, EventError> {
    text.parse().map_err(|_| EventError::Field(field))
}

pub(super) fn id_or_none<T: FromStr>(field: &'static str, text: &str) -> Result<Option<T>, EventError> {
    if text.is_empty() { Ok(None) } else { id(field, text).map(Some) }
}

pub(super) fn day(field: &'static str, date: Option<proto::common::v1::Date>) -> Result<String, EventError> {
    let date = date.ok_or(EventError::Field(field))?;
    Ok(format!("{:04}-{:02}-{:02}", date.year, date.month, date.day))
}

pub(super) fn instant(
    field: &'static str,
    time: Option<prost_types::Timestamp>,
) -> Result<Timestamp, EventError> {
    let time = time.ok_or(EventError::Field(field))?;
    let nanos = u32::try_from(time.nanos).map_err(|_| EventError::Field(field))?;
    DateTime::from_timestamp(time.seconds, nanos).ok_or(EventError::Field(field))
}

/// The name of an enum's value without the enum's; a later version's value is shown by its number.
pub(super) fn code<E: TryFrom<i32>>(value: i32, prefix: &str, name: fn(&E) -> &'static str) -> String {
    E::try_from(value)
        .map_or_else(|_| value.to_string(), |known| name(&known).trim_start_matches(prefix).to_owned())
}
