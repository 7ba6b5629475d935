//! Refuses a PostgreSQL that may lose what it has acknowledged.

use sqlx::PgConnection;

use crate::Error;

/// A setting, the values it may have, in words, and the test of a value.
type Requirement = (&'static str, &'static str, fn(&str) -> bool);

const SETTINGS: [Requirement; 4] = [
    ("server_version_num", "150000 or above", |found| {
        found.parse().is_ok_and(|version: u32| 150_000 <= version)
    }),
    ("fsync", "on", |found| found == "on"),
    ("full_page_writes", "on", |found| found == "on"),
    ("synchronous_commit", "on, local, remote_write or remote_apply", |found| {
        matches!(found, "on" | "local" | "remote_write" | "remote_apply")
    }),
];

/// Reads the settings as this very session has them, overrides of its role and database included.
pub(crate) async fn check(session: &mut PgConnection) -> Result<(), Error> {
    for (setting, wanted, is_safe) in SETTINGS {
        let sql = "SELECT current_setting($1)";
        let arguments = crate::bind::postgres(vec![setting.into()]);
        let found: String = match arguments {
            Ok(arguments) => sqlx::query_scalar_with(sql, arguments).fetch_one(&mut *session).await,
            Err(error) => Err(error),
        }
        .map_err(|error| Error::new("read PostgreSQL's settings", error))?;
        if !is_safe(&found) {
            return Err(Error::NotDurable { setting, found, wanted });
        }
    }
    Ok(())
}
