//! Short ways to send and fetch files.

use std::path::PathBuf;

use chrono::TimeDelta;
use kernel::{AccountId, EnterpriseId};
use proto::workflow::v1::{
    self as pb, attachment_service_client::AttachmentServiceClient,
    download_attachment_response::Part as Down, draft_service_client::DraftServiceClient,
    upload_attachment_request::Part as Up,
};
use rpc::Bearer;
use testkit::TestSuite;

use crate::world::*;

pub const PDF: &[u8] = b"%PDF-1.7\nthe letter of the firm\n%%EOF\n";

/// An upload before it is cut into pieces.
#[derive(Clone)]
pub struct Upload {
    pub header: pb::UploadHeader,
    pub content: Vec<u8>,
    pub request_id: String,
    pub chunk: usize,
}

pub fn upload(app: &TestSuite, issue_id: &str, file_name: &str, content: &[u8]) -> Upload {
    let header = pb::UploadHeader {
        issue_id: issue_id.to_owned(),
        file_name: file_name.to_owned(),
        ..Default::default()
    };
    Upload { header, content: content.to_vec(), request_id: app.request_id(), chunk: 64 << 10 }
}

pub fn letter(app: &TestSuite, issue: &pb::Issue) -> Upload {
    upload(app, &issue.issue_id, "来信.pdf", PDF)
}

impl Upload {
    pub fn for_(mut self, audience: pb::AttachmentAudience) -> Self {
        self.header.audience = audience.into();
        self
    }

    pub fn of_draft(mut self, draft: &pb::Draft) -> Self {
        self.header.issue_id.clear();
        self.header.draft_id.clone_from(&draft.draft_id);
        self
    }

    fn pieces(self) -> Vec<pb::UploadAttachmentRequest> {
        let first =
            pb::UploadAttachmentRequest { request_id: self.request_id, part: Some(Up::Header(self.header)) };
        let chunks = self.content.chunks(self.chunk).map(|chunk| pb::UploadAttachmentRequest {
            request_id: String::new(),
            part: Some(Up::Chunk(chunk.to_vec().into())),
        });
        [first].into_iter().chain(chunks).collect()
    }
}

impl Person<'_> {
    pub fn files(&self) -> AttachmentServiceClient<Bearer> {
        AttachmentServiceClient::new(self.connection())
    }

    pub fn drafts(&self) -> DraftServiceClient<Bearer> {
        DraftServiceClient::new(self.connection())
    }

    pub async fn send(&self, pieces: Vec<pb::UploadAttachmentRequest>) -> Answer<pb::Attachment> {
        let answer = self.files().upload_attachment(tokio_stream::iter(pieces)).await?;
        Ok(answer.into_inner().attachment.unwrap())
    }

    pub async fn upload(&self, upload: Upload) -> Answer<pb::Attachment> {
        self.send(upload.pieces()).await
    }

    pub async fn file(&self, file: &pb::Attachment) -> Answer<pb::Attachment> {
        let request = pb::GetAttachmentRequest { attachment_id: file.attachment_id.clone() };
        Ok(self.files().get_attachment(request).await?.into_inner().attachment.unwrap())
    }

    pub async fn list_files(&self, issue: &pb::Issue) -> Answer<pb::ListAttachmentsResponse> {
        let request = pb::ListAttachmentsRequest { issue_id: issue.issue_id.clone(), ..Default::default() };
        Ok(self.files().list_attachments(request).await?.into_inner())
    }

    /// Names of the files of an issue that they see.
    pub async fn names(&self, issue: &pb::Issue) -> Vec<String> {
        let listed = self.list_files(issue).await.unwrap();
        let names: Vec<_> = listed.attachments.into_iter().map(|file| file.file_name).collect();
        assert_eq!(listed.total_count, i64::try_from(names.len()).unwrap());
        names
    }

    pub async fn download(&self, file: &pb::Attachment) -> Answer<Vec<u8>> {
        self.download_part(file, 0, 0).await
    }

    pub async fn download_part(&self, file: &pb::Attachment, offset: i64, length: i64) -> Answer<Vec<u8>> {
        let request =
            pb::DownloadAttachmentRequest { attachment_id: file.attachment_id.clone(), offset, length };
        let mut pieces = self.files().download_attachment(request).await?.into_inner();
        let first = pieces.message().await?.unwrap().part;
        assert!(matches!(first, Some(Down::Attachment(_))), "the description comes first");
        let mut content = Vec::new();
        while let Some(piece) = pieces.message().await? {
            let chunk = if let Some(Down::Chunk(chunk)) = piece.part { Some(chunk) } else { None };
            let chunk = chunk.expect("bytes follow");
            assert!(chunk.len() <= 64 << 10);
            content.extend_from_slice(&chunk);
        }
        Ok(content)
    }

    pub async fn remove(&self, file: &pb::Attachment) -> Answer<()> {
        let request = pb::RemoveAttachmentRequest {
            attachment_id: file.attachment_id.clone(),
            etag: file.etag.clone(),
            request_id: self.app().request_id(),
        };
        self.files().remove_attachment(request).await.map(drop)
    }

    pub async fn save(&self, draft: pb::SaveDraftRequest) -> Answer<pb::Draft> {
        Ok(self.drafts().save_draft(draft).await?.into_inner().draft.unwrap())
    }
}

pub fn draft(app: &TestSuite, enterprise: EnterpriseId) -> pb::SaveDraftRequest {
    pb::SaveDraftRequest {
        enterprise_id: enterprise.to_string(),
        title: "缺少警示标志".to_owned(),
        request_id: app.request_id(),
        ..Default::default()
    }
}

/// Files in the store, whoever they belong to.
pub fn n_kept(app: &TestSuite) -> usize {
    let count = |dir: PathBuf| std::fs::read_dir(dir).unwrap().count();
    let kept = app.suite.config().data_dir.join("attachments/kept");
    std::fs::read_dir(kept).unwrap().map(|entry| count(entry.unwrap().path())).sum()
}

/// Lets what is due be cleared away; what broke off is taken up again when its lease is over.
pub async fn swept(app: &TestSuite) {
    for _ in 0..8 {
        app.settle().await;
        app.clock.advance(TimeDelta::hours(1));
    }
    app.settle().await;
}

/// An agent of the dairy beside its owner.
pub const AGENT: AccountId = account(203);

pub fn agent(app: &TestSuite) -> Person<'_> {
    person(app, AGENT, vec![access::RoleGrant::enterprise(DAIRY)])
}
