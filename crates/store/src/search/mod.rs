//! Full text, Chinese too: found by whole tokens, which are made here and nowhere else, so that SQLite (FTS5) and
//! PostgreSQL (`tsvector`) give the same answers. Neither engine ever cuts a text up by itself.
//!
//! A text stands in the ground table `search_text` under its subject, with the part of the subject that it is, and
//! the audience that may find the subject by it. It is written in the unit of work that writes the text itself.

mod query;
mod tokens;

use uuid::Uuid;

use crate::{Batch, Bind, Engine, Error, Filter, Select, Tx, binds};

pub use query::{Expression, MAX_WORDS, Word, any_of, words};
pub use tokens::Tokens;

/// A text of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    pub subject: Uuid,
    /// Which of its texts; one text a part.
    pub part: &'a str,
    /// Who may find the subject by it.
    pub audience: &'a str,
    pub tokens: &'a Tokens,
}

/// Adds a text of a subject that has none of this part yet. Several of them become one statement.
pub fn add(batch: &mut Batch, part: Part<'_>) {
    let sql = "INSERT INTO search_text (subject_id, part, audience, tokens) VALUES ($1, $2, $3, $4)";
    batch.add("let a text be found", sql, part.binds());
}

/// Adds a text, or puts it in the place of the one that was there.
pub fn put(batch: &mut Batch, part: Part<'_>) {
    batch.add(
        "let a text be found",
        "INSERT INTO search_text (subject_id, part, audience, tokens)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (subject_id, part) DO UPDATE
        SET audience = excluded.audience, tokens = excluded.tokens",
        part.binds(),
    );
}

/// Shows a text to another audience, if it is there.
pub fn show(batch: &mut Batch, subject: Uuid, part: &str, audience: &str) {
    let sql = "UPDATE search_text SET audience = $3 WHERE subject_id = $1 AND part = $2";
    batch.add("let others find a text", sql, binds![subject, part, audience]);
}

/// Takes a text out, if it is there.
pub fn remove(batch: &mut Batch, subject: Uuid, part: &str) {
    let sql = "DELETE FROM search_text WHERE subject_id = $1 AND part = $2";
    batch.add("let a text be found no more", sql, binds![subject, part]);
}

impl Part<'_> {
    fn binds(self) -> Vec<Bind> {
        let Self { subject, part, audience, tokens } = self;
        binds![subject, part, audience, tokens.as_str()]
    }
}

/// A text as it stands in the table.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Kept {
    pub subject_id: Uuid,
    pub part: String,
    pub audience: String,
    #[sqlx(try_from = "String")]
    pub tokens: Tokens,
}

/// The texts of these subjects, by subject and part.
pub async fn of_subjects(tx: &mut Tx, subjects: &[Uuid]) -> Result<Vec<Kept>, Error> {
    if subjects.is_empty() {
        return Ok(Vec::new());
    }
    Select::new("SELECT subject_id, part, audience, tokens FROM search_text")
        .filter_by(Filter::in_list("subject_id", subjects.iter().copied()))
        .raw(" ORDER BY subject_id, part")
        .rows(tx, "read texts as they are found")
        .await
}

/// A query of the subjects with a text that fits, once for each such text: `SELECT subject_id …`, to which conditions
/// on `part` and `audience` can be added. To find subjects by a word that few texts have.
pub fn subjects(engine: Engine, expression: &Expression) -> Select {
    let (condition, text) = match engine {
        Engine::Sqlite => {
            ("entry IN (SELECT rowid FROM search_index WHERE search_index MATCH ?)", expression.for_sqlite())
        }
        Engine::Postgres => (FITS_ON_POSTGRES, expression.for_postgres()),
    };
    Select::new("SELECT subject_id FROM search_text").filter(condition, text)
}

/// A query of the texts that fit of the subject in a column of the query around it, with the table's name:
/// `SELECT 1 …`, as [`subjects`] else. To look at subjects that were found otherwise.
pub fn texts_of(engine: Engine, subject: &str, expression: &Expression) -> Select {
    let (condition, text) = match engine {
        Engine::Sqlite => (
            "entry IN (
                SELECT rowid FROM search_index WHERE search_index MATCH ? AND rowid = search_text.entry
            )",
            expression.for_sqlite(),
        ),
        Engine::Postgres => (FITS_ON_POSTGRES, expression.for_postgres()),
    };
    Select::new(format!("SELECT 1 FROM search_text WHERE subject_id = {subject}")).filter(condition, text)
}

const FITS_ON_POSTGRES: &str = "vector @@ CAST(? AS tsquery)";

/// How many texts fit each of the expressions, counted up to `cap`: beyond that it is simply common.
pub async fn count_each(tx: &mut Tx, expressions: &[Expression], cap: i64) -> Result<Vec<i64>, Error> {
    let Some(select) = counts(tx.engine(), "SELECT", expressions, cap) else { return Ok(Vec::new()) };
    let rows = select.raw(" ORDER BY n").rows::<(i64, i64)>(tx, "count the texts that fit").await?;
    Ok(rows.into_iter().map(|(_, count)| count).collect())
}

/// The query of [`count_each`], without its order; `None` without expressions.
#[doc(hidden)]
pub fn counts(engine: Engine, select: &str, expressions: &[Expression], cap: i64) -> Option<Select> {
    let count = |n: usize, expression| {
        let lead = if n == 0 { select } else { "SELECT" };
        let Select { sql, binds, .. } = subjects(engine, expression).limit(cap);
        let sql = format!("{lead} CAST({n} AS BIGINT) AS n, COUNT(*) AS n_texts FROM ({sql}) AS counted");
        Select::new(sql).with(binds)
    };
    expressions.iter().enumerate().map(|(n, each)| count(n, each)).reduce(Select::and_rows_of)
}
