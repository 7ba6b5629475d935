//! Names of constraints. PostgreSQL tells them; SQLite tells the columns, and the names are looked up in its schema.

use sqlx::sqlite::SqliteConnection;

use crate::text::{Piece, pieces};

/// What PostgreSQL says: the constraint, or `table.column` for NOT NULL.
pub(crate) fn postgres_name(error: &sqlx::Error) -> String {
    let Some(error) = error.as_database_error() else { return String::new() };
    if let Some(name) = error.constraint() {
        return name.to_owned();
    }
    let column = error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().and_then(|error| error.column());
    format!("{}.{}", error.table().unwrap_or_default(), column.unwrap_or_default())
}

/// Turns SQLite's "UNIQUE constraint failed: issue.number" into the constraint's name.
pub(crate) async fn sqlite_name(connection: &mut SqliteConnection, error: &sqlx::Error) -> String {
    let Some(error) = error.as_database_error() else { return String::new() };
    match error.message().split_once(" constraint failed") {
        Some(("UNIQUE" | "PRIMARY KEY", rest)) => {
            let columns = rest.trim_start_matches([':', ' ']);
            // SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID
            let primary = error.code().is_some_and(|code| code == "1555" || code == "2579");
            unique_name(connection, columns, primary).await
        }
        Some(("FOREIGN KEY", _)) => "foreign_key".to_owned(),
        Some((_, rest)) => rest.trim_start_matches([':', ' ']).to_owned(),
        None => error.message().to_owned(),
    }
}

async fn unique_name(connection: &mut SqliteConnection, failed: &str, primary: bool) -> String {
    if let Some(index) = failed.strip_prefix("index '") {
        return index.trim_end_matches('\'').to_owned();
    }
    let (mut table, mut columns) = ("", Vec::new());
    for part in failed.split(", ") {
        let (owner, column) = part.split_once('.').unwrap_or(("", part));
        table = owner;
        columns.push(column);
    }
    let sql = "SELECT sql FROM sqlite_master WHERE tbl_name = $1 AND sql IS NOT NULL ORDER BY type, name";
    let schema = sqlx::query_scalar_with::<_, String, _>(
        sql,
        crate::bind::sqlite(vec![table.into()]).unwrap_or_default(),
    );
    let schema = Box::pin(schema.fetch_all(connection)).await.unwrap_or_default();
    let named = schema.iter().flat_map(|sql| uniques(sql)).find(|unique| unique.columns == columns);
    match named {
        Some(unique) => unique.name,
        // What PostgreSQL calls a constraint that nobody named.
        None if primary => format!("{table}_pkey"),
        None => format!("{table}_{}_key", columns.join("_")),
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Unique {
    name: String,
    columns: Vec<String>,
}

/// The named unique constraints of a `CREATE TABLE`, or the one of a `CREATE UNIQUE INDEX`.
fn uniques(sql: &str) -> Vec<Unique> {
    let is_blank = |piece: &Piece<'_>| matches!(piece, Piece::Other(text) if text.trim().is_empty() || text.starts_with("--") || text.starts_with("/*"));
    let pieces: Vec<_> = pieces(sql).into_iter().filter(|piece| !is_blank(piece)).collect();
    let words = |at: usize, expected: &[&str]| {
        expected
            .iter()
            .enumerate()
            .all(|(n, word)| pieces.get(at + n).is_some_and(|piece| piece.is_word(word)))
    };
    let name = |at: usize| pieces.get(at).map_or("", |piece| piece.text()).trim_matches('"').to_owned();

    if words(0, &["CREATE", "UNIQUE", "INDEX"]) {
        let at = if words(3, &["IF", "NOT", "EXISTS"]) { 6 } else { 3 };
        // name ON table (columns)
        return vec![Unique { name: name(at), columns: columns(&pieces, at + 3) }];
    }
    let mut found = Vec::new();
    let (mut depth, mut column) = (0, String::new());
    for at in 0..pieces.len() {
        match pieces[at] {
            Piece::Open => depth += 1,
            Piece::Close => depth -= 1,
            _ => {}
        }
        let before = at.checked_sub(1).and_then(|before| pieces.get(before));
        let begins_part = match before {
            Some(Piece::Open) => true,
            Some(Piece::Other(text)) => text.trim() == ",",
            _ => false,
        };
        if depth == 1 && begins_part {
            column = name(at);
        }
        if depth == 1 && pieces[at].is_word("CONSTRAINT") {
            let after = match () {
                () if words(at + 2, &["UNIQUE"]) => at + 3,
                () if words(at + 2, &["PRIMARY", "KEY"]) => at + 4,
                () => continue,
            };
            let listed = columns(&pieces, after);
            let columns = if listed.is_empty() { vec![column.clone()] } else { listed };
            found.push(Unique { name: name(at + 1), columns });
        }
    }
    found
}

/// The names in the parentheses that open at `at`; none if none do.
fn columns(pieces: &[Piece<'_>], at: usize) -> Vec<String> {
    if pieces.get(at) != Some(&Piece::Open) {
        return Vec::new();
    }
    let (mut depth, mut expects_name, mut columns) = (1, true, Vec::new());
    for piece in &pieces[at + 1..] {
        match piece {
            Piece::Open => depth += 1,
            Piece::Close if depth == 1 => break,
            Piece::Close => depth -= 1,
            Piece::Other(text) if depth == 1 && text.trim() == "," => expects_name = true,
            Piece::Word(text) | Piece::Quoted(text) if expects_name => {
                columns.push(text.trim_matches('"').to_owned());
                expects_name = false;
            }
            _ => {}
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sql: &str, expected: &[(&str, &[&str])]) {
        let found = uniques(sql);
        let found: Vec<_> =
            found.iter().map(|unique| (unique.name.as_str(), unique.columns.clone())).collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(name, columns)| (*name, columns.iter().map(ToString::to_string).collect()))
            .collect::<Vec<(_, Vec<String>)>>();
        assert_eq!(found, expected);
    }

    #[test]
    fn named_constraints_are_read_from_the_schema() {
        check(
            "CREATE TABLE issue (
                issue_id UUID NOT NULL CONSTRAINT issue_pkey PRIMARY KEY, -- CONSTRAINT no UNIQUE (x)
                number BIGINT CHECK (number IN (1, 2)) CONSTRAINT issue_number_key UNIQUE,
                \"order\" TEXT DEFAULT 'CONSTRAINT a UNIQUE (b)',
                CONSTRAINT issue_year_key UNIQUE (year, \"order\"),
                CONSTRAINT issue_state_check CHECK (state IN ('a', 'b')),
                CONSTRAINT issue_firm_fkey FOREIGN KEY (firm) REFERENCES firm (firm_id)
            )",
            &[
                ("issue_pkey", &["issue_id"]),
                ("issue_number_key", &["number"]),
                ("issue_year_key", &["year", "order"]),
            ],
        );
    }

    #[test]
    fn a_unique_index_is_named_by_its_columns() {
        check("CREATE UNIQUE INDEX one ON issue (a, b DESC) WHERE c = 'x'", &[("one", &["a", "b"])]);
        check("CREATE UNIQUE INDEX IF NOT EXISTS two ON issue(a)", &[("two", &["a"])]);
        check("CREATE INDEX three ON issue (a)", &[]);
    }
}
