use bytes::Bytes;
use files::{FileName, Inspected, Spool, Spooled};
use kernel::{AttachmentId, Timestamp, Version};
use proto::workflow::v1::{self as pb, upload_attachment_request::Part};
use rpc::{Call, Fields, Incoming};
use store::Batch;
use trail::Hash;

use super::{
    AttachmentError, AttachmentRpc, MAX_CHUNK, convert,
    piece::Upload,
    sight::{self, Hold, Seen},
};
use crate::{
    domain::{Attachment, Audience, Owner, ScanState},
    error::WorkflowError,
    store::{attachments, blobs, drafts},
};

pub(super) async fn handle(
    rpc: AttachmentRpc,
    call: Call,
    mut incoming: Incoming<Upload>,
) -> Result<pb::UploadAttachmentResponse, WorkflowError> {
    let asked = parse(incoming.next().await?, rpc.room.max_bytes)?;
    // Whoever may not is told before the bytes come.
    let mut tx = rpc.workflow.db.snapshot().await?;
    sight::owner(&rpc.workflow, &call, &mut tx, asked.owner, Hold::No).await?;
    tx.commit().await?;

    let spooled = receive(&rpc, &mut incoming).await?;
    if asked.differs(&spooled) {
        return Err(AttachmentError::Differs.into());
    }
    let kept = keep(&rpc, &asked.name, spooled).await?;
    rpc::unit_of_work(|| record(&rpc, &call, &asked, &kept)).await
}

#[derive(Debug)]
struct Asked {
    owner: Owner,
    name: FileName,
    /// As far as the caller says.
    n_bytes: Option<u64>,
    sha256: Option<Hash>,
    audience: Option<Audience>,
}

impl Asked {
    fn differs(&self, spooled: &Spooled) -> bool {
        self.n_bytes.is_some_and(|n_bytes| n_bytes != spooled.n_bytes)
            || self.sha256.is_some_and(|sha256| *sha256.as_bytes() != spooled.sha256)
    }
}

fn parse(first: Option<pb::UploadAttachmentRequest>, max_bytes: u64) -> Result<Asked, WorkflowError> {
    let pb::UploadAttachmentRequest { request_id: _, part } = first.unwrap_or_default();
    let mut f = Fields::new();
    let Some(Part::Header(header)) = part else {
        f.reject("header", "comes first");
        return Err(f.refuse().into());
    };
    let pb::UploadHeader { issue_id, draft_id, file_name, size_bytes, sha256, audience } = header;
    let owner = convert::owner(&mut f, "header.", &issue_id, &draft_id);
    let name = f.parse("header.file_name", &file_name);
    let n_bytes = f.take("header.size_bytes", u64::try_from(size_bytes));
    let sha256 = f.parse_optional("header.sha256", &sha256);
    let audience = f.enumeration_optional("header.audience", audience).and_then(convert::audience_from);
    let (Some(owner), Some(name), Some(n_bytes)) = (owner, name, n_bytes) else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    if max_bytes < n_bytes {
        return Err(AttachmentError::Spool(files::SpoolError::TooLarge { max_bytes }).into());
    }
    Ok(Asked { owner, name, n_bytes: (n_bytes != 0).then_some(n_bytes), sha256, audience })
}

/// Takes the bytes to the disk as they come.
async fn receive(rpc: &AttachmentRpc, incoming: &mut Incoming<Upload>) -> Result<Spooled, WorkflowError> {
    let mut spool =
        Spool::open(&rpc.room.spool_dir, rpc.room.max_bytes).await.map_err(AttachmentError::Spool)?;
    while let Some(pb::UploadAttachmentRequest { request_id, part }) = incoming.next().await? {
        let mut f = Fields::new();
        if !request_id.is_empty() {
            f.reject("request_id", "comes with the header alone");
        }
        match part {
            Some(Part::Chunk(chunk)) if chunk.len() <= MAX_CHUNK => {
                f.finish()?;
                spool.write(chunk).await.map_err(AttachmentError::Spool)?;
            }
            Some(Part::Chunk(_)) => {
                f.reject("chunk", "has more than 64 KiB");
                return Err(f.refuse().into());
            }
            Some(Part::Header(_)) | None => {
                f.reject("chunk", "is what follows the header");
                return Err(f.refuse().into());
            }
        }
    }
    Ok(spool.finish().map_err(AttachmentError::Spool)?)
}

/// A file whose bytes are in the store, and are nobody's yet.
#[derive(Debug)]
struct Kept {
    blob_key: String,
    since: Timestamp,
    media_type: &'static str,
    n_bytes: i64,
    sha256: Hash,
    received: Hash,
}

/// Looks into the file and puts it into the store. Its key is noted before, so that it is swept if nobody takes it over.
async fn keep(rpc: &AttachmentRpc, name: &FileName, spooled: Spooled) -> Result<Kept, WorkflowError> {
    let received = Hash::new(spooled.sha256);
    let turn = rpc.room.inspecting.acquire().await.map_err(std::io::Error::other);
    let _turn = turn.map_err(AttachmentError::Inspection)?;
    let content = spooled.read().await.map_err(AttachmentError::Inspection)?;
    let name = name.clone();
    let inspecting = tokio::task::spawn_blocking(move || {
        let inspected = files::inspect(content, &name)?;
        let sha256 = files::sha256(&inspected.content);
        Ok((inspected, sha256))
    });
    let inspected =
        inspecting.await.map_err(|error| AttachmentError::Inspection(std::io::Error::other(error)))?;
    let (Inspected { media_type, content }, sha256) = inspected.map_err(AttachmentError::Refused)?;

    let since = rpc.workflow.clock.now();
    let blob_key = format!("{:032x}", rand::random::<u128>());
    let mut batch = Batch::new();
    blobs::pending(&mut batch, &blob_key, since);
    let mut tx = rpc.workflow.db.begin().await?;
    batch.run(&mut tx).await?;
    tx.commit().await?;
    let n_bytes = i64::try_from(content.len()).unwrap_or(i64::MAX);
    rpc.room.blobs.put(&blob_key, Bytes::from(content)).await.map_err(AttachmentError::Store)?;
    let sha256 = Hash::new(sha256);
    Ok(Kept { blob_key, since, media_type: media_type.name(), n_bytes, sha256, received })
}

/// The file becomes one of its owner's, unless there is no room for it.
async fn record(
    rpc: &AttachmentRpc,
    call: &Call,
    asked: &Asked,
    kept: &Kept,
) -> Result<pb::UploadAttachmentResponse, WorkflowError> {
    let AttachmentRpc { workflow, room } = rpc;
    let now = workflow.clock.now();
    let mut tx = workflow.db.begin().await?;
    let seen = sight::owner(workflow, call, &mut tx, asked.owner, Hold::Yes).await?;
    let uploader = seen.account.ok_or_else(|| call.not_permitted())?;
    let max = room.max_per_owner;
    if max <= attachments::count_all(&mut tx, asked.owner).await? {
        return Err(AttachmentError::TooMany { max }.into());
    }
    let Seen { enterprise, eyes, account: _, draft } = seen;
    if eyes.firm {
        let taken = attachments::room_taken(&mut tx, enterprise, now).await?;
        if room.firm_bytes < taken.saturating_add(kept.n_bytes) {
            return Err(AttachmentError::QuotaExceeded { max_bytes: room.firm_bytes }.into());
        }
    }
    // A draft is made to be submitted, with all that belongs to it.
    let by_default = if draft.is_some() { Audience::Joint } else { eyes.own_side() };
    let file = Attachment {
        id: AttachmentId::new(workflow.ids.uuid(now)),
        owner: asked.owner,
        enterprise,
        audience: asked.audience.unwrap_or(by_default),
        file_name: asked.name.to_string(),
        media_type: kept.media_type.to_owned(),
        n_bytes: kept.n_bytes,
        sha256: kept.sha256,
        received: kept.received,
        blob_key: kept.blob_key.clone(),
        state: if room.scanner.is_some() { ScanState::Quarantined } else { ScanState::UnscannedAllowed },
        finding: None,
        failed_scans: 0,
        uploader,
        of_firm: eyes.firm,
        uploaded_at: now,
        is_referred: false,
        version: Version::FIRST,
    };
    let mut batch = Batch::new();
    blobs::owned(&mut batch, &kept.blob_key, kept.since);
    attachments::insert(&mut batch, &file, &call.client.to_string());
    if let Some(draft) = draft {
        drafts::touch(&mut batch, draft.id, now);
    }
    let response = pb::UploadAttachmentResponse { attachment: Some(convert::attachment(&file)) };
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}
