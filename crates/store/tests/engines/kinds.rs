use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};
use sqlx::types::Json;
use store::{Batch, Bind, Select, binds};
use uuid::Uuid;

use crate::{at, id, on_both};

const INSERT: &str = "
    INSERT INTO kind (kind_id, flag, bytes, day, number, document, text, at, id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
struct Values {
    kind_id: i64,
    flag: Option<bool>,
    bytes: Option<Vec<u8>>,
    day: Option<NaiveDate>,
    number: Option<i64>,
    document: Option<Json<Value>>,
    text: Option<String>,
    at: Option<DateTime<Utc>>,
    id: Option<Uuid>,
}

impl Values {
    fn full(kind_id: i64) -> Self {
        Self {
            kind_id,
            flag: Some(true),
            bytes: Some(vec![0, 1, 255]),
            day: NaiveDate::from_ymd_opt(2026, 3, 2),
            number: Some(i64::MIN),
            document: Some(Json(json!({"诉求": [1, null, "$1"]}))),
            text: Some("企业 'quoted' $1".to_owned()),
            at: Some(at(0)),
            id: Some(id(7)),
        }
    }

    fn empty(kind_id: i64) -> Self {
        Self {
            kind_id,
            flag: None,
            bytes: None,
            day: None,
            number: None,
            document: None,
            text: None,
            at: None,
            id: None,
        }
    }

    fn binds(&self) -> Vec<Bind> {
        let Self { kind_id, flag, bytes, day, number, document, text, at, id } = self.clone();
        binds![kind_id, flag, bytes, day, number, document.map(|Json(value)| value), text, at, id]
    }
}

#[tokio::test]
async fn every_kind_of_value_and_its_null_come_back_as_they_went() {
    on_both(async |db| {
        let mut tx = db.begin().await.unwrap();
        // Alone, as rows of one insert, and as parts of one statement.
        for (first, n_rows, extra) in [(0, 1, false), (10, 4, false), (20, 1, true)] {
            let mut batch = Batch::new();
            for n in 0..n_rows {
                batch.add("insert a full row", INSERT, Values::full(first + 2 * n).binds());
                batch.add("insert an empty row", INSERT, Values::empty(first + 2 * n + 1).binds());
            }
            if extra {
                batch.add(
                    "touch nothing",
                    "UPDATE kind SET flag = $1 WHERE kind_id = $2",
                    binds![None::<bool>, -1],
                );
                let overwrite = "UPDATE kind SET flag = $2, bytes = $3, day = $4, number = $5, document = $6,
                    text = $7, at = $8, id = $9 WHERE kind_id = $1";
                batch.add_one("overwrite", overwrite, Values::full(1).binds());
                batch.add_one("empty", overwrite, Values::empty(0).binds());
            }
            batch.run(&mut tx).await.unwrap();
        }
        tx.commit().await.unwrap();

        let mut tx = db.snapshot().await.unwrap();
        let found =
            Select::new("SELECT * FROM kind").raw(" ORDER BY kind_id").rows::<Values>(&mut tx, "list").await;
        let mut expected: Vec<_> = (0..2)
            .chain(10..18)
            .chain(20..22)
            .map(|n| match n % 2 {
                0 => Values::full(n),
                _ => Values::empty(n),
            })
            .collect();
        expected[0] = Values::empty(0);
        expected[1] = Values::full(1);
        assert_eq!(found.unwrap(), expected);
    })
    .await;
}

#[tokio::test]
async fn values_select_and_sort_alike() {
    on_both(async |db| {
        let mut tx = db.begin().await.unwrap();
        let times = [at(0), DateTime::from_timestamp(1_772_000_000, 0).unwrap(), at(1)];
        let mut batch = Batch::new();
        for (n, time) in (0..).zip(times) {
            let row = Values { at: Some(time), text: Some(format!("部门{n}")), ..Values::full(n) };
            batch.add("insert", INSERT, row.binds());
        }
        batch.run(&mut tx).await.unwrap();

        let full = Values::full(0);
        for (filter, bind) in [
            ("flag = ?", full.flag.into()),
            ("bytes = ?", full.bytes.into()),
            ("day = ?", full.day.into()),
            ("number = ?", full.number.into()),
            ("id = ?", Bind::from(full.id)),
            ("at >= ?", times[1].into()),
        ] {
            let select = Select::new("SELECT COUNT(*) FROM kind").filter(filter, bind);
            assert_eq!(select.scalar::<i64>(&mut tx, "count").await.unwrap(), 3, "{filter}");
        }
        let in_order = "SELECT kind_id FROM kind WHERE text LIKE $1 ORDER BY at, kind_id";
        let in_order = store::rows!(&mut tx, "list", (i64,), in_order, "部门%").unwrap();
        assert_eq!(in_order, [(1,), (0,), (2,)]);
        let sum = "SELECT CAST(SUM(kind_id) AS BIGINT) FROM kind";
        assert_eq!(store::scalar!(&mut tx, "sum", i64, sum).unwrap(), 3);
        assert_eq!(
            store::row!(&mut tx, "get", (i64,), "SELECT kind_id FROM kind WHERE kind_id = 9").unwrap(),
            None
        );
        assert!(
            store::scalar!(&mut tx, "get", i64, "SELECT kind_id FROM kind WHERE kind_id = $1", 9).is_err()
        );
    })
    .await;
}

type Expressions = (bool, DateTime<Utc>, NaiveDate, i64, Uuid, Json<Value>, i64, bool);

#[tokio::test]
async fn expressions_are_read_as_columns_are() {
    on_both(async |db| {
        let mut tx = db.begin().await.unwrap();
        let mut batch = Batch::new();
        batch.add("insert", INSERT, Values::full(1).binds());
        batch.add("insert", INSERT, Values::empty(2).binds());
        batch.run(&mut tx).await.unwrap();

        let sql = "
            SELECT
                EXISTS (SELECT 1 FROM kind WHERE kind_id = $1),
                MAX(at),
                MIN(day),
                COUNT(*) FILTER (WHERE flag),
                (SELECT COALESCE(other.id, kind.id) FROM kind AS other, kind WHERE other.kind_id = 2 AND kind.kind_id = 1),
                (SELECT CASE WHEN flag THEN document END FROM kind WHERE kind_id = 1),
                COALESCE(CAST(SUM(kind_id) FILTER (WHERE kind_id > 5) AS BIGINT), 0),
                MAX(at) >= $2
            FROM kind";
        let read = store::row!(&mut tx, "read expressions", Expressions, sql, 2, at(0)).unwrap().unwrap();
        let full = Values::full(1);
        let expected =
            (true, full.at.unwrap(), full.day.unwrap(), 1, full.id.unwrap(), full.document.unwrap(), 0, true);
        assert_eq!(read, expected);
    })
    .await;
}
