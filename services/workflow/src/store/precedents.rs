//! Which departments were found to be in charge of what.

use kernel::{DepartmentId, IssueId, Timestamp};
use store::{Batch, Error, Tx, binds};
use uuid::Uuid;

use crate::domain::{Code, DivisionCode, Event, Fact, Issue};

/// What an operator decided once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Precedent {
    pub department: DepartmentId,
    pub issue: IssueId,
    pub division: DivisionCode,
    pub at: Timestamp,
}

/// Precedents that a suggestion looks at: enough to tell, and few enough to read at once.
const MOST: i64 = 500;

/// Keeps what an event decided about the department, if it did.
pub(super) fn insert(batch: &mut Batch, issue: &Issue, event: &Event) {
    let (Fact::Assigned { desk } | Fact::ReturnUpheld { desk, .. }) = &event.fact else { return };
    batch.add(
        "keep the precedent",
        "INSERT INTO precedent (issue_id, seq, category, division_code, department_id, decided_at)
        VALUES ($1, $2, $3, $4, $5, $6)",
        binds![
            issue.id.uuid(),
            event.version.number(),
            issue.category.as_str(),
            issue.division.as_str(),
            desk.department.uuid(),
            event.at
        ],
    );
}

/// The last precedents of a category, but those of the issue itself, newest first. What was decided about an issue
/// anew later is none: the department sent it back, and was right.
pub(crate) async fn of_category(tx: &mut Tx, category: &Code, but: IssueId) -> Result<Vec<Precedent>, Error> {
    let rows = store::rows!(
        tx,
        "read the precedents",
        (Uuid, Uuid, String, Timestamp),
        "SELECT department_id, issue_id, division_code, decided_at
        FROM precedent
        WHERE category = $1 AND issue_id <> $2 AND NOT EXISTS (
            SELECT 1 FROM precedent AS later
            WHERE later.issue_id = precedent.issue_id AND precedent.seq < later.seq
        )
        ORDER BY decided_at DESC
        LIMIT $3",
        category.as_str(),
        but.uuid(),
        MOST
    )?;
    rows.into_iter()
        .map(|(department, issue, division, at)| {
            let unreadable = |_| Error::unreadable("precedent", "division_code", &issue);
            Ok(Precedent {
                department: DepartmentId::new(department),
                issue: IssueId::new(issue),
                division: division.parse().map_err(unreadable)?,
                at,
            })
        })
        .collect()
}
