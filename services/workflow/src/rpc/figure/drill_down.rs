use kernel::{IssueId, Page};
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};

use super::question;
use crate::{
    domain::{
        figure::{FigureId, Question},
        local_date,
    },
    error::WorkflowError,
    rpc::WorkflowRpc,
    store::{
        figures::{self, Asked, Part},
        issues::Viewer,
    },
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::DrillDownRequest,
) -> Result<pb::DrillDownResponse, WorkflowError> {
    let pb::DrillDownRequest { figure_id, start_date, end_date, as_of_time, part, page_size, page_token } =
        req;
    let now = rpc.clock.now();
    let mut f = Fields::new();
    let asked_about = question(&mut f, start_date, end_date, as_of_time, now);
    let part = f.enumeration("part", part).and_then(part_from);
    let size = f.page_size(page_size);
    let (Some(question), Some(part), Some(size)) = (asked_about, part, size) else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    let figure: FigureId =
        figure_id.parse().map_err(|_| WorkflowError::FigureUnknown(figure_id.chars().take(64).collect()))?;

    let scope = call.scope();
    // Not what the question became, which changes with the moment of asking where it leaves something open.
    let bound_to = [
        figure.to_string(),
        format!("{part:?} {start_date:?} {end_date:?} {as_of_time:?}"),
        scope.fingerprint(),
    ];
    let bound_to: Vec<&str> = bound_to.iter().map(String::as_str).collect();
    let after = call.open_page(&rpc.page_key, &bound_to, &page_token)?;
    let (question, after) = match after {
        Some(cursor) => resumed(question, &cursor).ok_or(Refusal::PageToken)?,
        None => (question, None),
    };
    let viewer = Viewer { scope: &scope, now, today: local_date(now) };
    let asked = Asked { figure, question: &question, policy: rpc.rulebook.in_force().policy };
    let mut tx = rpc.db.snapshot().await?;
    let ids = figures::list(&mut tx, &viewer, asked, part, after, size.limit()).await?;
    let total_count = figures::count(&mut tx, &viewer, asked, part).await?;
    tx.commit().await?;

    let page = Page::cut(ids, size, |id| cursor(&question, *id));
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
