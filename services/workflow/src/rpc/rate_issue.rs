use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{WorkflowRpc, notes::Notes, step};
use crate::{
    domain::{Command, NoteField, Rating, Stars},
    error::WorkflowError,
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::RateIssueRequest,
) -> Result<pb::RateIssueResponse, WorkflowError> {
    let pb::RateIssueRequest { issue_id, stars, speed, attitude, result, comment, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let mut notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    let stars = f.take("stars", Stars::try_from(stars));
    let speed = dimension(&mut f, "speed", speed);
    let attitude = dimension(&mut f, "attitude", attitude);
    let result = dimension(&mut f, "result", result);
    let comment = notes.take_optional(&mut f, ("comment", NoteField::RatingComment), &comment, 2_000);
    let (Some(target), Some(stars)) = (target, stars) else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    let command = Command::Rate { rating: Rating { stars, speed, attitude, result }, comment };
    step::take(&call, target, command, notes, &rpc, |issue| pb::RateIssueResponse { issue }).await
}

/// Stars of a dimension that the firm need not rate.
fn dimension(f: &mut Fields, field: &str, stars: i32) -> Option<Stars> {
    if stars == 0 { None } else { f.take(field, Stars::try_from(stars)) }
}
