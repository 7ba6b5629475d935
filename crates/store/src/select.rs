//! Queries whose conditions depend on the call.

use std::borrow::Cow;

use crate::{
    Bind, Error, Row, Tx,
    text::{Piece, pieces},
    tx,
};

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
        Self::joined(filters, " AND ").unwrap_or_else(|| Self::new("1 = 1", []))
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
    sql: String,
    binds: Vec<Bind>,
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
    fn an_empty_list_lets_nothing_pass() {
        assert_eq!(Filter::in_list("a", Vec::<i64>::new()).sql, "1 = 0");
        assert_eq!(Filter::any([]).sql, "1 = 0");
        assert_eq!(Filter::all([]).sql, "1 = 1");
    }
}
