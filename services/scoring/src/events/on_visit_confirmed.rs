//! The firm confirmed a visit.

use chrono::NaiveDate;
use events::ConsumeError;
use proto::{common::v1::Date, registry::v1::VisitConfirmed};

use super::Missing;
use crate::domain::{Effect, Happening, Occasion, Parties, Subject};

pub(super) fn read(payload: VisitConfirmed) -> Result<Happening, ConsumeError> {
    let VisitConfirmed { visit_id, enterprise_id, manager_id, visit_date, issue_ids: _, confirmed_by_id } =
        payload;
    Ok(Happening {
        subject: Subject::Visit(visit_id.parse()?),
        enterprise: enterprise_id.parse()?,
        actor: Some(confirmed_by_id.parse()?),
        parties: Parties { manager: Some(manager_id.parse()?), ..Parties::default() },
        occasions: vec![Occasion::VisitConfirmed],
        lateness: None,
        on_day: Some(visit_date.and_then(day).ok_or(Missing("visit_date"))?),
        effect: Effect::None,
    })
}

fn day(date: Date) -> Option<NaiveDate> {
    let Date { year, month, day } = date;
    NaiveDate::from_ymd_opt(year, u32::try_from(month).ok()?, u32::try_from(day).ok()?)
}
