use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{WorkflowRpc, convert, notes::Notes, step};
use crate::{
    domain::{Command, NoteField},
    error::WorkflowError,
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::RecordContactRequest,
) -> Result<pb::RecordContactResponse, WorkflowError> {
    let pb::RecordContactRequest { issue_id, channel, note, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let mut notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    let channel = f.enumeration("channel", channel).and_then(convert::channel_from);
    let note = notes.take(&mut f, ("note", NoteField::ContactNote), &note, 2_000);
    let (Some(target), Some(channel), Some(note)) = (target, channel, note) else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    let command = Command::RecordContact { channel, note };
    step::take(&call, target, command, notes, &rpc, |issue| pb::RecordContactResponse { issue }).await
}
