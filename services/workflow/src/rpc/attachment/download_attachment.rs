use std::ops::Range;

use files::BlobError;
use futures::{Stream, StreamExt as _, stream};
use proto::workflow::v1::{self as pb, download_attachment_response::Part};
use rpc::{Call, Fields, put_on_record};
use store::Batch;

use super::{
    AttachmentError, AttachmentRpc, MAX_CHUNK, convert,
    sight::{self, Hold},
};
use crate::{
    domain::{Attachment, ScanState},
    error::WorkflowError,
};

type Piece = Result<pb::DownloadAttachmentResponse, WorkflowError>;

pub(super) async fn handle(
    rpc: AttachmentRpc,
    call: Call,
    req: pb::DownloadAttachmentRequest,
) -> Result<impl Stream<Item = Piece> + Send + 'static, WorkflowError> {
    let pb::DownloadAttachmentRequest { attachment_id, offset, length } = req;
    let mut f = Fields::new();
    let id = f.parse("attachment_id", &attachment_id);
    let offset = f.take("offset", u64::try_from(offset));
    let length = f.take("length", u64::try_from(length));
    let (Some(id), Some(offset), Some(length)) = (id, offset, length) else { return Err(f.refuse().into()) };
    f.finish()?;
    let mut tx = rpc.workflow.db.snapshot().await?;
    let file = sight::admit(&rpc.workflow, &call, &mut tx, id, Hold::No).await?;
    tx.commit().await?;
    match file.state {
        ScanState::Quarantined => return Err(AttachmentError::Quarantined(id).into()),
        ScanState::Infected => return Err(AttachmentError::Infected(id).into()),
        ScanState::Clean | ScanState::UnscannedAllowed => {}
    }
    let range = part(&file, offset, length)?;
    let content = rpc.room.blobs.get(&file.blob_key, range).await.map_err(AttachmentError::Store)?;
    let now = rpc.workflow.clock.now();
    put_on_record(&rpc.workflow.db, move || {
        let mut batch = Batch::new();
        call.disclose(&mut batch, format!("attachment/{id}"), now);
        batch
    })
    .await?;
    let head = pb::DownloadAttachmentResponse { part: Some(Part::Attachment(convert::attachment(&file))) };
    let pieces = content.flat_map(|piece| {
        let pieces: Vec<Piece> = match piece {
            Ok(mut bytes) => {
                let mut pieces = Vec::with_capacity(bytes.len().div_ceil(MAX_CHUNK));
                while !bytes.is_empty() {
                    let chunk = bytes.split_to(bytes.len().min(MAX_CHUNK));
                    pieces.push(Ok(pb::DownloadAttachmentResponse { part: Some(Part::Chunk(chunk)) }));
                }
                pieces
            }
            Err(error) => vec![Err(AttachmentError::Store(BlobError::Broken(error)).into())],
        };
        stream::iter(pieces)
    });
    Ok(stream::iter([Ok(head)]).chain(pieces))
}

/// The part that is asked for, as far as it lies in the file.
fn part(file: &Attachment, offset: u64, length: u64) -> Result<Range<u64>, AttachmentError> {
    let n_bytes = u64::try_from(file.n_bytes).unwrap_or_default();
    if n_bytes <= offset {
        return Err(AttachmentError::RangeInvalid { n_bytes: file.n_bytes });
    }
    let end = if length == 0 { n_bytes } else { n_bytes.min(offset.saturating_add(length)) };
    Ok(offset..end)
}
