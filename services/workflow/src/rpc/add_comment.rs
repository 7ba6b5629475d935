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
    req: pb::AddCommentRequest,
) -> Result<pb::AddCommentResponse, WorkflowError> {
    let pb::AddCommentRequest { issue_id, audience, comment, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let mut notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    let audience = f.enumeration("audience", audience).and_then(convert::comment_audience_from);
    let comment = notes.take(&mut f, ("comment", NoteField::Comment), &comment, 2000);
    let (Some(target), Some(audience), Some(comment)) = (target, audience, comment) else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    let command = Command::Comment { audience, comment };
    step::take(&call, target, command, notes, &rpc, |issue| pb::AddCommentResponse { issue }).await
}
