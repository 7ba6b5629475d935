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
    req: pb::FeedBackIssueRequest,
) -> Result<pb::FeedBackIssueResponse, WorkflowError> {
    let pb::FeedBackIssueRequest { issue_id, channel, receipt, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let mut notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    let channel = f.enumeration("channel", channel).and_then(convert::channel_from);
    let receipt = notes.take(&mut f, ("receipt", NoteField::FeedbackReceipt), &receipt, 500);
    let (Some(target), Some(channel), Some(receipt)) = (target, channel, receipt) else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    let command = Command::FeedBack { channel, receipt };
    step::take(&call, target, command, notes, &rpc, |issue| pb::FeedBackIssueResponse { issue }).await
}
