use store::{
    Batch, Db,
    access_events::{self, AccessEvent, Outcome, OutcomeKind, Wanted},
    append_only,
};

use crate::{at, id, on_both};

fn event(n: u64, principal: &str, outcome: Outcome) -> AccessEvent {
    AccessEvent {
        id: id(n),
        at: at(i64::try_from(n / 2).unwrap()),
        principal: principal.to_owned(),
        client: "test @ 127.0.0.1".to_owned(),
        method: "/x.Y/Z".to_owned(),
        trace_id: "0".repeat(32),
        outcome,
    }
}

async fn write(db: &Db, events: &[AccessEvent]) -> Result<(), store::Error> {
    let mut tx = db.begin().await?;
    let mut batch = Batch::new();
    for event in events {
        access_events::append(&mut batch, event.clone());
    }
    batch.run(&mut tx).await?;
    tx.commit().await
}

async fn run(db: &Db, sql: &str) -> Result<(), store::Error> {
    let mut tx = db.begin().await?;
    store::execute!(&mut tx, "tamper", sql.to_owned())?;
    tx.commit().await
}

#[tokio::test]
async fn calls_on_record_are_listed_newest_first_by_who_what_and_when() {
    on_both(async |db| {
        let events = [
            event(0, "account:a", Outcome::Done { request_id: id(9) }),
            event(1, "account:b", Outcome::Denied { reason: "NOT_PERMITTED".to_owned() }),
            event(2, "account:a", Outcome::Disclosed { subject: "attachment/1".to_owned() }),
            event(3, "account:a", Outcome::Done { request_id: id(10) }),
        ];
        write(db, &events).await.unwrap();
        let mut tx = db.snapshot().await.unwrap();
        let mut list =
            async |wanted: Wanted, before| access_events::list(&mut tx, &wanted, before, 10).await.unwrap();
        let newest: Vec<_> = events.iter().rev().cloned().collect();
        assert_eq!(list(Wanted::default(), None).await, newest);
        // Two stand at the same moment.
        assert_eq!(list(Wanted::default(), Some((newest[0].at, newest[0].id))).await, newest[1..]);
        let by_a = Wanted { principal: Some("account:a".to_owned()), ..Wanted::default() };
        assert_eq!(list(by_a.clone(), None).await.len(), 3);
        assert_eq!(list(Wanted { outcome: Some(OutcomeKind::Done), ..by_a }, None).await.len(), 2);
        assert!(
            list(Wanted { method: Some("/x.Y/A".to_owned()), ..Wanted::default() }, None).await.is_empty()
        );
        assert_eq!(list(Wanted { from: Some(at(1)), ..Wanted::default() }, None).await, newest[..2]);
        assert_eq!(list(Wanted { until: Some(at(1)), ..Wanted::default() }, None).await, newest[2..]);
    })
    .await;
}

#[tokio::test]
async fn what_is_append_only_is_neither_changed_nor_deleted_and_a_missing_trigger_is_made_anew() {
    on_both(async |db| {
        write(db, &[event(0, "account:a", Outcome::Done { request_id: id(9) })]).await.unwrap();
        run(db, "INSERT INTO write_probe (probe) VALUES (1)").await.unwrap();
        append_only::guard(db, &["write_probe", "access_event"]).await.unwrap();
        append_only::guard(db, &["write_probe"]).await.unwrap();
        let refused = async || {
            for table in ["access_event", "write_probe"] {
                let column = if table == "write_probe" { "probe" } else { "client" };
                let update = format!("UPDATE {table} SET {column} = {column}");
                run(db, &update).await.expect_err(&update);
                run(db, &format!("DELETE FROM {table}")).await.unwrap_err();
            }
        };
        refused().await;
        let drop = match db.engine() {
            store::Engine::Sqlite => "DROP TRIGGER access_event_no_delete",
            store::Engine::Postgres => "DROP TRIGGER access_event_append_only ON access_event",
        };
        run(db, drop).await.unwrap();
        append_only::guard(db, &["write_probe", "access_event"]).await.unwrap();
        refused().await;
    })
    .await;
}
