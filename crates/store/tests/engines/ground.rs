use chrono::TimeDelta;
use store::{
    Batch, Db, lease,
    ledger::{self, LedgerRow},
};

use crate::{at, id, on_both};

async fn remember(db: &Db, row: &LedgerRow) -> Result<(), store::Error> {
    let mut tx = db.begin().await?;
    let mut batch = Batch::new();
    ledger::append(&mut batch, row);
    batch.run(&mut tx).await?;
    tx.commit().await
}

#[tokio::test]
async fn a_repeated_request_is_refused_and_its_answer_found_for_its_own_caller_alone() {
    on_both(async |db| {
        let row = LedgerRow {
            principal: "account:a".to_owned(),
            method: "/x.Y/Z".to_owned(),
            request_id: id(1),
            payload_hash: vec![1; 32],
            response: Vec::new(),
            at: at(0),
        };
        remember(db, &row).await.unwrap();
        let error = remember(db, &row).await.unwrap_err();
        assert_eq!(error.constraint(), Some(ledger::PRIMARY_KEY));
        remember(db, &LedgerRow { principal: "account:b".to_owned(), ..row.clone() }).await.unwrap();

        let mut tx = db.snapshot().await.unwrap();
        let stored = ledger::find(&mut tx, "account:a", "/x.Y/Z", id(1)).await.unwrap().unwrap();
        assert_eq!((stored.payload_hash, stored.response), (row.payload_hash, row.response));
        for (principal, method, request) in
            [("account:c", "/x.Y/Z", 1), ("account:a", "/x.Y/A", 1), ("account:a", "/x.Y/Z", 2)]
        {
            assert_eq!(ledger::find(&mut tx, principal, method, id(request)).await.unwrap(), None);
        }
    })
    .await;
}

#[tokio::test]
async fn of_two_holders_one_has_the_lease_until_it_runs_out_or_is_given_back() {
    on_both(async |db| {
        let ttl = TimeDelta::seconds(10);
        let acquire =
            async |holder, seconds| lease::acquire(db, "relay", holder, at(seconds), ttl).await.unwrap();
        let renew =
            async |holder, seconds| lease::renew(db, "relay", holder, at(seconds), ttl).await.unwrap();
        let (one, two) = tokio::join!(acquire("one", 0), acquire("two", 0));
        assert!(one != two, "both hold it, or neither");
        let (holder, other) = if one { ("one", "two") } else { ("two", "one") };

        assert!(acquire(holder, 5).await, "taking again renews");
        assert!(!acquire(other, 14).await);
        assert!(renew(holder, 14).await);
        assert!(!renew(other, 14).await);
        assert!(!renew(holder, 24).await, "it ran out");
        assert!(acquire(other, 24).await);
        assert!(!renew(holder, 25).await);

        lease::release(db, "relay", holder).await.unwrap();
        assert!(!acquire(holder, 26).await, "gave back what was another's");
        lease::release(db, "relay", other).await.unwrap();
        assert!(acquire(holder, 26).await);
    })
    .await;
}

#[tokio::test]
async fn a_write_probe_leaves_nothing() {
    on_both(async |db| {
        db.probe_write().await.unwrap();
        let mut tx = db.snapshot().await.unwrap();
        let n_rows = store::scalar!(&mut tx, "count", i64, "SELECT COUNT(*) FROM write_probe").unwrap();
        assert_eq!(n_rows, 0);
        drop(tx);
        db.close().await;
        assert!(db.probe_write().await.is_err());
    })
    .await;
}
