//! Values bound to placeholders.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use sqlx::{Arguments as _, postgres::PgArguments, sqlite::SqliteArguments};
use uuid::Uuid;

/// A value for one placeholder. `None` is a NULL of that type: PostgreSQL wants to know which.
#[derive(Debug, Clone, PartialEq)]
pub enum Bind {
    Bool(Option<bool>),
    Bytes(Option<Vec<u8>>),
    Date(Option<NaiveDate>),
    Int(Option<i64>),
    /// An object or an array. A bare number does not survive SQLite's `JSONB` columns, which would keep it as a
    /// number rather than as text.
    Json(Option<Value>),
    Text(Option<String>),
    /// In whole microseconds: what both engines keep.
    Time(Option<DateTime<Utc>>),
    Uuid(Option<Uuid>),
}

macro_rules! from {
    ($($type:ty => $variant:ident via $convert:expr;)*) => {$(
        impl From<$type> for Bind {
            fn from(value: $type) -> Self {
                Self::$variant(Some($convert(value)))
            }
        }

        impl From<Option<$type>> for Bind {
            fn from(value: Option<$type>) -> Self {
                Self::$variant(value.map($convert))
            }
        }
    )*};
}

from! {
    bool => Bool via std::convert::identity;
    Vec<u8> => Bytes via std::convert::identity;
    &[u8] => Bytes via <[u8]>::to_vec;
    NaiveDate => Date via std::convert::identity;
    i16 => Int via i64::from;
    i32 => Int via i64::from;
    u32 => Int via i64::from;
    i64 => Int via std::convert::identity;
    Value => Json via std::convert::identity;
    String => Text via std::convert::identity;
    &String => Text via String::clone;
    &str => Text via str::to_owned;
    DateTime<Utc> => Time via std::convert::identity;
    Uuid => Uuid via std::convert::identity;
}

/// Collects values into the list that [`crate::Batch::add`] takes.
#[macro_export]
macro_rules! binds {
    ($($value:expr),* $(,)?) => {
        ::std::vec![$($crate::Bind::from($value)),*]
    };
}

macro_rules! arguments {
    ($name:ident, $arguments:ty) => {
        pub(crate) fn $name(binds: Vec<Bind>) -> Result<$arguments, sqlx::Error> {
            let mut arguments = <$arguments>::default();
            arguments.reserve(binds.len(), 16 * binds.len());
            for bind in binds {
                match bind {
                    Bind::Bool(value) => arguments.add(value),
                    Bind::Bytes(value) => arguments.add(value),
                    Bind::Date(value) => arguments.add(value),
                    Bind::Int(value) => arguments.add(value),
                    Bind::Json(value) => arguments.add(value),
                    Bind::Text(value) => arguments.add(value),
                    Bind::Time(value) => arguments.add(value),
                    Bind::Uuid(value) => arguments.add(value),
                }
                .map_err(sqlx::Error::Encode)?;
            }
            Ok(arguments)
        }
    };
}

arguments!(sqlite, SqliteArguments);
arguments!(postgres, PgArguments);
