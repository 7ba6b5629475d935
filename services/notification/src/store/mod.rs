//! All SQL of notification: one file per table, one text for both engines.

pub(crate) mod announcements;
pub(crate) mod deliveries;
pub(crate) mod messages;
pub(crate) mod preferences;

use std::str::FromStr;

use store::Error;
use uuid::Uuid;

use crate::domain::TemplateRef;

/// The tables of this service.
pub static MIGRATIONS: store::Migrator = store::migrations!("./migrations");

/// A coded column's value.
fn read<T: FromStr>(text: &str, table: &'static str, column: &'static str, id: Uuid) -> Result<T, Error> {
    text.parse().map_err(|_| Error::unreadable(table, column, &id))
}

fn template(code: String, version: i64, table: &'static str, id: Uuid) -> Result<TemplateRef, Error> {
    let version = u32::try_from(version).map_err(|_| Error::unreadable(table, "template_version", &id))?;
    Ok(TemplateRef { code, version })
}

/// What a row is about; one that an older replica wrote says only which issue.
fn about(about: String, issue: Option<Uuid>) -> String {
    match issue {
        Some(issue) if about.is_empty() => format!("issue/{issue}"),
        _ => about,
    }
}

/// The rows that can be read: one that cannot does not keep the others waiting.
fn readable<T>(rows: impl Iterator<Item = Result<T, Error>>) -> Vec<T> {
    let logged =
        |error: &Error| tracing::error!(error = error as &dyn std::error::Error, "a row is passed over");
    rows.filter_map(|row| row.inspect_err(logged).ok()).collect()
}
