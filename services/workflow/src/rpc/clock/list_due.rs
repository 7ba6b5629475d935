use kernel::{Page, PageSize, Timestamp};
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};
use worktime::OutOfCalendar;

use crate::{
    domain::{ClockId, Light, Rules, Rung, clocks, local_date, rungs},
    error::WorkflowError,
    rpc::{WorkflowRpc, convert, filter, rules},
    store::{
        issues::{IssueFilter, Viewer},
        lists::{self, DueClock, DueFilter},
    },
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::ListDueRequest,
) -> Result<pb::ListDueResponse, WorkflowError> {
    let (filter, size, page_token) = parse(req)?;
    let scope = call.scope();
    let bound_to = [format!("{filter:?}"), scope.fingerprint()];
    let bound_to: Vec<&str> = bound_to.iter().map(String::as_str).collect();
    let after = call.open_page(&rpc.page_key, &bound_to, &page_token)?;
    let after = after.map(|cursor| cursor.parse()).transpose().map_err(|_| Refusal::PageToken)?;

    let now = rpc.clock.now();
    let viewer = Viewer { scope: &scope, now, today: local_date(now) };
    let mut tx = rpc.db.snapshot().await?;
    let rows = lists::due(&mut tx, &viewer, &filter, after.as_ref(), size.limit()).await?;
    let counted = lists::count_due(&mut tx, &viewer, &filter).await?;
    let book = rpc.books.covering(&mut tx, rows.iter().map(|row| &row.issue)).await?;
    tx.commit().await?;

    let page = Page::cut(rows, size, |row| row.cursor().to_string());
    let mut shown = Vec::with_capacity(page.rows.len());
    for row in &page.rows {
        let due = due_clock(row, rules(&book, &row.issue)?, now)
            .map_err(WorkflowError::beyond(&row.issue.calendar_version))?;
        shown.extend(due);
    }
    Ok(pb::ListDueResponse {
        clocks: shown,
        next_page_token: call.seal_page(&rpc.page_key, &bound_to, page.next.as_deref()),
        total_count: counted.min(lists::MAX_COUNTED),
        more_than_counted: lists::MAX_COUNTED < counted,
    })
}

fn parse(req: pb::ListDueRequest) -> Result<(DueFilter, PageSize, String), Refusal> {
    let pb::ListDueRequest { due_before_time, clock_ids, holders, page_size, page_token } = req;
    let mut f = Fields::new();
    let mut kinds: Vec<ClockId> = Vec::new();
    for id in &clock_ids {
        if let Some(kind) = f.parse::<ClockId>("clock_ids", id)
            && !kinds.contains(&kind)
        {
            kinds.push(kind);
        }
    }
    let holders = filter::values(&mut f, "holders", &holders, convert::holder_from);
    let before = f.timestamp_optional("due_before_time", due_before_time);
    let Some(size) = f.page_size(page_size) else { return Err(f.refuse()) };
    f.finish()?;
    let issues = IssueFilter { holders, ..IssueFilter::default() };
    Ok((DueFilter { before, clocks: kinds, issues }, size, page_token))
}

/// `None`: the issue has no such clock, which cannot be, as its deadlines follow from it.
fn due_clock(
    row: &DueClock,
    rules: Rules<'_>,
    now: Timestamp,
) -> Result<Option<pb::DueClock>, OutOfCalendar> {
    let issue = &row.issue;
    let now = now.max(issue.updated_at);
    let clocks = clocks(issue, rules, now)?;
    let Some(clock) = clocks.iter().find(|clock| clock.key == row.clock) else { return Ok(None) };
    let light = light(&rungs(issue, clock, rules)?, now);
    Ok(Some(pb::DueClock {
        issue_id: issue.id.to_string(),
        issue_number: issue.number.to_string(),
        title: row.title.clone(),
        state: convert::state(issue.state()).into(),
        holder: convert::holder(issue.holder()).into(),
        department_id: issue.department().map(|id| id.to_string()).unwrap_or_default(),
        section_id: issue.section().map(|id| id.to_string()).unwrap_or_default(),
        clock: Some(convert::clock(clock)),
        light: convert::light(light).into(),
    }))
}

/// What is done at the due time is done in time, so red begins after it; yellow begins with its rung.
pub(in crate::rpc) fn light(rungs: &[Rung], now: Timestamp) -> Light {
    let shows = |light: Light, since: fn(&Rung, Timestamp) -> bool| {
        rungs.iter().any(|rung| rung.light == Some(light) && since(rung, now))
    };
    if shows(Light::Red, |rung, now| rung.due_at < now) {
        Light::Red
    } else if shows(Light::Yellow, |rung, now| rung.at <= now) {
        Light::Yellow
    } else {
        Light::Green
    }
}
