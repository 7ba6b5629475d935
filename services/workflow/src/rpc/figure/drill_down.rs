use kernel::{IssueId, Page};
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};

use super::{grouping, question, reading::Reading, require_groups, unknown};
use crate::{
    domain::{
        figure::{FigureId, Part, Question},
        local_date,
    },
    error::WorkflowError,
    rpc::WorkflowRpc,
    store::{figures::Wanted, issues::Viewer},
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::DrillDownRequest,
) -> Result<pb::DrillDownResponse, WorkflowError> {
    let pb::DrillDownRequest {
        figure_id,
        start_date,
        end_date,
        as_of_time,
        part,
        page_size,
        page_token,
        group_by,
        group_key,
    } = req;
    let now = rpc.clock.now();
    let mut f = Fields::new();
    let asked_about = question(&mut f, start_date, end_date, as_of_time, now);
    let part = f.enumeration("part", part).and_then(part_from);
    let size = f.page_size(page_size);
    let grouping = grouping(&mut f, group_by);
    let group = f.text("group_key", &group_key, 0, 64);
    let (Some(question), Some(part), Some(size), Some(group)) = (asked_about, part, size, group) else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    let figure: FigureId = figure_id.parse().map_err(|_| unknown(&figure_id))?;
    require_groups(figure, grouping)?;

    let scope = call.scope();
    // Not what the question became, which changes with the moment of asking where it leaves something open.
    let bound_to = [
        figure.to_string(),
        format!("{part:?} {start_date:?} {end_date:?} {as_of_time:?} {grouping:?} {group}"),
        scope.fingerprint(),
    ];
    let bound_to: Vec<&str> = bound_to.iter().map(String::as_str).collect();
    let after = call.open_page(&rpc.page_key, &bound_to, &page_token)?;
    let (question, after) = match after {
        Some(cursor) => resumed(question, &cursor).ok_or(Refusal::PageToken)?,
        None => (question, None),
    };
    let viewer = Viewer { scope: &scope, now, today: local_date(now) };
    let wanted = Wanted { figure, part, group: grouping.map(|_| group.as_str()) };
    let mut tx = rpc.db.snapshot().await?;
    let reading = Reading::open(&rpc, &mut tx, &viewer, question).await?;
    let (ids, total_count) = reading.list(&mut tx, wanted, grouping, after, size.limit()).await?;
    tx.commit().await?;

    let page = Page::cut(ids, size, |id| cursor(&reading.question, *id));
    Ok(pb::DrillDownResponse {
        issue_ids: page.rows.iter().map(ToString::to_string).collect(),
        next_page_token: call.seal_page(&rpc.page_key, &bound_to, page.next.as_deref()),
        total_count,
    })
}

fn part_from(part: pb::FigurePart) -> Option<Part> {
    match part {
        pb::FigurePart::Unspecified => None,
        pb::FigurePart::Numerator => Some(Part::Numerator),
        pb::FigurePart::Denominator => Some(Part::Denominator),
    }
}

/// Later pages are of the moment that the first was of, so that a list does not change while it is read.
fn cursor(question: &Question, id: IssueId) -> String {
    format!("{}/{}/{id}", question.until.timestamp_micros(), question.as_of.timestamp_micros())
}

fn resumed(question: Question, cursor: &str) -> Option<(Question, Option<IssueId>)> {
    let mut parts = cursor.split('/');
    let mut moment = || kernel::Timestamp::from_timestamp_micros(parts.next()?.parse().ok()?);
    let (until, as_of) = (moment()?, moment()?);
    let id = parts.next()?.parse().ok()?;
    Some((Question { until, as_of, ..question }, Some(id)))
}
