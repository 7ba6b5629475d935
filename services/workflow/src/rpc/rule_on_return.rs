use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{WorkflowRpc, directory, notes::Notes, step};
use crate::{
    domain::{Command, NoteField},
    error::WorkflowError,
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::RuleOnReturnRequest,
) -> Result<pb::RuleOnReturnResponse, WorkflowError> {
    let pb::RuleOnReturnRequest { issue_id, ruling, department_id, reason, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let mut notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    let department = match f.enumeration::<pb::ReturnRuling>("ruling", ruling) {
        Some(pb::ReturnRuling::Upheld) => f.parse("department_id", &department_id).map(Some),
        Some(pb::ReturnRuling::Denied) => {
            if !department_id.is_empty() {
                f.reject("department_id", "must be empty when the return is denied");
            }
            Some(None)
        }
        Some(pb::ReturnRuling::Unspecified) | None => None,
    };
    let reason = notes.take(&mut f, ("reason", NoteField::RulingReason), &reason, 2_000);
    let (Some(target), Some(department), Some(reason)) = (target, department, reason) else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    let command = match department {
        Some(department) => {
            Command::UpholdReturn { desk: directory::desk(&rpc, &call, department).await?, reason }
        }
        None => Command::DenyReturn { reason },
    };
    step::take(&call, target, command, notes, &rpc, |issue| pb::RuleOnReturnResponse { issue }).await
}
