use kernel::SectionId;
use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{WorkflowRpc, directory, notes::Notes, step};
use crate::{
    domain::{CoSection, Command, NoteField, NoteRef},
    error::WorkflowError,
};

/// Sections asked to help with the dispatch; more can be asked later.
const MOST_CO_SECTIONS: usize = 10;

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::DispatchIssueRequest,
) -> Result<pb::DispatchIssueResponse, WorkflowError> {
    let pb::DispatchIssueRequest { issue_id, section_id, note, etag, request_id: _, co_sections } = req;
    let mut f = Fields::new();
    let mut notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    let section = f.parse("section_id", &section_id);
    let note = notes.take_optional(&mut f, ("note", NoteField::DispatchNote), &note, 2_000);
    if MOST_CO_SECTIONS < co_sections.len() {
        f.reject("co_sections", format!("must be at most {MOST_CO_SECTIONS}"));
    }
    let mut asked: Vec<(SectionId, NoteRef)> = Vec::new();
    for pb::CoSectionRequest { section_id, note } in co_sections.iter().take(MOST_CO_SECTIONS) {
        let section = f.parse("co_sections.section_id", section_id);
        let note = notes.take(&mut f, ("co_sections.note", NoteField::CoTaskNote), note, 2_000);
        asked.extend(section.zip(note));
    }
    let (Some(target), Some(section)) = (target, section) else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    let department = directory::department_of(&rpc, &call, section).await?;
    let mut co_sections = Vec::with_capacity(asked.len());
    for (section, note) in asked {
        let department = directory::department_of(&rpc, &call, section).await?;
        co_sections.push(CoSection { section, department, note });
    }
    let command = Command::Dispatch { section, department, note, co_sections };
    step::take(&call, target, command, notes, &rpc, |issue| pb::DispatchIssueResponse { issue }).await
}
