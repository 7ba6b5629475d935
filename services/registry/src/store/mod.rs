//! All SQL of the registry, one file a noun.

use access::Scope;
use chrono::NaiveDate;
use store::{Filter, binds};

pub(crate) mod appointments;
pub(crate) mod coverage;
pub(crate) mod enterprises;
pub(crate) mod members;
pub(crate) mod visits;

pub(crate) static MIGRATIONS: store::Migrator = store::migrations!("./migrations");

/// The rows that a scope holds, by the column that names their enterprise; `today` decides who manages it.
fn visible(scope: &Scope, column: &str, today: NaiveDate) -> Filter {
    if scope.all {
        return Filter::all([]);
    }
    let own = Filter::in_list(column, scope.enterprises.iter().map(|enterprise| enterprise.uuid()));
    let managed = scope.managed_by.map(|manager| {
        Filter::new(
            format!(
                "{column} IN (
                    SELECT enterprise_id FROM appointment
                    WHERE manager_id = ? AND from_date <= ? AND (end_date IS NULL OR ? < end_date)
                )"
            ),
            binds![manager.uuid(), today, today],
        )
    });
    Filter::any([own].into_iter().chain(managed))
}

/// What `LIKE … ESCAPE '\'` takes for a text that stands for itself alone.
fn literal(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut escaped, character| {
        if matches!(character, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(character);
        escaped
    })
}
