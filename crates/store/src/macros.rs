//! The way to run SQL. The first argument is a `&mut Tx`, the second says in lower case what is being done, for
//! errors ("could not {get the issue}"). The text is a literal or a `String`, and each macro awaits its answer.

/// All rows: `rows!(tx, "list the issues", Row, "SELECT … WHERE x = $1", x)?` gives a `Vec<Row>`.
#[macro_export]
macro_rules! rows {
    ($tx:expr, $doing:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::__private::rows::<$row>($tx, $doing, $sql, $crate::binds![$($bind),*]).await
    };
}

/// The first row, if any: `row!(tx, "get the issue", Row, "SELECT …", id)?` gives an `Option<Row>`.
#[macro_export]
macro_rules! row {
    ($tx:expr, $doing:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::__private::row::<$row>($tx, $doing, $sql, $crate::binds![$($bind),*]).await
    };
}

/// The one value of exactly one row: `scalar!(tx, "count the issues", i64, "SELECT COUNT(*) FROM issue")?`.
#[macro_export]
macro_rules! scalar {
    ($tx:expr, $doing:expr, $value:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::__private::scalar::<$value>($tx, $doing, $sql, $crate::binds![$($bind),*]).await
    };
}

/// Writes: `execute!(tx, "close the issue", "UPDATE …", id)?` gives the number of rows touched.
#[macro_export]
macro_rules! execute {
    ($tx:expr, $doing:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::__private::execute($tx, $doing, $sql, $crate::binds![$($bind),*]).await
    };
}

/// Embeds a service's migrations, files `NNNN_name.sql` of a directory beside its `Cargo.toml`:
/// `pub static MIGRATIONS: store::Migrator = store::migrations!("./migrations");`. The crate depends on sqlx.
#[macro_export]
macro_rules! migrations {
    ($directory:literal) => {
        $crate::__private::sqlx::migrate!($directory)
    };
}
