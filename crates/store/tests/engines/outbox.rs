use std::collections::HashMap;

use store::{
    Batch, Db,
    outbox::{self, OutboxRow, Position},
};
use tokio::task::{JoinSet, yield_now};

use crate::{at, id, on_both, on_postgres};

pub(crate) fn event(number: u64, subject: &str) -> OutboxRow {
    OutboxRow {
        event_id: id(number),
        r#type: "qinqing.test.v1.Happened".to_owned(),
        subject: subject.to_owned(),
        subject_version: number.cast_signed(),
        time: at(0),
        traceparent: String::new(),
        data: vec![1, 2, 3],
    }
}

async fn read(db: &Db, after: &Position, limit: u32) -> Vec<(Position, OutboxRow)> {
    let mut tx = db.snapshot().await.unwrap();
    outbox::read_after(&mut tx, after, limit).await.unwrap()
}

/// Reads until there are so many: on PostgreSQL, transactions of the server's other databases hold readers back.
async fn read_all(db: &Db, n_events: usize) -> Vec<OutboxRow> {
    let (mut after, mut found) = (Position::START, Vec::new());
    while found.len() < n_events {
        for (position, row) in read(db, &after, 7).await {
            assert!(after < position);
            after = position.to_string().parse().unwrap();
            found.push(row);
        }
    }
    let mut tx = db.snapshot().await.unwrap();
    assert_eq!(outbox::head(&mut tx).await.unwrap(), after);
    found
}

#[tokio::test]
async fn events_are_read_in_the_order_in_which_they_were_added() {
    on_both(async |db| {
        let mut tx = db.snapshot().await.unwrap();
        assert_eq!(outbox::head(&mut tx).await.unwrap(), Position::START);
        drop(tx);
        for first in [1, 11] {
            let mut tx = db.begin().await.unwrap();
            let mut batch = Batch::new();
            for number in first..first + 10 {
                outbox::append(&mut batch, event(number, "thing/1"));
                batch.add(
                    "touch nothing",
                    "DELETE FROM part WHERE position = $1",
                    store::binds![number.cast_signed()],
                );
            }
            batch.run(&mut tx).await.unwrap();
            tx.commit().await.unwrap();
        }
        let expected: Vec<_> = (1..=20).map(|number| event(number, "thing/1")).collect();
        assert_eq!(read_all(db, 20).await, expected);
    })
    .await;
}

#[tokio::test]
async fn a_reader_waits_for_older_transactions_that_are_still_open() {
    let db = on_postgres().await;
    let mut early = db.begin().await.unwrap();
    let mut batch = Batch::new();
    outbox::append(&mut batch, event(1, "thing/1"));
    batch.run(&mut early).await.unwrap();
    let mut late = db.begin().await.unwrap();
    let mut batch = Batch::new();
    outbox::append(&mut batch, event(2, "thing/2"));
    batch.run(&mut late).await.unwrap();
    late.commit().await.unwrap();

    assert_eq!(read(&db, &Position::START, 10).await, []);
    early.commit().await.unwrap();
    let subjects: Vec<_> = read_all(&db, 2).await.into_iter().map(|row| row.subject).collect();
    assert_eq!(subjects, ["thing/1", "thing/2"]);
}

#[tokio::test]
async fn only_a_commit_that_wrote_an_event_wakes_readers() {
    on_both(async |db| {
        let mut woken = db.outbox_written();
        let write = async |with_event: bool, commits: bool| {
            let mut tx = db.begin().await.unwrap();
            let mut batch = Batch::new();
            batch.add("touch nothing", "DELETE FROM part", vec![]);
            if with_event {
                outbox::append(&mut batch, event(1, "thing/1"));
            }
            batch.run(&mut tx).await.unwrap();
            if commits { tx.commit().await.unwrap() } else { tx.rollback().await.unwrap() }
        };
        write(false, true).await;
        write(true, false).await;
        assert!(!woken.has_changed().unwrap());
        write(true, true).await;
        woken.changed().await.unwrap();
    })
    .await;
}

const N_WRITERS: u64 = 4;
const N_COMMITS: u64 = 60;

/// Commits events of one subject, one to three at a time, and lets others go between writing and commit.
async fn write_many(db: Db, writer: u64) -> u64 {
    let subject = format!("thing/{writer}");
    let mut number = 0;
    for commit in 0..N_COMMITS {
        let mut tx = db.begin().await.unwrap();
        let mut batch = Batch::new();
        for _ in 0..=(commit % 3) {
            number += 1;
            outbox::append(
                &mut batch,
                OutboxRow { event_id: id(writer * 1_000_000 + number), ..event(number, &subject) },
            );
        }
        batch.run(&mut tx).await.unwrap();
        for _ in 0..(writer * commit) % 11 {
            yield_now().await;
        }
        if commit % 7 == 6 {
            tx.rollback().await.unwrap();
            number -= commit % 3 + 1;
        } else {
            tx.commit().await.unwrap();
        }
    }
    number
}

/// Takes what there is to read beside the writers.
#[derive(Default)]
struct Reader {
    after: Position,
    n_found: u64,
    latest: HashMap<String, i64>,
}

impl Reader {
    async fn take(&mut self, db: &Db) {
        for (position, row) in read(db, &self.after, 50).await {
            assert!(self.after < position);
            self.after = position;
            self.n_found += 1;
            let before = self.latest.insert(row.subject, row.subject_version).unwrap_or_default();
            assert_eq!(row.subject_version, before + 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_beside_concurrent_writers_misses_nothing_and_keeps_each_subjects_order() {
    on_both(async |db| {
        let writers: JoinSet<u64> = (0..N_WRITERS).map(|writer| write_many(db.clone(), writer)).collect();
        let mut writing = std::pin::pin!(writers.join_all());
        let mut reader = Reader::default();
        let n_written: u64 = loop {
            tokio::select! {
                written = &mut writing => break written.into_iter().sum(),
                () = reader.take(db) => {}
            }
        };
        // Transactions of other databases hold the horizon back too; an event passed over would never come.
        while reader.n_found < n_written {
            reader.take(db).await;
        }
        assert_eq!(reader.n_found, n_written);
    })
    .await;
}
