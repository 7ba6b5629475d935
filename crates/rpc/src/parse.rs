//! Taking a request apart: every bad field is found, not only the first.

use std::{fmt, str::FromStr};

use kernel::{PageSize, Timestamp, Version};
use tonic_types::FieldViolation;

use crate::error::Refusal;

/// Collects what is wrong with a request's fields.
#[derive(Debug, Default)]
pub struct Fields {
    bad: Vec<FieldViolation>,
}

impl Fields {
    pub fn new() -> Self {
        Self::default()
    }

    /// Says what is wrong with a field.
    pub fn reject(&mut self, field: &str, why: impl fmt::Display) {
        self.bad.push(FieldViolation::new(field, why.to_string()));
    }

    /// A value that parses from text: ids, codes, etags.
    pub fn parse<T>(&mut self, field: &str, text: &str) -> Option<T>
    where
        T: FromStr<Err: fmt::Display>,
    {
        if text.is_empty() {
            self.reject(field, "is required");
            return None;
        }
        self.take(field, text.parse())
    }

    /// As [`Fields::parse`], where the field may be left empty.
    pub fn parse_optional<T>(&mut self, field: &str, text: &str) -> Option<T>
    where
        T: FromStr<Err: fmt::Display>,
    {
        if text.is_empty() { None } else { self.take(field, text.parse()) }
    }

    /// The outcome of a conversion; its error is what is wrong with the field.
    pub fn take<T, E: fmt::Display>(&mut self, field: &str, value: Result<T, E>) -> Option<T> {
        value.map_err(|why| self.reject(field, why)).ok()
    }

    /// A message field that must be there.
    pub fn required<T>(&mut self, field: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.reject(field, "is required");
        }
        value
    }

    /// An enum value that this version knows and that is not `UNSPECIFIED` (0).
    pub fn enumeration<T: TryFrom<i32>>(&mut self, field: &str, number: i32) -> Option<T> {
        if number == 0 {
            self.reject(field, "is required");
            return None;
        }
        let value = T::try_from(number).ok();
        if value.is_none() {
            self.reject(field, "is not a value of this enum");
        }
        value
    }

    /// As [`Fields::enumeration`], where `UNSPECIFIED` means none.
    pub fn enumeration_optional<T: TryFrom<i32>>(&mut self, field: &str, number: i32) -> Option<T> {
        if number == 0 { None } else { self.enumeration(field, number) }
    }

    /// Text of `min` to `max` characters with no control characters but line breaks; blanks at the ends go.
    pub fn text(&mut self, field: &str, raw: &str, min: usize, max: usize) -> Option<String> {
        let text = raw.trim();
        let n_chars = text.chars().count();
        if n_chars < min && n_chars == 0 {
            self.reject(field, "is required");
        } else if n_chars < min || max < n_chars {
            self.reject(field, format!("must have {min} to {max} characters"));
        } else if text.chars().any(|c| c.is_control() && c != '\n' && c != '\r' && c != '\t') {
            self.reject(field, "has control characters");
        } else {
            return Some(text.to_owned());
        }
        None
    }

    /// An instant that a clock can have shown: years 2000 to 9999.
    pub fn timestamp(&mut self, field: &str, value: Option<prost_types::Timestamp>) -> Option<Timestamp> {
        let value = self.required(field, value)?;
        let nanos = u32::try_from(value.nanos).ok().filter(|nanos| *nanos < 1_000_000_000);
        let at =
            nanos.and_then(|nanos| chrono::DateTime::from_timestamp(value.seconds, nanos / 1_000 * 1_000));
        let at = at.filter(|at| (946_684_800..=253_402_300_799).contains(&at.timestamp()));
        if at.is_none() {
            self.reject(field, "is not an instant of the years 2000 to 9999");
        }
        at
    }

    /// As [`Fields::timestamp`], where the field may be absent.
    pub fn timestamp_optional(
        &mut self,
        field: &str,
        value: Option<prost_types::Timestamp>,
    ) -> Option<Timestamp> {
        value.and_then(|value| self.timestamp(field, Some(value)))
    }

    /// A day that exists.
    pub fn date(&mut self, field: &str, value: Option<proto::common::v1::Date>) -> Option<chrono::NaiveDate> {
        let date = self.required(field, value)?;
        let month = u32::try_from(date.month).unwrap_or_default();
        let day = u32::try_from(date.day).unwrap_or_default();
        let year = (1..=9999).contains(&date.year).then_some(date.year);
        let found = year.and_then(|year| chrono::NaiveDate::from_ymd_opt(year, month, day));
        if found.is_none() {
            self.reject(field, "is not a day of the calendar");
        }
        found
    }

    /// As [`Fields::date`], where the field may be absent.
    pub fn date_optional(
        &mut self,
        field: &str,
        value: Option<proto::common::v1::Date>,
    ) -> Option<chrono::NaiveDate> {
        value.and_then(|value| self.date(field, Some(value)))
    }

    pub fn etag(&mut self, etag: &str) -> Option<Version> {
        self.parse("etag", etag)
    }

    pub fn page_size(&mut self, page_size: i32) -> Option<PageSize> {
        let size = PageSize::from_request(page_size);
        if size.is_none() {
            self.reject("page_size", "must not be negative");
        }
        size
    }

    /// Fails with everything that was rejected.
    pub fn finish(self) -> Result<(), Refusal> {
        if self.bad.is_empty() { Ok(()) } else { Err(Refusal::Fields(self.bad)) }
    }

    /// Everything that was rejected, where a required value turned out to be missing.
    pub fn refuse(self) -> Refusal {
        debug_assert!(!self.bad.is_empty(), "a value is missing only where its field was rejected");
        Refusal::Fields(self.bad)
    }
}

/// An instant on the wire.
pub fn timestamp(at: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: at.timestamp(),
        nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or_default(),
    }
}

/// A day on the wire.
pub fn date(day: chrono::NaiveDate) -> proto::common::v1::Date {
    use chrono::Datelike as _;
    proto::common::v1::Date {
        year: day.year(),
        month: i32::try_from(day.month()).unwrap_or_default(),
        day: i32::try_from(day.day()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use kernel::IssueId;

    use super::*;

    #[test]
    fn every_bad_field_is_named() {
        let mut f = Fields::new();
        let id = f.parse::<IssueId>("issue_id", "nonsense");
        let text = f.text("title", " ", 1, 10);
        let _ = f.text("note", "a\u{0}b", 1, 10);
        let _ = f.timestamp("at_time", Some(prost_types::Timestamp { seconds: -1, nanos: 0 }));
        let _ = f.date("day", Some(proto::common::v1::Date { year: 2026, month: 2, day: 30 }));
        assert_eq!((id, text), (None, None));
        let Refusal::Fields(bad) = f.refuse() else { panic!("another refusal") };
        let names: Vec<_> = bad.iter().map(|v| v.field.as_str()).collect();
        assert_eq!(names, ["issue_id", "title", "note", "at_time", "day"]);
    }

    #[test]
    fn text_is_counted_in_characters_and_trimmed() {
        let mut f = Fields::new();
        assert_eq!(f.text("title", " 道路标志 ", 1, 4), Some("道路标志".to_owned()));
        assert!(f.finish().is_ok());
    }
}
