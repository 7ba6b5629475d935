use access::Facts;
use kernel::NoteId;
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal, parse::timestamp};
use store::{Batch, ledger};

use super::TrailRpc;
use crate::{
    error::WorkflowError,
    store::erasures::{self, Erasure},
};

pub(super) async fn handle(
    rpc: TrailRpc,
    call: Call,
    req: pb::EraseNoteRequest,
) -> Result<pb::EraseNoteResponse, WorkflowError> {
    let (note, basis, reference) = parse(req)?;
    call.require(&Facts::default())?;
    let now = rpc.workflow.clock.now();
    let mut tx = rpc.workflow.db.begin().await?;
    let doomed = erasures::find(&mut tx, note).await?.ok_or(WorkflowError::NoteNotFound(note))?;
    let Some(body) = &doomed.body else { return Err(WorkflowError::NoteErased(note)) };
    // Answers about its own subject, and about the issues that show it as their reply.
    let others = doomed.replied.iter().map(|issue| issue.uuid()).filter(|id| *id != doomed.chain.id);
    for id in std::iter::once(doomed.chain.id).chain(others) {
        let beside = id.to_string();
        ledger::forget(&mut tx, (body, &beside), doomed.written_at, &doomed.written_by).await?;
    }
    let erasure = Erasure {
        note,
        chain: doomed.chain,
        seq: doomed.seq,
        digest: doomed.digest,
        basis: basis.as_str_name().trim_start_matches("ERASURE_BASIS_"),
        reference,
        by: call.caller.principal(),
        at: now,
    };
    let response = pb::EraseNoteResponse { erasure: Some(shown(&erasure, basis)) };
    let mut batch = Batch::new();
    erasures::erase(&mut batch, &doomed, &erasure);
    call.remember(&mut batch, &response, now);
    // Of two at once, the row of the first refuses the second.
    batch.run(&mut tx).await.map_err(|error| match error.constraint() {
        Some(erasures::PRIMARY_KEY) => WorkflowError::NoteErased(note),
        _ => error.into(),
    })?;
    tx.commit().await?;
    tracing::info!(note.id = %note, chain = %erasure.chain, "a text was erased");
    Ok(response)
}

fn parse(req: pb::EraseNoteRequest) -> Result<(NoteId, pb::ErasureBasis, String), Refusal> {
    let pb::EraseNoteRequest { note_id, basis, reference, request_id: _ } = req;
    let mut f = Fields::new();
    let note = f.parse("note_id", &note_id);
    let basis = f.enumeration("basis", basis);
    let reference = f.text("reference", &reference, 1, 64);
    let (Some(note), Some(basis), Some(reference)) = (note, basis, reference) else {
        return Err(f.refuse());
    };
    f.finish()?;
    Ok((note, basis, reference))
}

fn shown(erasure: &Erasure, basis: pb::ErasureBasis) -> pb::NoteErasure {
    let Erasure { note, chain, seq, digest, basis: _, reference, by, at } = erasure;
    pb::NoteErasure {
        note_id: note.to_string(),
        issue_id: chain.issue().map(|issue| issue.to_string()).unwrap_or_default(),
        sequence: *seq,
        digest: digest.as_bytes().to_vec().into(),
        basis: basis.into(),
        reference: reference.clone(),
        erased_by: by.clone(),
        erase_time: Some(timestamp(*at)),
        chain: chain.to_string(),
    }
}
