//! A step with an issue that exists: the same story for every one of them.

use kernel::{IssueId, Version};
use prost::Message;
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{WorkflowRpc, actor, convert, facts, notes::Notes};
use crate::{
    domain::{Command, decide, local_date},
    error::WorkflowError,
    events::publish::{self, Cause},
    store::{
        history::{self, Before, Record},
        issues::{self, Found},
    },
};

/// Which issue a step is for, as the caller read it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    pub issue: IssueId,
    pub etag: Version,
}

pub(super) fn target(f: &mut Fields, issue_id: &str, etag: &str) -> Option<Target> {
    let (issue, etag) = (f.parse("issue_id", issue_id), f.etag(etag));
    Some(Target { issue: issue?, etag: etag? })
}

/// Takes the step and answers with the issue after it. `notes` holds the texts that the command refers to.
pub(super) async fn take<R: Message>(
    call: &Call,
    target: Target,
    command: Command,
    notes: Notes<'_>,
    rpc: &WorkflowRpc,
    answer: impl FnOnce(Option<pb::Issue>) -> R,
) -> Result<R, WorkflowError> {
    let now = notes.now;
    let mut tx = rpc.db.begin().await?;
    let found = issues::lock(&mut tx, target.issue, local_date(now)).await?;
    let Found { issue, link, manager, texts } = found.ok_or(WorkflowError::IssueNotFound(target.issue))?;
    let facts = facts(&issue, manager);
    rpc.admit(call, target.issue, &facts)?;
    if issue.etag != target.etag {
        return Err(Refusal::StaleEtag { etag: issue.etag.to_string() }.into());
    }
    let rules = rpc.rules(&issue)?;
    let by = actor(call, &facts)?;
    let events = decide(&issue, command, rules, now, &by)
        .map_err(WorkflowError::refused(issue.id, &issue.calendar_version))?;

    let happened = history::happened(Some(&issue), events, &*rpc.ids)?;
    let after = happened.last().map_or(&issue, |last| &last.after);
    let beyond = WorkflowError::beyond(&issue.calendar_version);
    let audience = rpc.audience(&call.caller, &facts);
    let shown = convert::whole(after, notes.texts(after, texts), rules, now, audience).map_err(&beyond)?;
    let response = answer(Some(shown));

    let mut batch = Batch::new();
    let record = Record {
        before: Some(Before { issue: &issue, link }),
        happened: &happened,
        written: notes.written(),
        rules,
        client: &call.client,
    };
    history::record(&mut batch, record).map_err(&beyond)?;
    let traceparent = call.trace.to_string();
    for happened in &happened {
        let cause = Cause { rules, manager, traceparent: &traceparent };
        publish::append(&mut batch, happened, cause).map_err(&beyond)?;
    }
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}
