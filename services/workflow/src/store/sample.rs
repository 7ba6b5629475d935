//! Rows for tests of queries: an issue as its columns say it, without a history.

use kernel::{AccountId, DepartmentId, EnterpriseId, IssueId, NoteId, Timestamp};
use store::{Batch, binds};
use uuid::Uuid;

use crate::domain::{Actor, Issue, NoteRef, Party, Rulebook, SubmitIssue, create, submit};

pub(super) fn id(n: u128) -> IssueId {
    IssueId::new(Uuid::from_u128(n))
}

/// An issue that was submitted and waits in TRIAGE.
pub(super) fn fold(id: IssueId, submitted: Timestamp) -> Issue {
    let command = SubmitIssue {
        issue_id: id,
        number: "QQ-2026-000001".parse().expect("a number"),
        enterprise_id: EnterpriseId::new(id.uuid()),
        category: "other".parse().expect("a category of the default pack"),
        title: "S328 省道缺少警示标志".parse().expect("a title"),
        description: NoteRef { note_id: NoteId::new(Uuid::nil()), digest: trail::Hash::ZERO },
        division: "330482101".parse().expect("a division code"),
        manager: None,
        desk: None,
    };
    let firm = Actor::person(AccountId::new(Uuid::nil()), [Party::Firm]);
    let events =
        submit(command, Rulebook::built_in().in_force(), submitted, &firm).expect("the firm may submit");
    create(&events[0]).expect("a submission begins a history")
}

/// An issue of a department. What no test looks at is the same for all.
pub(super) fn issue(batch: &mut Batch, id: IssueId, department: DepartmentId, submitted: Timestamp) {
    let issue = fold(id, submitted);
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
            issue.title.as_str(),
            issue.division.as_str(),
            issue.state().name(),
            issue.holder().name(),
            department.uuid(),
            false,
            submitted,
            submitted,
            submitted + chrono::TimeDelta::hours(2),
            submitted + chrono::TimeDelta::hours(1),
            Uuid::nil(),
            1_i64,
            trail::Hash::ZERO.as_bytes().as_slice(),
            serde_json::to_value(&issue).expect("an issue has a JSON form")
        ],
    );
}

/// A clock of an issue.
pub(super) fn deadline(
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
