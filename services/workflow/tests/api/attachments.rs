use access::{Role, RoleGrant};
use chrono::TimeDelta;
use kernel::{DepartmentId, SectionId};
use proto::workflow::v1::{self as pb, AttachmentAudience as For, upload_attachment_request::Part};
use testkit::TestSuite;
use tonic::Code;

use crate::{files::*, world::*};

fn hidden() -> (Code, String) {
    was(Code::NotFound, "ATTACHMENT_NOT_FOUND")
}

both_engines! {
    async fn a_file_comes_back_as_it_was_to_those_it_is_for(app: TestSuite) {
        let issue = submitted(app).await;
        let content: Vec<u8> = (0..40_000).flat_map(|n: u32| format!("{n}\n").into_bytes()).collect();
        let sent = upload(app, &issue.issue_id, "名单.csv", &content).for_(For::Joint);
        let file = owner(app).upload(sent).await.unwrap();
        assert_eq!(file.media_type, "text/csv");
        assert_eq!(file.size_bytes, i64::try_from(content.len()).unwrap());
        assert_eq!(file.sha256, file.received_sha256);
        assert_eq!(file.state(), pb::AttachmentState::UnscannedAllowed);
        assert_eq!(file.uploader_id, OWNER.to_string());

        for reader in [owner(app), agent(app), liaison(app), operator(app), auditor(app)] {
            assert_eq!(reader.file(&file).await.unwrap(), file);
            assert_eq!(reader.names(&issue).await, ["名单.csv"]);
            assert_eq!(reader.download(&file).await.unwrap(), content);
        }
        let reader = liaison(app);
        assert_eq!(reader.download_part(&file, 100_000, 70_000).await.unwrap(), content[100_000..170_000]);
        assert_eq!(reader.download_part(&file, 200_000, 0).await.unwrap(), content[200_000..]);
        let beyond = refusal(reader.download_part(&file, file.size_bytes, 0).await);
        assert_eq!(beyond, was(Code::OutOfRange, "ATTACHMENT_RANGE_INVALID"));
    }

    async fn who_does_not_see_the_issue_sees_no_file_of_it(app: TestSuite) {
        let issue = submitted(app).await;
        let file = owner(app).upload(letter(app, &issue).for_(For::Joint)).await.unwrap();
        let nothing = pb::Attachment { attachment_id: app.uuid().to_string(), ..file.clone() };
        let strangers = [
            steel_owner(app),
            manager(app, LI),
            person(app, LIAISON, vec![RoleGrant::liaison(DepartmentId::new(app.uuid()))]),
            person(app, HANDLER, vec![RoleGrant::section_handler(HOUSING, SectionId::new(app.uuid()))]),
        ];
        for stranger in strangers {
            let asked = stranger.file(&file).await.unwrap_err();
            let missing = stranger.file(&nothing).await.unwrap_err();
            assert_eq!(testkit::reason(&asked), hidden());
            assert_eq!(asked.message(), missing.message());
            assert_eq!(refusal(stranger.download(&file).await), hidden());
            assert_eq!(refusal(stranger.remove(&file).await), hidden());
            let no_issue = || was(Code::NotFound, "ISSUE_NOT_FOUND");
            assert_eq!(refusal(stranger.list_files(&issue).await), no_issue());
            assert_eq!(refusal(stranger.upload(letter(app, &issue)).await), no_issue());
        }
        // Who sees every issue, and is no party of any.
        let leader = person(app, account(701), vec![RoleGrant::of(Role::Leader)]);
        assert_eq!(leader.download(&file).await.unwrap(), PDF);
        assert_eq!(refusal(leader.upload(letter(app, &issue)).await), was(Code::PermissionDenied, "NOT_PERMITTED"));
        let machine = app.client(&["issues.submit", "issues.read"]);
        let mut machine = pb::attachment_service_client::AttachmentServiceClient::new(machine);
        let asked = machine.get_attachment(pb::GetAttachmentRequest { attachment_id: file.attachment_id }).await;
        assert_eq!(asked.unwrap_err().code(), Code::PermissionDenied);
    }

    async fn each_side_has_files_of_its_own(app: TestSuite) {
        appointed(app, WANG, DAIRY, "03-01").await;
        let issue = submitted(app).await;
        let named = |name: &str| upload(app, &issue.issue_id, name, PDF);
        let of_firm = owner(app).upload(named("firm.pdf")).await.unwrap();
        let of_office = liaison(app).upload(named("office.pdf")).await.unwrap();
        let of_auditor = auditor(app).upload(named("audit.pdf")).await.unwrap();
        let for_all = operator(app).upload(named("joint.pdf").for_(For::Joint)).await.unwrap();
        assert_eq!(
            [of_firm.audience(), of_office.audience(), of_auditor.audience(), for_all.audience()],
            [For::Firm, For::Department, For::Audit, For::Joint]
        );
        for firm in [owner(app), agent(app), manager(app, WANG)] {
            assert_eq!(firm.names(&issue).await, ["firm.pdf", "joint.pdf"]);
            assert_eq!(refusal(firm.download(&of_office).await), hidden());
            assert_eq!(refusal(firm.file(&of_auditor).await), hidden());
        }
        assert_eq!(liaison(app).names(&issue).await, ["office.pdf", "joint.pdf"]);
        assert_eq!(refusal(liaison(app).download(&of_firm).await), hidden());
        assert_eq!(operator(app).names(&issue).await, ["firm.pdf", "office.pdf", "joint.pdf"]);
        assert_eq!(refusal(operator(app).download(&of_auditor).await), hidden());
        assert_eq!(auditor(app).names(&issue).await, ["firm.pdf", "office.pdf", "audit.pdf", "joint.pdf"]);
        // What somebody hands to the auditor they still see themselves.
        let handed = liaison(app).upload(named("for the auditor.pdf").for_(For::Audit)).await.unwrap();
        assert_eq!(liaison(app).download(&handed).await.unwrap(), PDF);
        assert_eq!(operator(app).names(&issue).await.len(), 3);
    }

    async fn a_repeated_upload_has_one_effect_however_it_is_cut(app: TestSuite) {
        let issue = submitted(app).await;
        let first = letter(app, &issue);
        let file = owner(app).upload(first.clone()).await.unwrap();
        let again = Upload { chunk: 7, ..first.clone() };
        assert_eq!(owner(app).upload(again).await.unwrap(), file);
        let other = Upload { content: b"%PDF-1.7\nanother\n%%EOF\n".to_vec(), ..first.clone() };
        assert_eq!(refusal(owner(app).upload(other).await), was(Code::InvalidArgument, "REQUEST_ID_REUSED"));
        let mut renamed = first;
        "b.pdf".clone_into(&mut renamed.header.file_name);
        assert_eq!(refusal(owner(app).upload(renamed).await), was(Code::InvalidArgument, "REQUEST_ID_REUSED"));
        assert_eq!((owner(app).names(&issue).await.len(), n_kept(app)), (1, 1));

        // Two at the same time.
        let twice = letter(app, &issue);
        let (a, b) = (owner(app), owner(app));
        let (one, two) = tokio::join!(a.upload(twice.clone()), b.upload(twice));
        assert_eq!(one.unwrap(), two.unwrap());
        assert_eq!(owner(app).names(&issue).await.len(), 2);
        app.clock.advance(TimeDelta::hours(2));
        app.settle().await;
        assert_eq!(n_kept(app), 2, "the bytes that came twice are kept once");
    }

    async fn what_is_not_fit_is_refused_and_leaves_nothing(app: TestSuite) {
        let issue = submitted(app).await;
        let named = |name: &str, content: &[u8]| upload(app, &issue.issue_id, name, content);
        let bad = |reason: &str| was(Code::InvalidArgument, reason);
        let owner = owner(app);
        let page = named("a.pdf", b"<html><script>alert(1)</script>");
        assert_eq!(refusal(owner.upload(page).await), bad("ATTACHMENT_TYPE_UNKNOWN"));
        assert_eq!(refusal(owner.upload(named("a.jpg", PDF)).await), bad("ATTACHMENT_TYPE_MISMATCH"));
        let cut = named("a.pdf", b"%PDF-1.7 and then");
        assert_eq!(refusal(owner.upload(cut).await), bad("ATTACHMENT_CONTENT_REFUSED"));
        let large = named("a.txt", &vec![b'x'; (20 << 20) + 1]);
        assert_eq!(refusal(owner.upload(large).await), bad("ATTACHMENT_TOO_LARGE"));
        let mut told = named("a.pdf", PDF);
        told.header.size_bytes = (20 << 20) + 1;
        assert_eq!(refusal(owner.upload(told.clone()).await), bad("ATTACHMENT_TOO_LARGE"));
        told.header.size_bytes = 5;
        assert_eq!(refusal(owner.upload(told).await), bad("ATTACHMENT_DIFFERS"));
        let mut told = named("a.pdf", PDF);
        told.header.sha256 = "0".repeat(64);
        assert_eq!(refusal(owner.upload(told).await), bad("ATTACHMENT_DIFFERS"));
        for name in ["../a.pdf", "a", "a\u{202e}fdp.exe", ""] {
            assert_eq!(refusal(owner.upload(named(name, PDF)).await), bad("FIELD_INVALID"), "{name:?}");
        }
        let mut both = named("a.pdf", PDF);
        both.header.draft_id = app.request_id();
        assert_eq!(refusal(owner.upload(both).await), bad("FIELD_INVALID"));

        let piece = |part| pb::UploadAttachmentRequest { request_id: app.request_id(), part };
        let header = || Some(Part::Header(named("a.pdf", PDF).header));
        let odd = [
            vec![],
            vec![piece(None)],
            vec![piece(Some(Part::Chunk(PDF.into())))],
            vec![piece(header()), piece(header())],
            vec![piece(header()), pb::UploadAttachmentRequest::default()],
            vec![piece(header()), pb::UploadAttachmentRequest {
                request_id: String::new(), part: Some(Part::Chunk(vec![b'x'; (64 << 10) + 1].into())),
            }],
        ];
        for pieces in odd {
            assert_eq!(refusal(owner.send(pieces).await), bad("FIELD_INVALID"));
        }
        assert_eq!((owner.names(&issue).await.len(), n_kept(app)), (0, 0));
    }

    async fn a_picture_loses_what_the_camera_wrote(app: TestSuite) {
        let issue = submitted(app).await;
        let chunk = |kind: &[u8], data: &[u8]| {
            [&u32::try_from(data.len()).unwrap().to_be_bytes(), kind, data, &[0; 4]].concat()
        };
        let photo = |place: &[u8]| {
            let head = chunk(b"IHDR", &[0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0]);
            [b"\x89PNG\r\n\x1a\n".as_slice(), &head, place, &chunk(b"IDAT", b"x"), &chunk(b"IEND", b"")].concat()
        };
        let told = photo(&chunk(b"eXIf", b"31.2304 N 121.4737 E"));
        let file = owner(app).upload(upload(app, &issue.issue_id, "现场.png", &told)).await.unwrap();
        assert_eq!(owner(app).download(&file).await.unwrap(), photo(b""));
        assert_ne!(file.sha256, file.received_sha256);
    }

    async fn a_file_is_removed_by_who_uploaded_it_and_its_bytes_go_later(app: TestSuite) {
        let issue = submitted(app).await;
        let file = owner(app).upload(letter(app, &issue).for_(For::Joint)).await.unwrap();
        assert_eq!(refusal(agent(app).remove(&file).await), was(Code::PermissionDenied, "NOT_PERMITTED"));
        assert_eq!(refusal(liaison(app).remove(&file).await), was(Code::PermissionDenied, "NOT_PERMITTED"));
        let stale = pb::Attachment { etag: kernel::Version::new(7).to_string(), ..file.clone() };
        assert_eq!(refusal(owner(app).remove(&stale).await), was(Code::Aborted, "STALE_ETAG"));
        let request = pb::RemoveAttachmentRequest {
            attachment_id: file.attachment_id.clone(),
            etag: file.etag.clone(),
            request_id: app.request_id(),
        };
        for _ in 0..2 {
            owner(app).files().remove_attachment(request.clone()).await.unwrap();
        }
        assert_eq!(refusal(owner(app).file(&file).await), hidden());
        assert_eq!(refusal(owner(app).download(&file).await), hidden());
        assert_eq!(refusal(owner(app).remove(&file).await), hidden());
        assert!(owner(app).names(&issue).await.is_empty());
        app.clock.advance(TimeDelta::days(6));
        app.settle().await;
        assert_eq!(n_kept(app), 1);
        app.clock.advance(TimeDelta::days(1));
        swept(app).await;
        assert_eq!(n_kept(app), 0);
    }

    async fn files_come_in_pages(app: TestSuite) {
        let issue = submitted(app).await;
        for n in 1..=3 {
            owner(app).upload(upload(app, &issue.issue_id, &format!("{n}.pdf"), PDF)).await.unwrap();
        }
        let mut request = pb::ListAttachmentsRequest {
            issue_id: issue.issue_id.clone(), page_size: 2, ..Default::default()
        };
        let first = owner(app).files().list_attachments(request.clone()).await.unwrap().into_inner();
        assert_eq!((first.attachments.len(), first.total_count), (2, 3));
        request.page_token = first.next_page_token;
        let second = owner(app).files().list_attachments(request.clone()).await.unwrap().into_inner();
        assert_eq!((second.attachments.len(), second.next_page_token.as_str()), (1, ""));
        request.issue_id = submitted(app).await.issue_id;
        let elsewhere = owner(app).files().list_attachments(request).await.unwrap_err();
        assert_eq!(testkit::reason(&elsewhere), was(Code::InvalidArgument, "PAGE_TOKEN_INVALID"));
    }
}
