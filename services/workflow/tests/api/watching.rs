use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use chrono::TimeDelta;
use futures::{StreamExt as _, future::join_all};
use proto::workflow::v1::{
    self as pb,
    WatchKind::{Changed, Gone, Heartbeat, Snapshot},
};
use store::{Batch, Fault, outbox::OutboxRow};
use testkit::TestSuite;
use tonic::{Code, Streaming};

use crate::world::*;

type Stream = Streaming<pb::WatchIssuesResponse>;

async fn watch(who: &Person<'_>, request: pb::WatchIssuesRequest) -> Answer<Stream> {
    Ok(who.issues().watch_issues(request).await?.into_inner())
}

fn resume(token: &str) -> pb::WatchIssuesRequest {
    pb::WatchIssuesRequest { resume_token: token.to_owned(), ..Default::default() }
}

/// A stream that has said where it begins, with the token that it said.
async fn greeted(who: &Person<'_>) -> (Stream, String) {
    let mut stream = watch(who, pb::WatchIssuesRequest::default()).await.unwrap();
    let greeting = next(&mut stream).await;
    assert_eq!((greeting.kind(), greeting.issue_id.as_str()), (Heartbeat, ""));
    (stream, greeting.resume_token)
}

async fn next(stream: &mut Stream) -> pb::WatchIssuesResponse {
    stream.next().await.expect("the stream goes on").unwrap()
}

/// The next message that tells of an issue.
async fn told(stream: &mut Stream) -> pb::WatchIssuesResponse {
    loop {
        let message = next(stream).await;
        assert!(!message.resume_token.is_empty());
        if message.kind() != Heartbeat {
            return message;
        }
    }
}

fn step(told: &pb::WatchIssuesResponse) -> (String, pb::IssueAction) {
    assert_eq!(told.kind(), Changed);
    (told.issue_id.clone(), told.action())
}

/// The step on this issue, after what led to it: on PostgreSQL a stream may begin a little before the last of what had
/// happened, and what happened to an issue before it came into sight is told as well.
async fn told_of(stream: &mut Stream, issue: &pb::Issue, action: pb::IssueAction) -> pb::WatchIssuesResponse {
    loop {
        let message = told(stream).await;
        let (id, earlier) = step(&message);
        assert_eq!(id, issue.issue_id);
        if earlier == action {
            return message;
        }
        assert!(matches!(earlier, pb::IssueAction::Submit | pb::IssueAction::Sign), "{earlier:?}");
    }
}

/// An id and nothing more.
#[track_caller]
fn assert_gone(told: &pb::WatchIssuesResponse, issue: &pb::Issue) {
    let expected = pb::WatchIssuesResponse {
        issue_id: issue.issue_id.clone(),
        kind: Gone.into(),
        resume_token: told.resume_token.clone(),
        ..Default::default()
    };
    assert_eq!(*told, expected);
}

async fn dispatch_to(app: &TestSuite, issue: &pb::Issue, section: kernel::SectionId) -> pb::Issue {
    let request = pb::DispatchIssueRequest {
        issue_id: issue.issue_id.clone(),
        section_id: section.to_string(),
        note: String::new(),
        co_sections: Vec::new(),
        etag: issue.etag.clone(),
        request_id: app.request_id(),
    };
    liaison(app).issues().dispatch_issue(request).await.unwrap().into_inner().issue.unwrap()
}

async fn forget_events(app: &TestSuite, sql: &'static str) {
    let mut tx = db(app).begin().await.unwrap();
    store::execute!(&mut tx, "prune the outbox", sql).unwrap();
    tx.commit().await.unwrap();
}

both_engines! {
    async fn whoever_watches_sees_each_step_that_is_in_sight(app: TestSuite) {
        let issue = submitted(app).await;
        let (mut own, _) = greeted(&owner(app)).await;
        let (mut theirs, _) = greeted(&steel_owner(app)).await;
        let signed = liaison(app).sign_issue(&issue).await.unwrap();
        let other = steel_owner(app).submit(STEEL, "other").await.unwrap();
        liaison(app).dispatch_issue(&signed).await.unwrap();

        let first = told_of(&mut own, &issue, pb::IssueAction::Sign).await;
        assert_eq!((first.state(), first.etag), (pb::IssueState::Signed, signed.etag));
        assert_eq!(step(&told(&mut own).await), (issue.issue_id, pb::IssueAction::Dispatch));
        let seen = told(&mut theirs).await;
        assert_eq!((&seen.issue_id, seen.state()), (&other.issue_id, pb::IssueState::Triage));
    }

    async fn one_issue_may_be_watched_alone(app: TestSuite) {
        let (issue, other) = (submitted(app).await, submitted(app).await);
        let only = pb::WatchIssuesRequest { issue_id: other.issue_id.clone(), ..Default::default() };
        let mut watched = watch(&owner(app), only.clone()).await.unwrap();
        liaison(app).sign_issue(&issue).await.unwrap();
        liaison(app).sign_issue(&other).await.unwrap();
        assert_eq!(told(&mut watched).await.issue_id, other.issue_id);
        let hidden = watch(&steel_owner(app), only).await;
        assert_eq!(refusal(hidden), was(Code::NotFound, "ISSUE_NOT_FOUND"));
    }

    async fn who_resumes_while_others_write_is_told_of_each_step_once(app: TestSuite) {
        let (stream, mut token) = greeted(&operator(app)).await;
        drop(stream);
        let (n_writers, n_issues) = (4, 5);
        let write = async {
            let writers = (0..n_writers).map(|_| async {
                for _ in 0..n_issues {
                    let signed = liaison(app).sign_issue(&submitted(app).await).await.unwrap();
                    liaison(app).dispatch_issue(&signed).await.unwrap();
                }
            });
            join_all(writers).await;
        };
        let n_steps = 3 * n_writers * n_issues;
        let read = async {
            let (mut seen, mut n_connections) = (Vec::new(), 0_usize);
            while seen.len() < n_steps {
                let mut stream = watch(&operator(app), resume(&token)).await.unwrap();
                n_connections += 1;
                // Each connection breaks off somewhere else.
                for _ in 0..=n_connections % 4 {
                    if seen.len() < n_steps {
                        let message = told(&mut stream).await;
                        token.clone_from(&message.resume_token);
                        seen.push(step(&message));
                    }
                }
            }
            (seen, n_connections)
        };
        let (seen, n_connections) = tokio::join!(read, write).0;
        assert!(20 < n_connections, "{n_connections}");
        let distinct: BTreeSet<_> = seen.iter().map(|(issue, action)| (issue, *action as i32)).collect();
        assert_eq!(distinct.len(), n_steps, "a step was told twice");
        for (issue, _) in &seen {
            let steps: Vec<_> = seen.iter().filter(|step| step.0 == *issue).map(|step| step.1).collect();
            assert_eq!(steps, [pb::IssueAction::Submit, pb::IssueAction::Sign, pb::IssueAction::Dispatch]);
        }
        // Nothing is left over: what comes next is new.
        let mut stream = watch(&operator(app), resume(&token)).await.unwrap();
        let new = submitted(app).await;
        assert_eq!(step(&told(&mut stream).await), (new.issue_id, pb::IssueAction::Submit));
    }

    async fn a_firm_that_is_handed_over_leaves_the_sight_of_its_old_manager_and_enters_that_of_the_new(app: TestSuite) {
        let appointment = appointed(app, WANG, DAIRY, "03-01").await;
        let issue = submitted(app).await;
        let (mut old, before) = greeted(&manager(app, WANG)).await;
        let (mut new, _) = greeted(&manager(app, LI)).await;
        ended(app, appointment, (WANG, DAIRY), ("03-01", "03-02")).await;
        appointed(app, LI, DAIRY, "03-02").await;

        assert_gone(&told(&mut old).await, &issue);
        let shown = told(&mut new).await;
        assert_eq!((shown.kind(), &shown.issue_id, shown.state()), (Snapshot, &issue.issue_id, pb::IssueState::Submitted));
        // A firm of the old manager's own marks the end of what they may hear.
        liaison(app).sign_issue(&issue).await.unwrap();
        appointed(app, WANG, STEEL, "03-02").await;
        let other = steel_owner(app).submit(STEEL, "other").await.unwrap();
        assert_eq!(told(&mut old).await.issue_id, other.issue_id);
        told_of(&mut new, &issue, pb::IssueAction::Sign).await;

        // Who was away meanwhile hears of it too, and of nothing more.
        let mut resumed = watch(&manager(app, WANG), resume(&before)).await.unwrap();
        let (first, second) = (told(&mut resumed).await, told(&mut resumed).await);
        assert_gone(&first, &issue);
        assert_eq!((second.kind(), &second.issue_id), (Snapshot, &other.issue_id));
    }

    async fn an_appointment_that_ends_with_the_day_ends_what_its_manager_sees(app: TestSuite) {
        let appointment = appointed(app, WANG, DAIRY, "03-01").await;
        let issue = submitted(app).await;
        ended(app, appointment, (WANG, DAIRY), ("03-01", "03-03")).await;
        app.clock.set("2026-03-02T23:59:00+08:00".parse().unwrap());
        let (mut stream, _) = greeted(&manager(app, WANG)).await;
        app.clock.advance(TimeDelta::minutes(1));
        assert_gone(&told(&mut stream).await, &issue);
    }

    async fn an_issue_that_goes_to_another_section_leaves_the_sight_of_the_first(app: TestSuite) {
        let (mut roads, before) = greeted(&handler(app)).await;
        let signed = liaison(app).sign_issue(&submitted(app).await).await.unwrap();
        let issue = liaison(app).dispatch_issue(&signed).await.unwrap();
        told_of(&mut roads, &issue, pb::IssueAction::Dispatch).await;
        let issue = handler(app).object_issue(&issue).await.unwrap();
        assert_gone(&told(&mut roads).await, &issue);
        dispatch_to(app, &issue, BRIDGES).await;
        // Of this one the section hears; what lay between was not theirs.
        let signed = liaison(app).sign_issue(&submitted(app).await).await.unwrap();
        let other = dispatch_to(app, &signed, ROADS).await;
        let last = told_of(&mut roads, &other, pb::IssueAction::Dispatch).await;
        // By the facts of now the first dispatch is out of sight: who was away hears that it went, once.
        let mut resumed = watch(&handler(app), resume(&before)).await.unwrap();
        assert_gone(&told(&mut resumed).await, &issue);
        assert_eq!(told_of(&mut resumed, &other, pb::IssueAction::Dispatch).await, last);
        // Who never had it in sight hears nothing of it, not even that it is gone.
        let section = person(app, HANDLER, vec![access::RoleGrant::section_handler(FINANCE, BUDGET)]);
        let (mut budget, _) = greeted(&section).await;
        handler(app).object_issue(&other).await.unwrap();
        app.clock.advance(TimeDelta::minutes(16));
        assert_eq!(budget.next().await.unwrap().unwrap_err().code(), Code::Unauthenticated);
    }

    async fn a_stream_ends_with_the_token_that_opened_it(app: TestSuite) {
        let (mut stream, _) = greeted(&owner(app)).await;
        app.clock.advance(TimeDelta::minutes(15));
        submitted(app).await;
        let ended = stream.next().await.unwrap();
        assert_eq!(refusal(ended), was(Code::Unauthenticated, "TOKEN_INVALID"));
        assert!(stream.next().await.is_none());
    }

    async fn a_slow_reader_loses_nothing(app: TestSuite) {
        let (mut stream, _) = greeted(&operator(app)).await;
        let mut written = Vec::new();
        // More than a stream holds.
        for _ in 0..230 {
            written.push((submitted(app).await.issue_id, pb::IssueAction::Submit));
        }
        for expected in written {
            assert_eq!(step(&told(&mut stream).await), expected);
        }
    }

    async fn a_stream_outlives_a_database_that_is_away_for_a_moment(app: TestSuite) {
        let (mut stream, _) = greeted(&operator(app)).await;
        let reads = Arc::new(AtomicU32::new(0));
        let counted = reads.clone();
        db(app).failpoints().follow(move |place| {
            let is_stream = place.file().ends_with("watch_issues.rs");
            (is_stream && counted.fetch_add(1, Ordering::Relaxed) < 3).then_some(Fault::ErrorBefore)
        });
        let issue = submitted(app).await;
        assert_eq!(step(&told(&mut stream).await), (issue.issue_id, pb::IssueAction::Submit));
        assert_eq!(reads.load(Ordering::Relaxed), 4);
    }

    async fn a_token_is_good_for_its_own_stream_alone(app: TestSuite) {
        let issue = submitted(app).await;
        let (_, token) = greeted(&owner(app)).await;
        let invalid = || was(Code::InvalidArgument, "RESUME_TOKEN_INVALID");
        assert_eq!(refusal(watch(&steel_owner(app), resume(&token)).await), invalid());
        let more_roles = person(app, OWNER, vec![
            access::RoleGrant::enterprise(DAIRY),
            access::RoleGrant::enterprise(STEEL),
        ]);
        assert_eq!(refusal(watch(&more_roles, resume(&token)).await), invalid());
        let only = pb::WatchIssuesRequest { issue_id: issue.issue_id.clone(), ..resume(&token) };
        assert_eq!(refusal(watch(&owner(app), only).await), invalid());
        assert_eq!(refusal(watch(&owner(app), resume("nonsense")).await), invalid());
        let both = pb::WatchIssuesRequest { snapshot: true, ..resume(&token) };
        let status = watch(&owner(app), both).await.unwrap_err();
        assert_eq!(testkit::bad_fields(&status), ["snapshot"]);
        watch(&owner(app), resume(&token)).await.unwrap();
    }

    async fn a_token_from_before_what_is_kept_is_refused(app: TestSuite) {
        let issue = submitted(app).await;
        let (mut stream, old) = greeted(&owner(app)).await;
        liaison(app).sign_issue(&issue).await.unwrap();
        let new = told_of(&mut stream, &issue, pb::IssueAction::Sign).await.resume_token;
        forget_events(app, "DELETE FROM outbox WHERE seq < (SELECT MAX(seq) FROM outbox)").await;
        let expired = || was(Code::FailedPrecondition, "RESUME_TOKEN_EXPIRED");
        assert_eq!(refusal(watch(&owner(app), resume(&old)).await), expired());
        watch(&owner(app), resume(&new)).await.unwrap();
        // As after a restore: what is written next would have been passed over.
        forget_events(app, "DELETE FROM outbox").await;
        assert_eq!(refusal(watch(&owner(app), resume(&new)).await), expired());
    }

    async fn a_snapshot_shows_every_open_issue_and_then_what_changes(app: TestSuite) {
        let issues = [submitted(app).await, in_progress(app).await];
        closed(app).await;
        steel_owner(app).submit(STEEL, "other").await.unwrap();
        let request = pb::WatchIssuesRequest { snapshot: true, ..Default::default() };
        let mut stream = watch(&owner(app), request).await.unwrap();
        let shown = [next(&mut stream).await, next(&mut stream).await];
        for (shown, issue) in shown.iter().zip(&issues) {
            assert_eq!((shown.kind(), shown.resume_token.as_str()), (Snapshot, ""));
            assert_eq!((&shown.issue_id, shown.state(), &shown.etag), (&issue.issue_id, issue.state(), &issue.etag));
        }
        assert_eq!(next(&mut stream).await.kind(), Heartbeat);
        liaison(app).sign_issue(&issues[0]).await.unwrap();
        // What the snapshot shows already may come again, of the other issue too.
        loop {
            let (issue, action) = step(&told(&mut stream).await);
            if action == pb::IssueAction::Sign && issue == issues[0].issue_id {
                break;
            }
        }
    }

    async fn a_snapshot_leaves_out_what_nobody_has_to_act_on_any_more(app: TestSuite) {
        let open = submitted(app).await;
        liaison(app).reject_out_of_scope(&submitted(app).await).await.unwrap();
        let withdrawn = owner(app).request_withdrawal(&submitted(app).await).await.unwrap();
        operator(app).decide_withdrawal(&withdrawn, pb::WithdrawalDecision::Confirmed).await.unwrap();
        crate::rulings::merge(app, &open, &[&submitted(app).await]).await.unwrap();
        let request = pb::WatchIssuesRequest { snapshot: true, ..Default::default() };
        let mut stream = watch(&owner(app), request).await.unwrap();
        let shown = next(&mut stream).await;
        assert_eq!((shown.kind(), shown.issue_id), (Snapshot, open.issue_id));
        assert_eq!(next(&mut stream).await.kind(), Heartbeat);
    }

    async fn who_hears_nothing_for_long_need_not_look_through_it_again(app: TestSuite) {
        submitted(app).await;
        let (mut stream, old) = greeted(&steel_owner(app)).await;
        let mut batch = Batch::new();
        for _ in 0..600 {
            store::outbox::append(&mut batch, OutboxRow {
                event_id: app.uuid(),
                r#type: "qinqing.workflow.v1.SomethingElse".to_owned(),
                subject: "issue/another".to_owned(),
                subject_version: 1,
                time: app.now(),
                traceparent: String::new(),
                data: Vec::new(),
            });
        }
        let mut tx = db(app).begin().await.unwrap();
        batch.run(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        let heartbeat = next(&mut stream).await;
        assert_eq!((heartbeat.kind(), heartbeat.issue_id.as_str()), (Heartbeat, ""));
        // The token lies behind what was passed over: without it, it is of no use any more, and this one is.
        forget_events(app, "DELETE FROM outbox WHERE seq < 500").await;
        let expired = was(Code::FailedPrecondition, "RESUME_TOKEN_EXPIRED");
        assert_eq!(refusal(watch(&steel_owner(app), resume(&old)).await), expired);
        watch(&steel_owner(app), resume(&heartbeat.resume_token)).await.unwrap();
    }
}
