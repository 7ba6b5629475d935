use proto::workflow::v1::{UploadAttachmentRequest, upload_attachment_request::Part};
use rpc::Pieces;

/// An upload: the header, then the bytes.
#[derive(Debug)]
pub(super) struct Upload;

impl Pieces for Upload {
    type Piece = UploadAttachmentRequest;

    fn request_id(piece: &UploadAttachmentRequest) -> &str {
        &piece.request_id
    }

    fn content(piece: &UploadAttachmentRequest) -> &[u8] {
        if let Some(Part::Chunk(chunk)) = &piece.part { chunk } else { &[] }
    }

    fn head(piece: &UploadAttachmentRequest) -> UploadAttachmentRequest {
        let part = piece.part.clone().filter(|part| !matches!(part, Part::Chunk(_)));
        UploadAttachmentRequest { request_id: piece.request_id.clone(), part }
    }
}
