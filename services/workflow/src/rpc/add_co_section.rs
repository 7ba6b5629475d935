use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{WorkflowRpc, directory, notes::Notes, step};
use crate::{
    domain::{CoSection, Command, NoteField},
    error::WorkflowError,
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::AddCoSectionRequest,
) -> Result<pb::AddCoSectionResponse, WorkflowError> {
    let pb::AddCoSectionRequest { issue_id, section_id, note, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let mut notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    let section = f.parse("section_id", &section_id);
    let note = notes.take(&mut f, ("note", NoteField::CoTaskNote), &note, 2000);
    let (Some(target), Some(section), Some(note)) = (target, section, note) else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    let department = directory::department_of(&rpc, &call, section).await?;
    let command = Command::AddCoSection(CoSection { section, department, note });
    step::take(&call, target, command, notes, &rpc, |issue| pb::AddCoSectionResponse { issue }).await
}
