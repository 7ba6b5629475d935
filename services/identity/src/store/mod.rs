//! All SQL of identity: one file per table, one text for both engines.

pub(crate) mod accounts;
pub(crate) mod clients;
pub(crate) mod departments;
pub(crate) mod grants;
pub(crate) mod sections;
pub(crate) mod sessions;
pub(crate) mod signing_keys;
pub(crate) mod tenures;
pub(crate) mod tries;

use kernel::PageSize;
use store::Error;
use uuid::Uuid;

/// The tables of this service.
pub static MIGRATIONS: store::Migrator = store::migrations!("./migrations");

/// Which page of a list that is ordered by id.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageOf {
    /// The last id of the page before this one.
    pub after: Option<Uuid>,
    pub size: PageSize,
}

/// A column's text as the value it stands for.
fn read<T: std::str::FromStr>(
    text: &str,
    table: &'static str,
    column: &'static str,
    id: Uuid,
) -> Result<T, Error> {
    text.parse().map_err(|_| Error::unreadable(table, column, &id))
}

/// As [`read`], of a column that may be NULL.
fn read_some<T: std::str::FromStr>(
    text: Option<&String>,
    table: &'static str,
    column: &'static str,
    id: Uuid,
) -> Result<Option<T>, Error> {
    text.map(|text| read(text, table, column, id)).transpose()
}

/// The value of a coded column.
fn decode<T: Copy>(codes: &[(T, &str)], text: &str) -> Option<T> {
    codes.iter().find(|(_, code)| *code == text).map(|(value, _)| *value)
}

/// The code of a value; each of them has one.
fn encode<T: Copy + PartialEq>(codes: &[(T, &'static str)], value: T) -> &'static str {
    codes.iter().find(|(known, _)| *known == value).map(|(_, code)| *code).expect("every value has its code")
}
