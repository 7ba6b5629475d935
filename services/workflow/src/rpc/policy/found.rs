//! Packs and calendars by their versions, whether they were stored or come with the suite.

use std::sync::Arc;

use rpc::Fields;
use store::Tx;
use worktime::Calendar;

use super::{convert::Origin, refused::PolicyRefused};
use crate::{
    domain::{PackName, Policy, PolicyVersion, Rulebook},
    error::WorkflowError,
    store::packs::{self, Stored},
};

/// A pack with its text.
#[derive(Debug, Clone)]
pub(super) struct FoundPack {
    pub policy: Arc<Policy>,
    pub text: String,
    pub origin: Origin,
}

/// A calendar with its data.
#[derive(Debug, Clone)]
pub(super) struct FoundCalendar {
    pub calendar: Arc<Calendar>,
    pub text: String,
    pub origin: Origin,
}

/// A pack as a request names it. One that cannot be named does not exist.
pub(super) fn version(f: &mut Fields, name: &str, version: i32) -> Option<PolicyVersion> {
    let pack: Option<PackName> = f.parse("name", name);
    let number = u32::try_from(version).ok().filter(|number| 0 < *number);
    if number.is_none() {
        f.reject("version", "must be at least 1");
    }
    Some(PolicyVersion { pack: pack?, number: number? })
}

pub(super) fn built_in_packs() -> Vec<FoundPack> {
    let found = |pack: &crate::domain::BuiltIn| FoundPack {
        policy: Arc::clone(&pack.policy),
        text: pack.text.to_owned(),
        origin: None,
    };
    Policy::built_in().iter().map(found).collect()
}

pub(super) fn built_in_calendars() -> Vec<FoundCalendar> {
    let found = |calendar| FoundCalendar { calendar, text: Calendar::china_data().to_owned(), origin: None };
    Rulebook::built_in_calendars().into_iter().map(found).collect()
}

pub(super) async fn pack(tx: &mut Tx, version: &PolicyVersion) -> Result<FoundPack, WorkflowError> {
    if let Some(found) = built_in_packs().into_iter().find(|pack| pack.policy.version == *version) {
        return Ok(found);
    }
    let stored = packs::find_pack(tx, version).await?;
    let stored = stored.ok_or_else(|| PolicyRefused::PackNotFound(version.to_string()))?;
    read_pack(stored)
}

pub(super) async fn calendar(tx: &mut Tx, version: &str) -> Result<FoundCalendar, WorkflowError> {
    if let Some(found) = built_in_calendars().into_iter().find(|found| found.calendar.version() == version) {
        return Ok(found);
    }
    let stored = packs::find_calendar(tx, version).await?;
    let stored = stored.ok_or_else(|| PolicyRefused::CalendarNotFound(version.chars().take(64).collect()))?;
    read_calendar(stored)
}

pub(super) fn read_pack(stored: Stored<PolicyVersion>) -> Result<FoundPack, WorkflowError> {
    let Stored { version, text, at, by } = stored;
    let policy =
        Policy::parse(&text).map_err(|_| store::Error::unreadable("policy_pack", "body", &version))?;
    Ok(FoundPack { policy: Arc::new(policy), text, origin: Some((by, at)) })
}

pub(super) fn read_calendar(stored: Stored<String>) -> Result<FoundCalendar, WorkflowError> {
    let Stored { version, text, at, by } = stored;
    let unreadable = |_| store::Error::unreadable("working_calendar", "body", &version);
    let calendar = Calendar::parse(&text).map_err(unreadable)?;
    Ok(FoundCalendar { calendar: Arc::new(calendar), text, origin: Some((by, at)) })
}
