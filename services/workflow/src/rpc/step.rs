//! A step with an issue that exists: the same story for every one of them.

use ::access::Facts;
use kernel::{AttachmentId, DepartmentId, IssueId, Timestamp, Version};
use prost::Message;
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::{Batch, Tx};

use super::{WorkflowRpc, attachment, convert, facts, notes::Notes, rules};
use crate::{
    domain::{
        self, Action, Actor, AttachmentRef, Command, Desk, Issue, Party, Rulebook, Rules, State, decide,
        local_date, speaks_for_a_merged_firm,
    },
    error::WorkflowError,
    events::publish::{self, Cause},
    store::{
        attachments,
        history::{self, Before, Happened, Record},
        issues::{self, Found},
    },
};

/// Which issue a step is for, as the caller read it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    pub issue: IssueId,
    pub etag: Version,
    /// Desks as identity has them now, where the step depends on that.
    pub desks: &'a [Desk],
}

pub(super) fn target(f: &mut Fields, issue_id: &str, etag: &str) -> Option<Target<'static>> {
    let (issue, etag) = (f.parse("issue_id", issue_id), f.etag(etag));
    Some(Target { issue: issue?, etag: etag?, desks: &[] })
}

/// An issue before a step, and what the step made happen.
pub(super) struct Moved<'a> {
    pub found: Found,
    rules: Rules<'a>,
    happened: Vec<Happened>,
}

/// Takes the step and answers with the issue after it. `notes` holds the texts that the command refers to.
pub(super) async fn take<R: Message>(
    call: &Call,
    target: Target<'_>,
    command: Command,
    notes: Notes<'_>,
    rpc: &WorkflowRpc,
    answer: impl FnOnce(Option<pb::Issue>) -> R,
) -> Result<R, WorkflowError> {
    take_with_files(call, target, (&[], |_| command), notes, rpc, answer).await
}

/// The same, for a command that refers to files of the issue.
pub(super) async fn take_with_files<R: Message>(
    call: &Call,
    target: Target<'_>,
    (files, command): (&[AttachmentId], impl FnOnce(Vec<AttachmentRef>) -> Command),
    notes: Notes<'_>,
    rpc: &WorkflowRpc,
    answer: impl FnOnce(Option<pb::Issue>) -> R,
) -> Result<R, WorkflowError> {
    let mut tx = rpc.db.begin().await?;
    let mut found = lock(&mut tx, target.issue, notes.now).await?;
    for desk in target.desks {
        found.issue = found.issue.at_desk_of_now(*desk);
    }
    let files = if files.is_empty() {
        Vec::new()
    } else {
        admit(rpc, call, &found, target.etag, &[])?;
        let sight = attachment::sight(call, &facts(&found.issue, found.manager));
        attachments::refer(&mut tx, target.issue, &sight, files).await?
    };
    let command = command(files);
    let other = match other(&found.issue, command.action()) {
        None => None,
        Some(other) => Some(lock(&mut tx, other, notes.now).await?),
    };
    let both = [Some(&found), other.as_ref()].into_iter().flatten().map(|found| &found.issue);
    let book = rpc.books.covering(&mut tx, both).await?;
    let moved = match other {
        None => {
            admit(rpc, call, &found, target.etag, &[])?;
            let mut by = rpc.actor(call, &found.issue, found.manager)?;
            if command.action() == Action::Audit {
                by.tied_by_merged = tie_of_merged(rpc, call, &mut tx, &found.issue, notes.now).await?;
            }
            vec![Moved::by(rpc, &book, found, command, &notes, &by)?]
        }
        Some(other) => with_other(rpc, &book, call, (found, target), other, command, &notes)?,
    };
    finish(call, tx, &moved, &notes, rpc, answer).await
}

/// What ties the caller to an issue that was merged into this one.
pub(super) async fn tie_of_merged(
    rpc: &WorkflowRpc,
    call: &Call,
    tx: &mut Tx,
    issue: &Issue,
    now: Timestamp,
) -> Result<Option<Party>, WorkflowError> {
    for child in issue.children.keys() {
        let found = issues::find(tx, *child, local_date(now)).await?;
        let Found { issue, manager, .. } = found.ok_or(WorkflowError::IssueNotFound(*child))?;
        let tie = domain::tie_of_merged(&issue, &rpc.actor(call, &issue, manager)?);
        if tie.is_some() {
            return Ok(tie);
        }
    }
    Ok(None)
}

/// The issue that a step with a merged one is about too.
fn other(issue: &Issue, action: Action) -> Option<IssueId> {
    let concerns_both = matches!(action, Action::FeedBack | Action::Rate | Action::Dispute | Action::Unmerge);
    issue.merged_into().filter(|_| concerns_both)
}

/// A step with a merged issue, and what follows from it for the one that is handled for both.
fn with_other<'a>(
    rpc: &WorkflowRpc,
    book: &'a Rulebook,
    call: &Call,
    (mut child, target): (Found, Target<'_>),
    parent: Found,
    command: Command,
    notes: &Notes<'_>,
) -> Result<Vec<Moved<'a>>, WorkflowError> {
    // Whoever has the other issue now has this one too.
    let departments: Vec<_> = parent.issue.department().into_iter().collect();
    admit(rpc, call, &child, target.etag, &departments)?;
    let id = child.issue.id;
    let mut by = rpc.actor(call, &child.issue, child.manager)?;
    match command {
        Command::FeedBack { channel, receipt } => {
            let with_parent = rpc.actor(call, &parent.issue, parent.manager)?;
            let told =
                Moved::by(rpc, book, parent, Command::NoteDelivery { child: id }, notes, &with_parent)?;
            // A return may have taken the other issue to another department, whose liaison speaks for both now.
            if !by.parties.contains(&Party::Liaison) {
                by.parties.push(Party::Liaison);
            }
            let issue = &told.found.issue;
            let (work, reply) =
                issue.work().zip(issue.reply().copied()).ok_or(WorkflowError::unanswered(issue))?;
            let told_texts = &told.found.texts;
            child.texts.reply.clone_from(&told_texts.reply);
            child.texts.legal_basis.clone_from(&told_texts.legal_basis);
            let command = Command::FeedBackMerged { channel, receipt, work, reply };
            Ok(vec![Moved::by(rpc, book, child, command, notes, &by)?, told])
        }
        Command::Unmerge { .. } => {
            let with_parent = rpc.actor(call, &parent.issue, parent.manager)?;
            let left = Moved::by(rpc, book, parent, Command::Release { child: id }, notes, &with_parent)?;
            Ok(vec![Moved::by(rpc, book, child, command, notes, &by)?, left])
        }
        other => {
            // What it says of the reply it says of whoever gave that for both.
            let with_parent = rpc.actor(call, &parent.issue, parent.manager)?;
            speaks_for_a_merged_firm(&parent.issue, other.action(), &with_parent)
                .map_err(WorkflowError::refused(id, &child.issue.calendar_version))?;
            let child = Moved::by(rpc, book, child, other, notes, &by)?;
            let stays = child.after().state() == State::Merged;
            let mut moved = vec![child];
            if !stays {
                let left = Command::Release { child: id };
                moved.push(Moved::by(rpc, book, parent, left, notes, &Actor::system())?);
            }
            Ok(moved)
        }
    }
}

/// Locks an issue until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, id: IssueId, now: Timestamp) -> Result<Found, WorkflowError> {
    issues::lock(tx, id, local_date(now)).await?.ok_or(WorkflowError::IssueNotFound(id))
}

/// Refuses whoever may not call this for the issue, and whoever read it before it changed.
pub(super) fn admit(
    rpc: &WorkflowRpc,
    call: &Call,
    found: &Found,
    etag: Version,
    departments: &[DepartmentId],
) -> Result<(), WorkflowError> {
    let mut facts: Facts = facts(&found.issue, found.manager);
    facts.department.extend(departments);
    rpc.admit(call, found.issue.id, &facts)?;
    if found.issue.etag == etag {
        Ok(())
    } else {
        Err(Refusal::StaleEtag { etag: found.issue.etag.to_string() }.into())
    }
}

impl<'a> Moved<'a> {
    /// Decides on the command.
    pub(super) fn by(
        rpc: &WorkflowRpc,
        book: &'a Rulebook,
        found: Found,
        command: Command,
        notes: &Notes<'_>,
        by: &Actor,
    ) -> Result<Self, WorkflowError> {
        let rules = rules(book, &found.issue)?;
        let mut moved = Self { found, rules, happened: Vec::new() };
        moved.then(rpc, command, notes, by)?;
        Ok(moved)
    }

    /// Decides on another command with the same issue.
    pub(super) fn then(
        &mut self,
        rpc: &WorkflowRpc,
        command: Command,
        notes: &Notes<'_>,
        by: &Actor,
    ) -> Result<(), WorkflowError> {
        let before = self.after();
        let events = decide(before, command, self.rules, notes.now, by)
            .map_err(WorkflowError::refused(before.id, &before.calendar_version))?;
        let happened = history::happened(Some(before), events, &*rpc.ids)?;
        self.happened.extend(happened);
        Ok(())
    }

    pub(super) fn after(&self) -> &Issue {
        self.happened.last().map_or(&self.found.issue, |last| &last.after)
    }

    fn write(&self, batch: &mut Batch, call: &Call, notes: &Notes<'_>) -> Result<(), WorkflowError> {
        let Found { issue, link, manager, .. } = &self.found;
        let beyond = WorkflowError::beyond(&issue.calendar_version);
        let record = Record {
            before: Some(Before { issue, link: *link }),
            happened: &self.happened,
            written: notes.written(),
            rules: self.rules,
            client: &call.client,
        };
        history::record(batch, record).map_err(&beyond)?;
        let traceparent = call.trace.to_string();
        for happened in &self.happened {
            let cause = Cause { rules: self.rules, manager: *manager, traceparent: &traceparent };
            publish::append(batch, happened, cause).map_err(&beyond)?;
        }
        Ok(())
    }
}

/// Writes what happened, and answers with the first of the issues.
pub(super) async fn finish<R: Message>(
    call: &Call,
    mut tx: Tx,
    moved: &[Moved<'_>],
    notes: &Notes<'_>,
    rpc: &WorkflowRpc,
    answer: impl FnOnce(Option<pb::Issue>) -> R,
) -> Result<R, WorkflowError> {
    let mut shown = None;
    if let Some(first) = moved.first() {
        let Found { issue, manager, texts, .. } = &first.found;
        let (after, texts) = (first.after(), notes.texts(first.after(), texts.clone()));
        let audience = rpc.audience(&call.caller, &facts(issue, *manager));
        let whole = convert::whole(after, texts, first.rules, notes.now, audience)
            .map_err(WorkflowError::beyond(&issue.calendar_version))?;
        shown = Some(whole);
    }
    let response = answer(shown);
    let mut batch = Batch::new();
    for moved in moved {
        moved.write(&mut batch, call, notes)?;
    }
    call.remember(&mut batch, &response, notes.now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}
