//! Counted and joined: whether the access log holds what happened, and nothing else.

use store::Db;

/// What must not be, with the statement that counts it.
const FAULTS: &[(&str, &str)] = &[
    (
        "mutations that took effect and are not on record",
        "SELECT COUNT(*) FROM (
            SELECT principal, method, request_id, at FROM request_ledger
            EXCEPT
            SELECT principal, method, request_id, at FROM access_event WHERE outcome = 'done'
        ) AS faults",
    ),
    (
        "mutations on record that took no effect",
        "SELECT COUNT(*) FROM (
            SELECT principal, method, request_id, at FROM access_event WHERE outcome = 'done'
            EXCEPT
            SELECT principal, method, request_id, at FROM request_ledger
        ) AS faults",
    ),
    (
        "mutations on record more than once",
        "SELECT (SELECT COUNT(*) FROM access_event WHERE outcome = 'done') - (SELECT COUNT(*) FROM request_ledger)",
    ),
    (
        "mutations on record under the trace of another",
        "SELECT COUNT(*) - COUNT(DISTINCT trace_id) FROM access_event WHERE outcome = 'done'",
    ),
    // The outbox knows in which call's trace an event happened: the one link that is no matter of time.
    (
        "steps of people and clients that no call on record took",
        "SELECT COUNT(*) FROM (
            SELECT actor, at, SUBSTR(traceparent, 4, 32)
            FROM issue_event JOIN outbox ON outbox.event_id = issue_event.event_id
            WHERE actor NOT LIKE 'service:%'
            EXCEPT
            SELECT principal, at, trace_id FROM access_event WHERE outcome = 'done'
        ) AS faults",
    ),
    (
        "calls on record that took a step of an issue, and no such step",
        "SELECT COUNT(*) FROM (
            SELECT principal, at, trace_id FROM access_event
            WHERE outcome = 'done' AND method LIKE '/qinqing.workflow.v1.IssueService/%'
            EXCEPT
            SELECT actor, at, SUBSTR(traceparent, 4, 32)
            FROM issue_event JOIN outbox ON outbox.event_id = issue_event.event_id
        ) AS faults",
    ),
    (
        "steps that nobody was told of",
        "SELECT COUNT(*) FROM (SELECT event_id FROM issue_event EXCEPT SELECT event_id FROM outbox) AS faults",
    ),
];

/// The number of entries with this outcome.
pub async fn n_on_record(db: &Db, outcome: &str) -> i64 {
    let mut tx = db.snapshot().await.unwrap();
    let sql = "SELECT COUNT(*) FROM access_event WHERE outcome = $1";
    let n = store::scalar!(&mut tx, "count what is on record", i64, sql, outcome).unwrap();
    tx.commit().await.unwrap();
    n
}

/// What is wrong with the record of what was done; empty if nothing is.
pub async fn faults(db: &Db) -> Vec<String> {
    let mut found = Vec::new();
    let mut tx = db.snapshot().await.unwrap();
    for (what, sql) in FAULTS {
        match store::scalar!(&mut tx, "compare what is on record", i64, *sql).unwrap() {
            0 => {}
            n => found.push(format!("{n} {what}")),
        }
    }
    tx.commit().await.unwrap();
    found
}
