//! From the contract to the domain, where more than one RPC needs it.

use std::{collections::HashSet, fmt::Display, hash::Hash, str::FromStr};

use chrono::NaiveDate;
use proto::{common::v1::Date, registry::v1 as pb};
use rpc::Fields;

use crate::domain::{
    day,
    visit::{VisitKind, VisitState},
};

/// A count or an amount of 0 to `max`, where one is given.
pub(super) fn amount(f: &mut Fields, field: &str, value: Option<i64>, max: i64) -> Option<i64> {
    if value.is_some_and(|value| !(0..=max).contains(&value)) {
        f.reject(field, format!("must be 0 to {max}"));
        return None;
    }
    value
}

/// A day of the years 2000 to 2199, where one is given.
pub(super) fn day_optional(f: &mut Fields, field: &str, value: Option<Date>) -> Option<NaiveDate> {
    let found = f.date_optional(field, value)?;
    if !day::in_range(found) {
        f.reject(field, "is not a day of the years 2000 to 2199");
        return None;
    }
    Some(found)
}

/// The first and the last day of a period.
pub(super) fn period(f: &mut Fields, from: Option<Date>, to: Option<Date>) -> Option<(NaiveDate, NaiveDate)> {
    let (from, to) = (f.required("from_date", from), f.required("to_date", to));
    let (from, to) = (day_optional(f, "from_date", from), day_optional(f, "to_date", to));
    let (from, to) = from.zip(to)?;
    if to < from {
        f.reject("to_date", "lies before from_date");
        return None;
    }
    Some((from, to))
}

/// At most `max` ids, each once; `None` when something is wrong with them.
pub(super) fn ids<T>(f: &mut Fields, field: &str, texts: &[String], max: usize) -> Option<Vec<T>>
where
    T: FromStr<Err: Display> + Eq + Hash + Copy,
{
    if max < texts.len() {
        f.reject(field, format!("has more than {max} ids"));
        return None;
    }
    let mut known = HashSet::new();
    let mut ids = Vec::with_capacity(texts.len());
    for (at, text) in texts.iter().enumerate() {
        let place = format!("{field}[{at}]");
        if let Some(id) = f.parse(&place, text) {
            if !known.insert(id) {
                f.reject(&place, "stands there already");
            }
            ids.push(id);
        }
    }
    (known.len() == texts.len()).then_some(ids)
}

pub(super) fn visit_kind(f: &mut Fields, field: &str, number: i32) -> Option<VisitKind> {
    match f.enumeration(field, number)? {
        pb::VisitKind::OnSite => Some(VisitKind::OnSite),
        pb::VisitKind::Remote => Some(VisitKind::Remote),
        pb::VisitKind::Meeting => Some(VisitKind::Meeting),
        pb::VisitKind::Unspecified => None,
    }
}

pub(super) fn visit_state(f: &mut Fields, field: &str, number: i32) -> Option<VisitState> {
    match f.enumeration(field, number)? {
        pb::VisitState::Recorded => Some(VisitState::Recorded),
        pb::VisitState::Confirmed => Some(VisitState::Confirmed),
        pb::VisitState::Disputed => Some(VisitState::Disputed),
        pb::VisitState::Cancelled => Some(VisitState::Cancelled),
        pb::VisitState::Unspecified => None,
    }
}
