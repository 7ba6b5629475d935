//! Everything that a unit of work writes, sent together: round trips are the cost of a write.

use std::{
    borrow::Cow,
    collections::HashMap,
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
};

use sqlx::{AssertSqlSafe, Row as _};

use crate::{
    Bind, Engine, Error, Tx, bind,
    text::{Piece, pieces},
    tx::{Connection, execute},
};

/// PostgreSQL numbers the placeholders of a statement with 16 bits.
const MAX_PARAMS: usize = 65_535;
/// Parts of one PostgreSQL statement.
const MAX_PARTS: usize = 100;
/// Texts whose reading is kept; more would mean that texts are made up anew for each call.
const MAX_TEMPLATES: usize = 2_000;

/// The writes of a unit of work. On PostgreSQL they become one statement, whose parts all see the state before it:
/// so no two of them may touch the same row. On SQLite they run one by one, in order.
///
/// What fails the batch may differ when two things are wrong at once: SQLite tells the first, PostgreSQL prefers a
/// constraint to a missing row.
#[derive(Debug, Default)]
#[must_use = "a batch does nothing until it runs"]
pub struct Batch {
    statements: Vec<Statement>,
    /// Rows of the outbox go last and together, so that their sequence is the order in which they were added.
    outbox: Vec<Statement>,
}

#[derive(Debug)]
struct Statement {
    doing: &'static str,
    sql: Cow<'static, str>,
    binds: Vec<Bind>,
    expects_one: bool,
}

impl Batch {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an INSERT, UPDATE or DELETE, whose placeholders begin with `$1`.
    pub fn add(&mut self, doing: &'static str, sql: impl Into<Cow<'static, str>>, binds: Vec<Bind>) {
        self.statements.push(Statement { doing, sql: sql.into(), binds, expects_one: false });
    }

    /// The same, and the batch fails with [`Error::Conflict`] unless it touches exactly one row.
    pub fn add_one(&mut self, doing: &'static str, sql: impl Into<Cow<'static, str>>, binds: Vec<Bind>) {
        self.statements.push(Statement { doing, sql: sql.into(), binds, expects_one: true });
    }

    pub(crate) fn add_outbox(&mut self, doing: &'static str, sql: &'static str, binds: Vec<Bind>) {
        self.outbox.push(Statement { doing, sql: sql.into(), binds, expects_one: true });
    }

    pub fn is_empty(&self) -> bool {
        self.statements.is_empty() && self.outbox.is_empty()
    }

    /// Writes it all. After a failure the transaction can only be undone.
    pub async fn run(mut self, tx: &mut Tx) -> Result<(), Error> {
        if !self.outbox.is_empty() {
            tx.mark_outbox_written();
        }
        self.statements.append(&mut self.outbox);
        match tx.engine() {
            Engine::Sqlite => run_one_by_one(tx, self.statements).await,
            Engine::Postgres => run_together(tx, self.statements).await,
        }
    }
}

async fn run_one_by_one(tx: &mut Tx, statements: Vec<Statement>) -> Result<(), Error> {
    for Statement { doing, sql, binds, expects_one } in statements {
        let n_rows = execute(tx, doing, sql, binds).await?;
        check(tx, doing, expects_one.then_some(1), n_rows)?;
    }
    Ok(())
}

fn check(tx: &mut Tx, doing: &'static str, expected: Option<u64>, n_rows: u64) -> Result<(), Error> {
    if expected.is_some_and(|expected| expected != n_rows) {
        tx.fail();
        return Err(Error::Conflict { doing });
    }
    Ok(())
}

async fn run_together(tx: &mut Tx, statements: Vec<Statement>) -> Result<(), Error> {
    let templates = &tx.shared().templates;
    let mut parts: Vec<Part> = Vec::new();
    for statement in statements {
        let template = templates.get(&statement.sql);
        match parts.last_mut() {
            Some(part) if part.takes(&statement, &template) => part.push(statement),
            _ => parts.push(Part::new(statement, template)),
        }
    }
    let mut rest = parts.into_iter().peekable();
    while rest.peek().is_some() {
        let (mut together, mut n_params) = (Vec::new(), 0);
        while let Some(part) = rest.next_if(|part| {
            together.is_empty() || together.len() < MAX_PARTS && n_params + part.binds.len() <= MAX_PARAMS
        }) {
            n_params += part.binds.len();
            together.push(part);
        }
        send(tx, together).await?;
    }
    Ok(())
}

/// One statement of a batch, or several inserts of the same text made into one of several rows.
struct Part {
    doing: &'static str,
    template: Arc<Template>,
    binds: Vec<Bind>,
    n_rows: usize,
    expects_one: bool,
}

impl Part {
    fn new(statement: Statement, template: Arc<Template>) -> Self {
        let Statement { doing, sql: _, binds, expects_one } = statement;
        Self { doing, template, binds, n_rows: 1, expects_one }
    }

    fn takes(&self, statement: &Statement, template: &Arc<Template>) -> bool {
        Arc::ptr_eq(&self.template, template)
            && template.tuple_at.is_some()
            && self.expects_one == statement.expects_one
            && statement.binds.len() == template.n_params
            && self.binds.len() + statement.binds.len() <= MAX_PARAMS
    }

    fn push(&mut self, statement: Statement) {
        self.binds.extend(statement.binds);
        self.n_rows += 1;
    }

    /// Rows it must touch.
    fn expected(&self) -> Option<u64> {
        self.expects_one.then_some(self.n_rows as u64)
    }

    fn write(&self, sql: &mut String, first_param: usize) {
        self.template.write(sql, 0, first_param);
        if let Some(tuple_at) = self.template.tuple_at {
            for row in 1..self.n_rows {
                sql.push_str(", ");
                self.template.write(sql, tuple_at, first_param + row * self.template.n_params);
            }
        }
    }
}

/// Sends several parts as one statement; counts come back in their order.
async fn send(tx: &mut Tx, parts: Vec<Part>) -> Result<(), Error> {
    let mut sql = String::with_capacity(parts.len() * 256);
    let mut first_param = 1;
    if let [part] = parts.as_slice() {
        part.write(&mut sql, first_param);
    } else {
        for (n, part) in parts.iter().enumerate() {
            let lead = if n == 0 { "WITH" } else { "," };
            // Writing to a string cannot fail.
            let _ = write!(sql, "{lead} w{n} AS (");
            part.write(&mut sql, first_param);
            sql.push_str(if part.template.returns { "\n)" } else { "\nRETURNING 1)" });
            first_param += part.binds.len();
        }
        for n in 0..parts.len() {
            let lead = if n == 0 { " SELECT" } else { "," };
            let _ = write!(sql, "{lead} (SELECT COUNT(*) FROM w{n})");
        }
    }
    let doing = parts.first().map_or("write", |part| part.doing);
    let expectations: Vec<_> = parts.iter().map(|part| (part.doing, part.expected())).collect();
    let binds = parts.into_iter().flat_map(|part| part.binds).collect();
    let counts = if expectations.len() == 1 {
        vec![execute(tx, doing, sql, binds).await?]
    } else {
        fetch_counts(tx, doing, sql, binds, expectations.len()).await?
    };
    for ((doing, expected), n_rows) in expectations.into_iter().zip(counts) {
        check(tx, doing, expected, n_rows)?;
    }
    Ok(())
}

async fn fetch_counts(
    tx: &mut Tx,
    doing: &'static str,
    sql: String,
    binds: Vec<Bind>,
    n_parts: usize,
) -> Result<Vec<u64>, Error> {
    let answer = match tx.begin_statement(doing)? {
        Connection::Postgres(connection) => match bind::postgres(binds) {
            Ok(arguments) => {
                Box::pin(sqlx::query_with(AssertSqlSafe(sql), arguments).fetch_one(connection)).await
            }
            Err(error) => Err(error),
        },
        Connection::Sqlite(_) => Err(sqlx::Error::InvalidArgument("SQLite takes no batches".to_owned())),
    };
    let counts = answer.and_then(|row| {
        (0..n_parts).map(|n| row.try_get::<i64, _>(n).map(i64::cast_unsigned)).collect::<Result<_, _>>()
    });
    tx.end_statement(doing, counts).await
}

/// A statement's text, read once.
#[derive(Debug)]
pub(crate) struct Template {
    chunks: Vec<Chunk>,
    n_params: usize,
    /// Whether it has a RETURNING of its own.
    returns: bool,
    /// The chunk where `(…)` after VALUES begins, if the text ends with it.
    tuple_at: Option<usize>,
}

#[derive(Debug)]
enum Chunk {
    Text(String),
    Param(usize),
}

impl Template {
    fn read(sql: &str) -> Self {
        let sql = sql.trim().trim_end_matches(';').trim_end();
        let (mut chunks, mut n_params, mut returns) = (Vec::new(), 0, false);
        let (mut depth, mut tuple_at, mut after_values) = (0_i32, None, false);
        for piece in pieces(sql) {
            let is_blank = matches!(piece, Piece::Other(text) if text.trim().is_empty());
            if depth == 0 && !is_blank {
                // Whatever follows the one tuple makes it more than a plain insert.
                tuple_at = (after_values && piece == Piece::Open).then_some(chunks.len());
                after_values = piece.is_word("VALUES");
                returns |= piece.is_word("RETURNING");
            }
            match piece {
                Piece::Open => depth += 1,
                Piece::Close => depth -= 1,
                _ => {}
            }
            let begins_tuple = tuple_at == Some(chunks.len());
            match (piece, chunks.last_mut()) {
                (Piece::Param(number), _) => {
                    n_params = n_params.max(number);
                    chunks.push(Chunk::Param(number));
                }
                (_, Some(Chunk::Text(text))) if !begins_tuple => text.push_str(piece.text()),
                _ => chunks.push(Chunk::Text(piece.text().to_owned())),
            }
        }
        Self { chunks, n_params, returns, tuple_at }
    }

    /// Appends the text from a chunk on, with placeholders numbered from `first_param`.
    fn write(&self, sql: &mut String, from: usize, first_param: usize) {
        for chunk in &self.chunks[from..] {
            match chunk {
                Chunk::Text(text) => sql.push_str(text),
                // Writing to a string cannot fail.
                Chunk::Param(number) => drop(write!(sql, "${}", first_param + number - 1)),
            }
        }
    }
}

/// The texts that have been read.
#[derive(Debug, Default)]
pub(crate) struct Templates(Mutex<HashMap<String, Arc<Template>>>);

impl Templates {
    fn get(&self, sql: &str) -> Arc<Template> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(template) = known.get(sql) {
            return Arc::clone(template);
        }
        if MAX_TEMPLATES <= known.len() {
            known.clear();
        }
        let template = Arc::new(Template::read(sql));
        known.insert(sql.to_owned(), Arc::clone(&template));
        template
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(sql: &str, n_rows: usize) -> Option<String> {
        let template = Arc::new(Template::read(sql));
        template.tuple_at?;
        let part = Part { doing: "", template, binds: Vec::new(), n_rows, expects_one: false };
        let mut text = String::new();
        part.write(&mut text, 1);
        Some(text)
    }

    #[test]
    fn plain_inserts_become_rows_of_one_insert() {
        assert_eq!(
            merged("INSERT INTO t (a, b) VALUES ($1, LOWER($2)) ;", 3).unwrap(),
            "INSERT INTO t (a, b) VALUES ($1, LOWER($2)), ($3, LOWER($4)), ($5, LOWER($6))"
        );
    }

    #[test]
    fn anything_more_than_a_plain_insert_stays_alone() {
        for sql in [
            "INSERT INTO t (a) VALUES ($1) ON CONFLICT DO NOTHING",
            "INSERT INTO t (a) VALUES ($1) RETURNING a",
            "INSERT INTO t (a) VALUES ($1), ($2)",
            "INSERT INTO t (a) SELECT a FROM (VALUES ($1)) AS v (a)",
            "UPDATE t SET a = $1",
        ] {
            assert_eq!(merged(sql, 2), None, "{sql}");
        }
    }

    #[test]
    fn a_statement_keeps_its_own_returning() {
        assert!(Template::read("UPDATE t SET a = $1 returning a").returns);
        assert!(!Template::read("UPDATE t SET a = 'RETURNING', returning_at = $1").returns);
        assert!(!Template::read("UPDATE t SET a = (SELECT returning FROM x)").returns);
    }
}
