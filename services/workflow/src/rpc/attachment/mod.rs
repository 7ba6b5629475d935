//! Files of issues and of drafts.

use proto::workflow::v1::{
    self as pb,
    attachment_service_server::{AttachmentService, AttachmentServiceServer},
};
use rpc::Limits;
use store::Db;
use tonic::service::RoutesBuilder;

use super::WorkflowRpc;
use crate::config::FileRoom;

pub(crate) mod sight;

mod convert;
mod download_attachment;
mod error;
mod get_attachment;
mod list_attachments;
mod piece;
mod remove_attachment;
mod upload_attachment;

pub(crate) use error::AttachmentError;
pub(super) use sight::sight;

/// Bytes of a piece, at most.
const MAX_CHUNK: usize = 64 << 10;
/// A piece with all that is around it.
const MAX_PIECE: usize = MAX_CHUNK + (8 << 10);

/// What the RPCs of files stand on.
#[derive(Debug, Clone)]
pub(crate) struct AttachmentRpc {
    workflow: WorkflowRpc,
    room: FileRoom,
}

impl rpc::Service for AttachmentRpc {
    fn db(&self) -> &Db {
        &self.workflow.db
    }
}

pub(super) fn add_to(workflow: WorkflowRpc, room: FileRoom, routes: &mut RoutesBuilder, limits: &Limits) {
    let attachments = AttachmentServiceServer::new(AttachmentRpc { workflow, room })
        .max_decoding_message_size(MAX_PIECE)
        .max_encoding_message_size(limits.max_response_bytes);
    routes.add_service(attachments);
}

rpc::service! {
    impl AttachmentService, for AttachmentRpc;
    mutation {
        remove_attachment(pb::RemoveAttachmentRequest) -> pb::RemoveAttachmentResponse = remove_attachment::handle;
    }
    upload {
        upload_attachment(pb::UploadAttachmentRequest) -> pb::UploadAttachmentResponse = upload_attachment::handle;
    }
    query {
        get_attachment(pb::GetAttachmentRequest) -> pb::GetAttachmentResponse = get_attachment::handle;
        list_attachments(pb::ListAttachmentsRequest) -> pb::ListAttachmentsResponse = list_attachments::handle;
    }
    stream {
        download_attachment(pb::DownloadAttachmentRequest)
            -> DownloadAttachmentStream of pb::DownloadAttachmentResponse = download_attachment::handle;
    }
}
