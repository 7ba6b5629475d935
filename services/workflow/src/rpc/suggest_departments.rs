use std::collections::HashMap;

use kernel::DepartmentId;
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, parse::timestamp};

use super::{WorkflowRpc, facts};
use crate::{
    domain::local_date,
    error::WorkflowError,
    store::{
        issues::{self, Found},
        precedents::{self, Precedent},
    },
};

/// Departments suggested at most.
const MOST: usize = 10;

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::SuggestDepartmentsRequest,
) -> Result<pb::SuggestDepartmentsResponse, WorkflowError> {
    let pb::SuggestDepartmentsRequest { issue_id } = req;
    let mut f = Fields::new();
    let Some(id) = f.parse("issue_id", &issue_id) else { return Err(f.refuse().into()) };
    f.finish()?;
    let mut tx = rpc.db.snapshot().await?;
    let found = issues::find(&mut tx, id, local_date(rpc.clock.now())).await?;
    let Found { issue, manager, .. } = found.ok_or(WorkflowError::IssueNotFound(id))?;
    rpc.admit(&call, id, &facts(&issue, manager))?;
    let precedents = precedents::of_category(&mut tx, &issue.category, id).await?;
    tx.commit().await?;

    let mut by_department: HashMap<DepartmentId, Vec<(usize, Precedent)>> = HashMap::new();
    for precedent in precedents.into_iter().filter(|one| issue.about != Some(one.department)) {
        let near = common(issue.division.as_str(), precedent.division.as_str());
        by_department.entry(precedent.department).or_default().push((near, precedent));
    }
    let mut ranked: Vec<_> =
        by_department.into_iter().filter_map(suggestion(issue.division.as_str())).collect();
    ranked.sort_by_key(|(near, suggestion)| {
        (std::cmp::Reverse((*near, suggestion.precedents)), suggestion.department_id.clone())
    });
    let suggestions = ranked.into_iter().take(MOST).map(|(_, suggestion)| suggestion).collect();
    Ok(pb::SuggestDepartmentsResponse { suggestions })
}

/// A department with its precedents, each with how near it is.
type Precedents = (DepartmentId, Vec<(usize, Precedent)>);

/// The precedents of a department as a suggestion, with how near the nearest of them is.
fn suggestion(division: &str) -> impl Fn(Precedents) -> Option<(usize, pb::DepartmentSuggestion)> {
    move |(department, precedents)| {
        let near = precedents.iter().map(|(near, _)| *near).max()?;
        let (_, last) = precedents.iter().max_by_key(|(_, precedent)| precedent.at)?;
        let suggestion = pb::DepartmentSuggestion {
            department_id: department.to_string(),
            precedents: i32::try_from(precedents.len()).unwrap_or(i32::MAX),
            division_code: division.get(..near)?.to_owned(),
            last_issue_id: last.issue.to_string(),
            last_time: Some(timestamp(last.at)),
        };
        Some((near, suggestion))
    }
}

/// How many digits two division codes share at their beginning, in whole levels: province, city, county, town, village.
fn common(a: &str, b: &str) -> usize {
    let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    [12, 9, 6, 4, 2].into_iter().find(|level| *level <= same).unwrap_or(0)
}
