//! What is on record of the calls: see also `on_record.rs`, which the model's runs are counted by.

use futures::StreamExt as _;
use proto::{
    common::v1::{
        AccessEvent, AccessOutcome, WatchEventsRequest, event_feed_service_client::EventFeedServiceClient,
    },
    registry::v1::{RetireEnterpriseRequest, enterprise_service_client::EnterpriseServiceClient},
    workflow::v1::{
        self as pb, issue_service_client::IssueServiceClient, trail_service_client::TrailServiceClient,
    },
};
use store::Fault;
use testkit::{Engine, TestSuite};
use tonic::Code;

use crate::{
    files::letter,
    on_record::{faults, n_on_record},
    trail_log::{audit_admin, export, log_all},
    world::*,
};

fn of(outcome: AccessOutcome) -> pb::ListAccessEventsRequest {
    pb::ListAccessEventsRequest { outcome: outcome.into(), ..Default::default() }
}

async fn page(app: &TestSuite, request: pb::ListAccessEventsRequest) -> Answer<pb::ListAccessEventsResponse> {
    Ok(audit_admin(app).list_access_events(request).await?.into_inner())
}

async fn listed(app: &TestSuite, request: pb::ListAccessEventsRequest) -> Vec<AccessEvent> {
    page(app, pb::ListAccessEventsRequest { page_size: 500, ..request }).await.unwrap().access_events
}

/// Who was refused what, and why; the newest first.
async fn denied(app: &TestSuite) -> Vec<(String, String, String)> {
    let events = listed(app, of(AccessOutcome::Denied)).await;
    events.into_iter().map(|event| (event.principal, event.method, event.reason)).collect()
}

/// Who was given what; the newest first.
async fn disclosed(app: &TestSuite) -> Vec<(String, String)> {
    let events = listed(app, of(AccessOutcome::Disclosed)).await;
    events.into_iter().map(|event| (event.principal, event.subject)).collect()
}

fn refused(account: kernel::AccountId, method: &str, reason: &str) -> (String, String, String) {
    (format!("account:{account}"), format!("/qinqing.workflow.v1.{method}"), reason.to_owned())
}

both_engines! {
    async fn what_was_done_is_on_record_once_however_often_it_is_asked_for(app: TestSuite) {
        let issue = closed(app).await;
        owner(app).upload(letter(app, &submitted(app).await)).await.unwrap();
        assert_eq!(faults(db(app)).await, Vec::<String>::new());
        let before = n_on_record(db(app), "done").await;

        let reopen = pb::ReopenIssueRequest {
            issue_id: issue.issue_id.clone(),
            reason: "问题再次出现".to_owned(),
            etag: issue.etag.clone(),
            request_id: app.request_id(),
        };
        let first = owner(app).issues().reopen_issue(reopen.clone()).await.unwrap();
        let again = owner(app).issues().reopen_issue(reopen.clone()).await.unwrap();
        assert!(again.metadata().contains_key(rpc::REPLAYED) && !first.metadata().contains_key(rpc::REPLAYED));
        let stale = pb::ReopenIssueRequest { request_id: app.request_id(), ..reopen.clone() };
        assert_eq!(refusal(owner(app).issues().reopen_issue(stale).await).0, Code::Aborted);
        assert_eq!(refusal(owner(app).sign_issue(&issue).await).0, Code::PermissionDenied);
        assert_eq!(n_on_record(db(app), "done").await, before + 1);
        assert_eq!(faults(db(app)).await, Vec::<String>::new());

        let newest = listed(app, of(AccessOutcome::Done)).await.remove(0);
        assert_eq!(newest.principal, format!("account:{OWNER}"));
        assert_eq!(newest.method, "/qinqing.workflow.v1.IssueService/ReopenIssue");
        assert_eq!(newest.request_id, reopen.request_id);
        assert_eq!(newest.time, Some(rpc::parse::timestamp(app.now())));
        assert_eq!((newest.trace_id.len(), newest.reason.as_str(), newest.subject.as_str()), (32, "", ""));
    }

    async fn a_refusal_is_on_record_with_its_reason(app: TestSuite) {
        let issue = submitted(app).await;
        // By role, before any handler; by relation; and what does not exist looks like what is hidden.
        let mut trail = TrailServiceClient::new(owner(app).connection());
        let answer = trail.export_trail(pb::ExportTrailRequest::default()).await;
        assert_eq!(answer.unwrap_err().code(), Code::PermissionDenied);
        let first = refused(OWNER, "TrailService/ExportTrail", "NOT_PERMITTED");
        assert_eq!(denied(app).await, std::slice::from_ref(&first));
        assert_eq!(refusal(steel_owner(app).get(&issue).await).0, Code::NotFound);
        let second = refused(STEEL_OWNER, "IssueService/GetIssue", "ISSUE_NOT_FOUND");
        assert_eq!(denied(app).await, [second.clone(), first.clone()]);
        let nothing = pb::Issue { issue_id: app.uuid().to_string(), ..issue.clone() };
        assert_eq!(refusal(operator(app).urge_issue(&nothing).await).0, Code::PermissionDenied);
        assert_eq!(refusal(steel_owner(app).urge_issue(&nothing).await).0, Code::NotFound);
        let expected = [
            refused(STEEL_OWNER, "IssueService/UrgeIssue", "ISSUE_NOT_FOUND"),
            refused(OPERATOR, "IssueService/UrgeIssue", "NOT_PERMITTED"),
            second,
            first,
        ];
        assert_eq!(denied(app).await, expected);
        // A mistake is no refusal, nor is a step that is not possible now.
        assert_eq!(refusal(owner(app).rate(&issue, 5).await).0, Code::FailedPrecondition);
        assert_eq!(refusal(owner(app).rate(&issue, 9).await).0, Code::InvalidArgument);
        assert_eq!(denied(app).await, expected);
    }

    async fn strangers_and_services_that_ask_what_there_is_are_not_on_record(app: TestSuite) {
        let get = pb::GetIssueRequest { issue_id: app.uuid().to_string() };
        let answer = IssueServiceClient::new(app.anonymous()).get_issue(get.clone()).await;
        assert_eq!(answer.unwrap_err().code(), Code::Unauthenticated);
        let answer = IssueServiceClient::new(app.service("registry")).get_issue(get).await;
        assert_eq!(answer.unwrap_err().code(), Code::NotFound);
        assert!(denied(app).await.is_empty());
        // What no service is to do is another matter.
        let mut issues = IssueServiceClient::new(app.service("registry"));
        let answer = issues.submit_issue(submission(app, DAIRY, "other")).await;
        assert_eq!(answer.unwrap_err().code(), Code::PermissionDenied);
        let method = "/qinqing.workflow.v1.IssueService/SubmitIssue".to_owned();
        assert_eq!(denied(app).await, [("service:registry".to_owned(), method, "NOT_PERMITTED".to_owned())]);
    }

    async fn a_refusal_is_kept_by_the_service_that_the_call_was_for(app: TestSuite) {
        let n_kept = async |service| n_on_record(app.suite.db(service).unwrap(), "denied").await;
        let retire = RetireEnterpriseRequest { enterprise_id: DAIRY.to_string(), ..Default::default() };
        let answer = EnterpriseServiceClient::new(liaison(app).connection()).retire_enterprise(retire).await;
        assert_eq!(answer.unwrap_err().code(), Code::PermissionDenied);
        assert_eq!((n_kept("registry").await, n_kept("workflow").await, n_kept("identity").await), (1, 0, 0));
        // What is no service's own is kept by the first of them.
        let mut feed = EventFeedServiceClient::new(liaison(app).connection());
        assert_eq!(feed.watch_events(WatchEventsRequest::default()).await.unwrap_err().code(), Code::PermissionDenied);
        assert_eq!((n_kept("registry").await, n_kept("workflow").await, n_kept("identity").await), (1, 0, 1));
    }

    async fn a_file_that_is_given_out_is_on_record(app: TestSuite) {
        let issue = submitted(app).await;
        let file = owner(app).upload(letter(app, &issue)).await.unwrap();
        assert!(disclosed(app).await.is_empty());
        let out_of_range = owner(app).download_part(&file, file.size_bytes, 0).await;
        assert_eq!(refusal(out_of_range).0, Code::OutOfRange);
        assert_eq!(refusal(steel_owner(app).download(&file).await).0, Code::NotFound);
        assert!(disclosed(app).await.is_empty(), "nothing was given out");

        owner(app).download(&file).await.unwrap();
        let by_owner = (format!("account:{OWNER}"), format!("attachment/{}", file.attachment_id));
        assert_eq!(disclosed(app).await, std::slice::from_ref(&by_owner));
        let mut pieces = operator(app).issues().export_issues(pb::ExportIssuesRequest::default()).await.unwrap().into_inner();
        let first = pieces.next().await.unwrap().unwrap();
        let exported = (format!("account:{OPERATOR}"), format!("export/{}", first.export_id));
        log_all(app).await;
        export(app, "").await.unwrap();
        export(app, &issue.issue_id).await.unwrap();
        let admin = format!("account:{}", account(801));
        assert_eq!(disclosed(app).await, [
            (admin.clone(), format!("trail/issue/{}", issue.issue_id)),
            (admin, "trail".to_owned()),
            exported,
            by_owner,
        ]);
    }

    async fn what_cannot_be_put_on_record_does_not_happen(app: TestSuite) {
        let issue = submitted(app).await;
        let file = owner(app).upload(letter(app, &issue)).await.unwrap();
        for fault in [Fault::ErrorBefore, Fault::PanicBefore] {
            db(app).failpoints().follow(move |place| place.file().ends_with("access_log.rs").then_some(fault));
            let unavailable = was(Code::Unavailable, "UNAVAILABLE");
            assert_eq!(refusal(steel_owner(app).get(&issue).await), unavailable);
            assert_eq!(refusal(owner(app).download(&file).await), unavailable);
            let export = operator(app).issues().export_issues(pb::ExportIssuesRequest::default()).await;
            assert_eq!(testkit::reason(&export.unwrap_err()), unavailable);
            db(app).failpoints().clear();
        }
        assert!(listed(app, of(AccessOutcome::Unspecified)).await.iter().all(|event| !event.request_id.is_empty()));
        let mut tx = db(app).snapshot().await.unwrap();
        assert_eq!(store::scalar!(&mut tx, "count", i64, "SELECT COUNT(*) FROM export_log").unwrap(), 0);
    }

    async fn a_refused_caller_who_hangs_up_is_on_record_all_the_same(app: TestSuite) {
        // The keys of tokens are known from now on.
        owner(app).list(pb::IssueFilter::default()).await.unwrap();
        let mut held = db(app).begin().await.unwrap();
        if app.engine == Engine::Postgres {
            store::execute!(&mut held, "hold the log", "LOCK TABLE access_event IN EXCLUSIVE MODE").unwrap();
        }
        let mut trail = TrailServiceClient::new(owner(app).connection());
        let mut call = Box::pin(trail.export_trail(pb::ExportTrailRequest::default()));
        for _ in 0..100 {
            assert!(futures::poll!(&mut call).is_pending(), "no answer before the entry");
            tokio::task::yield_now().await;
        }
        drop(call);
        held.rollback().await.unwrap();
        while n_on_record(db(app), "denied").await == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(denied(app).await, [refused(OWNER, "TrailService/ExportTrail", "NOT_PERMITTED")]);
    }

    async fn nothing_on_record_can_be_changed_or_deleted(app: TestSuite) {
        submitted(app).await;
        let mut statements = vec!["UPDATE access_event SET client = client", "DELETE FROM access_event"];
        if app.engine == Engine::Postgres {
            statements.push("TRUNCATE access_event");
        }
        for sql in statements {
            let mut tx = db(app).begin().await.unwrap();
            store::execute!(&mut tx, "tamper", sql).expect_err(sql);
        }
        assert_eq!(n_on_record(db(app), "done").await, 1);
    }

    async fn only_administrators_of_the_audit_read_what_is_on_record(app: TestSuite) {
        let request = pb::ListAccessEventsRequest::default;
        for reader in [owner(app), liaison(app), operator(app), auditor(app)] {
            let answer = TrailServiceClient::new(reader.connection()).list_access_events(request()).await;
            assert_eq!(testkit::reason(&answer.unwrap_err()), was(Code::PermissionDenied, "NOT_PERMITTED"));
        }
        let machine = app.client(&["trail.read", "issues.read"]);
        let answer = TrailServiceClient::new(machine).list_access_events(request()).await;
        assert_eq!(answer.unwrap_err().code(), Code::PermissionDenied);
        assert_eq!(listed(app, request()).await.len(), 5, "and each of them is there");
    }

    async fn the_record_comes_in_pages_and_by_who_did_what_when(app: TestSuite) {
        let start = app.now();
        in_progress(app).await;
        app.clock.advance(chrono::TimeDelta::minutes(1));
        let later = app.now();
        let issue = in_progress(app).await;
        refusal(steel_owner(app).get(&issue).await);
        let all = listed(app, pb::ListAccessEventsRequest::default()).await;
        assert_eq!(all.len(), 9);
        let key = |event: &AccessEvent| (event.time.unwrap().seconds, event.access_event_id.clone());
        assert!(all.windows(2).all(|pair| key(&pair[1]) < key(&pair[0])), "newest first");

        let (mut paged, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = pb::ListAccessEventsRequest { page_size: 2, page_token, ..Default::default() };
            let found = page(app, request).await.unwrap();
            assert!(found.access_events.len() <= 2);
            paged.extend(found.access_events);
            page_token = found.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(paged, all);

        let n = async |request: pb::ListAccessEventsRequest| listed(app, request).await.len();
        let any = pb::ListAccessEventsRequest::default;
        let by = pb::ListAccessEventsRequest { principal: format!("account:{LIAISON}"), ..any() };
        assert_eq!(n(by.clone()).await, 4);
        let sign = "/qinqing.workflow.v1.IssueService/SignIssue".to_owned();
        assert_eq!(n(pb::ListAccessEventsRequest { method: sign, ..by.clone() }).await, 2);
        assert_eq!(n(of(AccessOutcome::Done)).await, 8);
        let time = |at| Some(rpc::parse::timestamp(at));
        assert_eq!(n(pb::ListAccessEventsRequest { from_time: time(later), ..any() }).await, 5);
        let early = pb::ListAccessEventsRequest { from_time: time(start), until_time: time(later), ..any() };
        assert_eq!(n(early).await, 4);

        let first = page(app, pb::ListAccessEventsRequest { page_size: 2, ..any() }).await.unwrap();
        let other = pb::ListAccessEventsRequest { page_token: first.next_page_token, ..by };
        assert_eq!(refusal(page(app, other).await), was(Code::InvalidArgument, "PAGE_TOKEN_INVALID"));
        let bad = pb::ListAccessEventsRequest {
            principal: "x".repeat(201),
            outcome: 9,
            from_time: time(later),
            until_time: time(later),
            page_size: -1,
            ..any()
        };
        let status = page(app, bad).await.unwrap_err();
        assert_eq!(testkit::bad_fields(&status), ["principal", "outcome", "until_time", "page_size"]);
    }
}
