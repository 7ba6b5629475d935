//! Rows for tests of queries: an issue as its columns say it, without a history.

use std::sync::LazyLock;

use kernel::{AccountId, DepartmentId, EnterpriseId, IssueId, NoteId, Timestamp};
use store::{Batch, Engine, Error, Tx, binds};
use uuid::Uuid;

use crate::domain::{Actor, Desk, Issue, NoteRef, Party, Rulebook, SubmitIssue, create, submit};

static RULEBOOK: LazyLock<Rulebook> = LazyLock::new(Rulebook::built_in);

pub(crate) fn id(n: u128) -> IssueId {
    IssueId::new(Uuid::from_u128(n))
}

/// An issue that was submitted and waits in TRIAGE.
pub(crate) fn fold(id: IssueId, submitted: Timestamp) -> Issue {
    fold_at(id, None, submitted)
}

/// An issue that was submitted; with a desk it waits for the liaison's signature.
pub(crate) fn fold_at(id: IssueId, desk: Option<Desk>, submitted: Timestamp) -> Issue {
    let command = SubmitIssue {
        issue_id: id,
        number: "QQ-2026-000001".parse().expect("a number"),
        enterprise_id: EnterpriseId::new(id.uuid()),
        category: "other".parse().expect("a category of the default pack"),
        title: NoteRef { note_id: NoteId::new(Uuid::nil()), digest: trail::Hash::ZERO },
        description: NoteRef { note_id: NoteId::new(Uuid::nil()), digest: trail::Hash::ZERO },
        division: "330482101".parse().expect("a division code"),
        manager: None,
        desk,
        about: None,
        confidential: false,
    };
    let firm = Actor::person(AccountId::new(Uuid::nil()), [Party::Firm]);
    let events =
        submit(command, RULEBOOK.in_force(submitted), submitted, &firm).expect("the firm may submit");
    create(&events[0]).expect("a submission begins a history")
}

/// An issue of a department. What no test looks at is the same for all.
pub(crate) fn issue(batch: &mut Batch, id: IssueId, department: DepartmentId, submitted: Timestamp) {
    row(batch, &fold(id, submitted), Some(department));
}

/// The row of an issue that was submitted, as the service would have left it, but for its clocks and its history.
pub(crate) fn row(batch: &mut Batch, issue: &Issue, department: Option<DepartmentId>) {
    let (id, submitted) = (issue.id, issue.submitted_at);
    batch.add(
        "insert a sample",
        "INSERT INTO issue (issue_id, number, enterprise_id, category, title, division_code, state, holder,
            department_id, unconfirmed, submitted_at, updated_at, due_at, wake_at, description_id, version, link, fold)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
        binds![
            id.uuid(),
            id.to_string(),
            id.uuid(),
            issue.category.as_str(),
            "S328 省道缺少警示标志",
            issue.division.as_str(),
            issue.state().name(),
            issue.holder().name(),
            department.map(DepartmentId::uuid),
            false,
            submitted,
            submitted,
            submitted + chrono::TimeDelta::hours(2),
            submitted + chrono::TimeDelta::hours(1),
            Uuid::nil(),
            1_i64,
            trail::Hash::ZERO.as_bytes().as_slice(),
            serde_json::to_value(issue).expect("an issue has a JSON form")
        ],
    );
}

/// A clock of an issue.
pub(crate) fn deadline(
    batch: &mut Batch,
    id: IssueId,
    clock: &str,
    (started, due): (Timestamp, Timestamp),
    (stopped, void): (Option<Timestamp>, bool),
) {
    batch.add(
        "insert a sample's clock",
        "INSERT INTO deadline (issue_id, clock, started_at, due_at, stopped_at, void) VALUES ($1, $2, $3, $4, $5, $6)",
        binds![id.uuid(), clock, started, due, stopped, void],
    );
}

/// Copies every sample that there is `9 * n_rounds` times, and gives each issue a running clock that is due with it.
/// Many rounds, because a statement has a time limit.
pub(crate) async fn multiply(tx: &mut Tx, n_rounds: i64) -> Result<(), Error> {
    let new_id = match tx.engine() {
        Engine::Sqlite => "randomblob(16)",
        Engine::Postgres => "gen_random_uuid()",
    };
    let doing = "multiply the samples";
    for round in 1..=n_rounds {
        store::execute!(
            tx,
            doing,
            format!(
                "WITH RECURSIVE copy (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < 9)
                INSERT INTO issue (issue_id, number, enterprise_id, category, title, division_code, state, holder,
                    department_id, unconfirmed, submitted_at, updated_at, due_at, wake_at, description_id, version,
                    link, fold)
                SELECT {new_id}, number || '-{round}-' || CAST(n AS TEXT), enterprise_id, category, title,
                    division_code, state, holder, department_id, unconfirmed, submitted_at, updated_at, due_at, wake_at,
                    description_id, version, link, fold
                FROM issue CROSS JOIN copy
                WHERE issue_id < $1"
            ),
            Uuid::from_u128(1 << 64)
        )?;
        store::execute!(
            tx,
            doing,
            "INSERT INTO deadline (issue_id, clock, started_at, due_at, stopped_at, void)
            SELECT issue_id, 'C1', submitted_at, due_at, NULL, FALSE FROM issue
            WHERE NOT EXISTS (SELECT 1 FROM deadline WHERE deadline.issue_id = issue.issue_id)"
        )?;
    }
    Ok(())
}

/// What climbing the ladder left behind.
#[derive(Debug, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Climbed {
    pub rungs: i64,
    pub events: i64,
    /// Rows of the outbox.
    pub told: i64,
    pub issues_on_c0: i64,
    pub issues_on_c1: i64,
    pub issues_without_two: i64,
}

pub(crate) async fn climbed(tx: &mut Tx) -> Result<Climbed, Error> {
    let row = store::row!(
        tx,
        "count what climbing left behind",
        Climbed,
        "SELECT
            (SELECT COUNT(*) FROM rung) AS rungs,
            (SELECT COUNT(*) FROM issue_event) AS events,
            (SELECT COUNT(*) FROM outbox) AS told,
            (SELECT COUNT(DISTINCT issue_id) FROM rung WHERE clock = 'C0') AS issues_on_c0,
            (SELECT COUNT(DISTINCT issue_id) FROM rung WHERE clock = 'C1') AS issues_on_c1,
            (SELECT COUNT(*) FROM issue
                WHERE (SELECT COUNT(*) FROM rung WHERE rung.issue_id = issue.issue_id) <> 2) AS issues_without_two"
    )?;
    Ok(row.expect("a query of counts has one row"))
}
