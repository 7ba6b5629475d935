use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{WorkflowRpc, notes::Notes, step};
use crate::{
    domain::{Command, NoteField},
    error::WorkflowError,
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::AnswerInstructionRequest,
) -> Result<pb::AnswerInstructionResponse, WorkflowError> {
    let pb::AnswerInstructionRequest { issue_id, instruction, text, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let mut notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    let instruction = u32::try_from(instruction).ok().filter(|number| 0 < *number);
    if instruction.is_none() {
        f.reject("instruction", "must be at least 1");
    }
    let text = notes.take(&mut f, ("text", NoteField::InstructionAnswer), &text, 4000);
    let (Some(target), Some(instruction), Some(text)) = (target, instruction, text) else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    let command = Command::AnswerInstruction { instruction, text };
    step::take(&call, target, command, notes, &rpc, |issue| pb::AnswerInstructionResponse { issue }).await
}
