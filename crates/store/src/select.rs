//! Queries whose conditions depend on the call.

use std::borrow::Cow;

use crate::{
    Bind, Error, Row, Tx,
    text::{Piece, pieces},
    tx,
};

const EVERYTHING: &str = "1 = 1";

/// A condition with `?` for each of its values.
#[derive(Debug, Clone)]
pub struct Filter {
    sql: String,
    binds: Vec<Bind>,
}

impl Filter {
    /// `Filter::new("due_at < ?", [now.into()])`.
    pub fn new(sql: impl Into<String>, binds: impl IntoIterator<Item = Bind>) -> Self {
        Self { sql: sql.into(), binds: binds.into_iter().collect() }
    }

    /// The column holds one of the values; without values nothing passes.
    pub fn in_list<B: Into<Bind>>(column: &str, values: impl IntoIterator<Item = B>) -> Self {
        let binds: Vec<Bind> = values.into_iter().map(Into::into).collect();
        if binds.is_empty() {
            return Self::nothing();
        }
        Self { sql: format!("{column} IN ({})", vec!["?"; binds.len()].join(", ")), binds }
    }

    /// The column holds a value that the query finds.
    pub fn in_rows_of(column: &str, select: Select) -> Self {
        Self { sql: format!("{column} IN ({})", select.sql), binds: select.binds }
    }

    /// The query finds a row.
    pub fn exists(select: Select) -> Self {
        Self { sql: format!("EXISTS ({})", select.sql), binds: select.binds }
    }

    /// Lets nothing pass.
    pub fn nothing() -> Self {
        Self::new("1 = 0", [])
    }

    /// At least one holds; of none, none does.
    pub fn any(filters: impl IntoIterator<Item = Self>) -> Self {
        Self::joined(filters, " OR ").unwrap_or_else(Self::nothing)
    }

    /// All hold; of none, all do.
    pub fn all(filters: impl IntoIterator<Item = Self>) -> Self {
        Self::joined(filters, " AND ").unwrap_or_else(|| Self::new(EVERYTHING, []))
    }

    /// Whether it is [`all`](Self::all) of none, so that a query may do without what it would read for it.
    pub fn keeps_all(&self) -> bool {
        self.sql == EVERYTHING
    }

    /// It does not hold, or nobody knows.
    #[must_use]
    pub fn is_not_true(self) -> Self {
        Self { sql: format!("({}) IS NOT TRUE", self.sql), binds: self.binds }
    }

    fn joined(filters: impl IntoIterator<Item = Self>, with: &str) -> Option<Self> {
        let (mut parts, mut binds) = (Vec::new(), Vec::new());
        for filter in filters {
            parts.push(format!("({})", filter.sql));
            binds.extend(filter.binds);
        }
        (!parts.is_empty()).then(|| Self { sql: parts.join(with), binds })
    }
}

/// `Select::new("SELECT issue_id FROM issue").filter("category = ?", category).raw(" ORDER BY issue_id").limit(50)`.
/// Values stand as `?`, and are numbered when it runs.
#[derive(Debug, Clone)]
#[must_use = "a query does nothing until it runs"]
pub struct Select {
    pub(crate) sql: String,
    pub(crate) binds: Vec<Bind>,
    has_where: bool,
}

impl Select {
    /// Begins with `SELECT … FROM …`. A WHERE of its own is continued with AND; it must not be followed by more.
    pub fn new(sql: impl Into<String>) -> Self {
        let sql = sql.into();
        let mut depth = 0_i32;
        let mut has_where = false;
        for piece in pieces(&sql) {
            match piece {
                Piece::Open => depth += 1,
                Piece::Close => depth -= 1,
                word => has_where |= depth == 0 && word.is_word("WHERE"),
            }
        }
        Self { sql, binds: Vec::new(), has_where }
    }

    /// Values of the `?` in what [`Select::new`] began with.
    pub fn with(mut self, binds: impl IntoIterator<Item = Bind>) -> Self {
        self.binds.extend(binds);
        self
    }

    /// A condition on one value.
    pub fn filter(self, sql: &str, value: impl Into<Bind>) -> Self {
        self.filter_by(Filter::new(sql, [value.into()]))
    }

    /// The same, where the call gives a value at all.
    pub fn filter_some<B: Into<Bind>>(self, sql: &str, value: Option<B>) -> Self {
        match value {
            Some(value) => self.filter(sql, value),
            None => self,
        }
    }

    pub fn filter_by(mut self, filter: Filter) -> Self {
        self.sql.push_str(if self.has_where { " AND (" } else { " WHERE (" });
        self.sql.push_str(&filter.sql);
        self.sql.push(')');
        self.binds.extend(filter.binds);
        self.has_where = true;
        self
    }

    /// `begin`, as `SELECT … FROM`, over the rows of all these queries together, which get the name `alias`. Each may
    /// have an order and a limit of its own.
    pub fn of_all(begin: &str, parts: impl IntoIterator<Item = Self>, alias: &str) -> Self {
        let (mut sql, mut binds) = (Vec::new(), Vec::new());
        for (n, part) in parts.into_iter().enumerate() {
            sql.push(format!("SELECT * FROM ({}) AS part_{n}", part.sql));
            binds.extend(part.binds);
        }
        Self { sql: format!("{begin} ({}) AS {alias}", sql.join(" UNION ALL ")), binds, has_where: false }
    }

    /// The rows of another query, too. No condition can follow.
    pub fn and_rows_of(mut self, other: Self) -> Self {
        self.sql.push_str(" UNION ALL ");
        self.sql.push_str(&other.sql);
        self.binds.extend(other.binds);
        self
    }

    /// What follows the conditions: ` GROUP BY …`, ` ORDER BY …`. Never a caller's text.
    pub fn raw(mut self, sql: &str) -> Self {
        self.sql.push_str(sql);
        self
    }

    pub fn limit(mut self, n_rows: i64) -> Self {
        self.sql.push_str(" LIMIT ?");
        self.binds.push(n_rows.into());
        self
    }

    pub async fn rows<R: Row>(self, tx: &mut Tx, doing: &'static str) -> Result<Vec<R>, Error> {
        let (sql, binds) = self.numbered();
        tx::rows(tx, doing, sql, binds).await
    }

    pub async fn row<R: Row>(self, tx: &mut Tx, doing: &'static str) -> Result<Option<R>, Error> {
        let (sql, binds) = self.numbered();
        tx::row(tx, doing, sql, binds).await
    }

    pub async fn scalar<T>(self, tx: &mut Tx, doing: &'static str) -> Result<T, Error>
    where
        (T,): Row,
    {
        let (sql, binds) = self.numbered();
        tx::scalar(tx, doing, sql, binds).await
    }

    fn numbered(self) -> (String, Vec<Bind>) {
        let mut n_params = 0;
        let text = |piece| match piece {
            Piece::Question => {
                n_params += 1;
                Cow::Owned(format!("${n_params}"))
            }
            // Numbers given by hand stay, though they do not mix with `?`.
            Piece::Param(number) => Cow::Owned(format!("${number}")),
            other => Cow::Borrowed(other.text()),
        };
        (pieces(&self.sql).into_iter().map(text).collect(), self.binds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_joined_and_their_values_numbered_in_order() {
        let (sql, binds) = Select::new("SELECT a FROM t")
            .filter("b = ?", 1)
            .filter_some("c = ?", None::<i64>)
            .filter_by(Filter::any([
                Filter::in_list("d", [2, 3]),
                Filter::new("e = '?' AND f = ?", [4.into()]),
            ]))
            .raw(" ORDER BY a")
            .limit(5)
            .numbered();
        assert_eq!(
            sql,
            "SELECT a FROM t WHERE (b = $1) AND ((d IN ($2, $3)) OR (e = '?' AND f = $4)) ORDER BY a LIMIT $5"
        );
        assert_eq!(binds, crate::binds![1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_where_of_its_own_is_continued() {
        let select =
            Select::new("SELECT a FROM (SELECT 1 AS a WHERE 1 = 1) AS t WHERE a = ?").with([1.into()]);
        assert!(select.filter("b = ?", 2).numbered().0.ends_with("WHERE a = $1 AND (b = $2)"));
        let select = Select::new("SELECT a FROM (SELECT 1 AS a WHERE 1 = 1) AS t");
        assert!(select.filter("b = ?", 2).numbered().0.ends_with("AS t WHERE (b = $1)"));
    }

    #[test]
    fn a_query_within_a_condition_keeps_its_values_in_their_places() {
        let inner = Select::new("SELECT a FROM u").filter("b = ?", 2);
        let inner = inner.and_rows_of(Select::new("SELECT a FROM v").filter("c = ?", 3));
        let (sql, binds) = Select::new("SELECT a FROM t")
            .filter("d = ?", 1)
            .filter_by(Filter::in_rows_of("a", inner))
            .filter_by(Filter::exists(Select::new("SELECT 1 FROM w").filter("e = ?", 4)))
            .numbered();
        assert_eq!(
            sql,
            "SELECT a FROM t WHERE (d = $1) AND (a IN (SELECT a FROM u WHERE (b = $2) UNION ALL SELECT a FROM v \
             WHERE (c = $3))) AND (EXISTS (SELECT 1 FROM w WHERE (e = $4)))"
        );
        assert_eq!(binds, crate::binds![1, 2, 3, 4]);
    }

    #[test]
    fn queries_that_are_read_as_one_keep_their_orders_limits_and_values() {
        let part = |b: i64| Select::new("SELECT a FROM t").filter("b = ?", b).raw(" ORDER BY a").limit(5);
        let (sql, binds) =
            Select::of_all("SELECT a FROM", [part(1), part(2)], "t").filter("c = ?", 3).numbered();
        assert_eq!(
            sql,
            "SELECT a FROM (SELECT * FROM (SELECT a FROM t WHERE (b = $1) ORDER BY a LIMIT $2) AS part_0 UNION ALL \
             SELECT * FROM (SELECT a FROM t WHERE (b = $3) ORDER BY a LIMIT $4) AS part_1) AS t WHERE (c = $5)"
        );
        assert_eq!(binds, crate::binds![1, 5, 2, 5, 3]);
    }

    #[test]
    fn an_empty_list_lets_nothing_pass() {
        assert_eq!(Filter::in_list("a", Vec::<i64>::new()).sql, "1 = 0");
        assert_eq!(Filter::any([]).sql, "1 = 0");
        assert_eq!(Filter::all([]).sql, "1 = 1");
    }
}
