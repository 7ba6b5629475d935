//! Issues that passed from one desk to another: who had each in sight before, and who has since.

use access::Scope;
use kernel::{AccountId, DepartmentId, IssueId, SectionId};
use sqlx::FromRow;
use store::{Batch, Error, Filter, Select, Tx, binds};
use uuid::Uuid;

use super::history::Happened;
use crate::domain::Issue;

/// What sight of an issue depends on, besides its firm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    department: Option<DepartmentId>,
    section: Option<SectionId>,
    handler: Option<AccountId>,
}

impl Place {
    fn of(issue: &Issue) -> Self {
        Self { department: issue.department(), section: issue.section(), handler: issue.handler() }
    }
}

/// Notes each of the events that moved the issue; `before` is `None` for a submission, which moves nothing.
pub(super) fn insert(batch: &mut Batch, before: Option<&Issue>, happened: &[Happened]) {
    let mut before = before.map(Place::of);
    for Happened { id, event: _, after } in happened {
        let place = Place::of(after);
        if let Some(from) = before.filter(|from| *from != place) {
            batch.add(
                "note that the issue moved",
                "INSERT INTO issue_move (event_id, issue_id, from_department_id, from_section_id, from_handler_id,
                    to_department_id, to_section_id, to_handler_id)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                binds![
                    id.uuid(),
                    after.id.uuid(),
                    from.department.map(DepartmentId::uuid),
                    from.section.map(SectionId::uuid),
                    from.handler.map(AccountId::uuid),
                    place.department.map(DepartmentId::uuid),
                    place.section.map(SectionId::uuid),
                    place.handler.map(AccountId::uuid)
                ],
            );
        }
        before = Some(place);
    }
}

#[derive(FromRow)]
struct Row {
    event_id: Uuid,
    issue_id: Uuid,
    to_department_id: Option<Uuid>,
    to_section_id: Option<Uuid>,
    to_handler_id: Option<Uuid>,
    confidential: bool,
}

/// Those of the events that moved an issue away from the desks of this scope, each with its issue. Whether the issue is
/// in sight for another reason, or again, is not looked at.
pub(crate) async fn left(tx: &mut Tx, scope: &Scope, events: &[Uuid]) -> Result<Vec<(Uuid, IssueId)>, Error> {
    let departments: Vec<Uuid> = scope.departments.iter().map(|id| id.uuid()).collect();
    let sections: Vec<Uuid> = scope.sections.iter().map(|id| id.uuid()).collect();
    let handler: Vec<Uuid> = scope.assignee.iter().map(|id| id.uuid()).collect();
    if departments.is_empty() && sections.is_empty() && handler.is_empty() {
        return Ok(Vec::new());
    }
    let had = Filter::any([
        Filter::in_list("from_department_id", departments.iter().copied()),
        Filter::in_list("from_section_id", sections.iter().copied()),
        Filter::in_list("from_handler_id", handler.iter().copied()),
    ]);
    let rows = Select::new(
        "SELECT issue_move.event_id, issue_move.issue_id, to_department_id, to_section_id, to_handler_id,
            issue.confidential
        FROM issue_move JOIN issue ON issue.issue_id = issue_move.issue_id",
    )
    .filter_by(Filter::in_list("issue_move.event_id", events.iter().copied()))
    .filter_by(had)
    .rows::<Row>(tx, "look for issues that moved away")
    .await?;
    let within = |ids: &[Uuid], id: Option<Uuid>| id.is_some_and(|id| ids.contains(&id));
    Ok(rows
        .into_iter()
        .filter(|row| {
            let Row { to_department_id, to_section_id, to_handler_id, confidential, .. } = row;
            // A confidential one leaves the sight of its section with who accepts it.
            let for_section = !confidential || to_handler_id.is_none();
            let is_still_there = within(&departments, *to_department_id)
                || (for_section && within(&sections, *to_section_id))
                || (*confidential && within(&handler, *to_handler_id));
            !is_still_there
        })
        .map(|row| (row.event_id, IssueId::new(row.issue_id)))
        .collect())
}
