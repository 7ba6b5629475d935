use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{
    convert::level_from,
    step::{self, Target},
};
use crate::{
    domain::case::Step,
    error::WorkflowError,
    rpc::{WorkflowRpc, texts::NewTexts},
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::ReviewCaseRequest,
) -> Result<pb::ReviewCaseResponse, WorkflowError> {
    let mut texts = NewTexts::new(&rpc);
    let (target, step) = parse(req, &mut texts)?;
    step::take(&call, target, step, texts, &rpc, |case| pb::ReviewCaseResponse { case }).await
}

fn parse(req: pb::ReviewCaseRequest, texts: &mut NewTexts<'_>) -> Result<(Target, Step), WorkflowError> {
    let pb::ReviewCaseRequest { case_id, decision, level, reason, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let target = step::target(&mut f, &case_id, &etag);
    let step = match f.enumeration::<pb::CaseDecision>("decision", decision) {
        Some(pb::CaseDecision::Accepted) => {
            let level = f.enumeration("level", level).and_then(level_from);
            let reason = texts.take_optional(&mut f, "reason", &reason, 1_000);
            level.map(|level| Step::Accept { level, reason })
        }
        Some(pb::CaseDecision::Rejected) => {
            if level != 0 {
                f.reject("level", "must be left out when the case is rejected");
            }
            texts.take(&mut f, "reason", &reason, 1_000).map(|reason| Step::Reject { reason })
        }
        Some(pb::CaseDecision::Unspecified) | None => None,
    };
    let (Some(target), Some(step)) = (target, step) else { return Err(f.refuse().into()) };
    f.finish()?;
    Ok((target, step))
}
