//! R10: whatever goes wrong at a commit of this service, nothing is lost, nothing is half done and nothing is done twice.
//!
//! Tests of the service are run again while its database goes away, or the unit of work panics, before or after the
//! commit: at each place in the source that commits, all four happen. Clients and jobs try again, as in production, and
//! every assertion of those tests must still hold.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, Location},
    path::Path,
    sync::{Arc, Mutex},
};

use futures::{
    FutureExt as _, StreamExt as _,
    future::{self, LocalBoxFuture},
};
use proto::workflow::v1::{self as pb, trail_service_client::TrailServiceClient};
use store::Fault;
use testkit::{Engine, TestSuite};

use crate::{cases, on_record, scanning, witness, world::*};

/// A commit, by its place in the source.
type Place = (&'static str, u32);

/// What happened at each place so far, and how often it was passed since.
#[derive(Debug, Default)]
struct Places(Mutex<BTreeMap<Place, (Vec<Fault>, u64)>>);

/// One commit in so many breaks off after each fault has happened once at its place.
const AGAIN: u64 = 9;

impl Places {
    /// What happens at this commit.
    fn fault(&self, place: &'static Location<'static>) -> Option<Fault> {
        // What a test itself reads and writes is no part of the service.
        if place.file().contains("/tests/") {
            return None;
        }
        let mut places = self.0.lock().unwrap();
        let (happened, n_passed) = places.entry((place.file(), place.line())).or_default();
        // A consumer is no task of its own and gives up an event after five tries: nothing panics there, and nothing
        // goes wrong twice in a row.
        let consumes =
            ["crates/events", "crates/store"].iter().any(|ground| place.file().starts_with(ground));
        let due = |fault: &Fault| {
            !happened.contains(fault)
                && (!consumes || !matches!(fault, Fault::PanicBefore | Fault::PanicAfter))
        };
        *n_passed += 1;
        let is_quiet = consumes && *n_passed % 2 == 0;
        let next = Fault::ALL.into_iter().find(due).filter(|_| !is_quiet);
        if let Some(fault) = next {
            happened.push(fault);
            return Some(fault);
        }
        let n = usize::try_from(*n_passed / AGAIN).unwrap();
        (*n_passed % AGAIN == 0 && !consumes).then(|| Fault::ALL[n % Fault::ALL.len()])
    }
}

/// Every place below `src` that commits, but for those in tests.
fn commits() -> Vec<(String, u32)> {
    fn walk(dir: &Path, found: &mut Vec<(String, u32)>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ext| ext == "rs") && !path.ends_with("tests.rs") {
                let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display().to_string();
                let text = std::fs::read_to_string(&path).unwrap();
                let lines = (1..).zip(text.lines()).filter(|(_, line)| line.contains(".commit()"));
                found.extend(lines.map(|(n, _)| (format!("services/workflow/{name}"), n)));
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    // What is done at the start alone: where it fails, the service does not start.
    found.retain(|(file, _)| !file.contains("/src/store/"));
    found
}

type Test = (&'static str, for<'a> fn(&'a TestSuite) -> LocalBoxFuture<'a, ()>);

macro_rules! tests {
    ($($module:ident { $($name:ident)* })*) => {
        [$($((concat!(stringify!($module), "::", stringify!($name)), |app| Box::pin(crate::$module::$name::test(app)))),*),*]
    };
}

/// Tests that go through the commits, and assert what came of it.
const TESTS: &[Test] = &tests! {
    access {
        next_actions_are_those_that_would_not_be_refused
    }
    access_log {
        what_was_done_is_on_record_once_however_often_it_is_asked_for
    }
    attachments {
        a_file_comes_back_as_it_was_to_those_it_is_for
        each_side_has_files_of_its_own
        what_is_not_fit_is_refused_and_leaves_nothing
        files_come_in_pages
    }
    calendars {
        a_late_change_alters_running_clocks_of_open_issues_and_no_other
        a_reopened_issue_goes_over_too
        a_merged_issue_goes_over_while_its_firm_has_a_vote
        a_calendar_is_checked_stored_once_and_covers_what_the_one_before_did
        a_calendar_that_ends_within_sixty_days_raises_an_alarm_a_day
    }
    cases {
        a_case_is_nominated_reviewed_and_published
        the_public_reads_what_is_published_and_nothing_that_leads_to_anybody
        cases_are_listed_by_state_and_level
        what_belongs_to_a_case_is_for_the_offices_that_have_to_do_with_it
        an_issue_has_one_case_at_a_time
        a_draft_tells_the_trace_without_anybody_and_may_be_nominated
        a_stale_etag_a_repeat_and_a_step_out_of_turn
    }
    clocks {
        each_clock_is_explained_interval_by_interval
        what_is_due_is_listed_next_due_first
    }
    completion {
        the_completion_rate_of_an_export_is_the_published_one_at_every_moment
    }
    course {
        an_issue_goes_from_submission_to_close
        what_was_dissatisfying_is_rectified_and_may_be_reopened
        an_objection_goes_back_to_the_liaison_and_refreshes_no_clock
        an_urge_is_counted_moves_no_clock_and_leaves_the_etag
    }
    duplicates {
        the_same_matter_in_other_words_is_suggested_and_another_with_the_same_words_is_not
        an_operator_lists_issues_similar_to_one_of_every_firm
    }
    erasure {
        what_is_erased_is_gone_and_every_proof_holds_as_before
        a_repeat_of_a_request_whose_answer_is_forgotten_has_no_second_effect
        a_text_is_erased_once_and_by_the_security_administrator_alone
    }
    events {
        every_step_is_told_in_order
        a_late_step_is_told_as_late
        who_manages_the_firm_at_the_time_is_told
    }
    exports {
        an_export_holds_what_the_list_shows_under_every_scope
    }
    figures {
        the_public_sees_nothing_of_few_firms
        groups_add_up_to_the_whole_and_drill_down_to_their_issues
    }
    history {
        every_row_is_the_fold_of_its_events
        the_events_of_an_issue_are_one_unbroken_chain
        texts_are_kept_beside_the_trail_and_fit_their_digests
        deadlines_are_kept_as_the_clocks_tell
    }
    ladder {
        a_clock_climbs_its_ladder_rung_by_rung_and_each_once
        an_issue_that_nobody_holds_climbs_too
        replicas_that_climb_at_once_reach_each_rung_once
        the_window_for_rating_lapses_and_the_issue_stays_unrated
        what_fell_due_while_nothing_ran_is_made_up_for
    }
    lists {
        pages_follow_on_one_another_in_every_order
    }
    order_ladder {
        an_order_climbs_its_ladder_rung_by_rung_and_each_once
        replicas_that_climb_at_once_reach_each_rung_once
        the_window_for_rating_lapses_and_the_order_stays_unrated
    }
    orders {
        an_order_goes_from_the_placement_to_the_rating
        a_manager_orders_for_the_firm_and_the_firm_alone_rates
        a_department_declines_and_a_firm_cancels_before_the_delivery
        a_repeated_step_has_one_effect_and_one_answer
        of_two_people_at_once_exactly_one_accepts
        an_offering_is_changed_and_retired_by_its_department_or_an_operator
        offerings_are_listed_to_every_firm_page_by_page
        orders_are_listed_in_order_and_by_filter
        every_row_is_the_fold_of_its_events_and_the_chain_is_unbroken
    }
    packs {
        a_pack_comes_into_force_with_its_day_once_a_second_person_approved
        of_two_who_decide_at_once_one_finds_the_activation_changed
        an_activation_is_cancelled_until_shortly_before_its_day
        a_stored_pack_stays_as_it_is_and_governs_what_it_is_activated_for
        a_simulation_knows_of_pauses_and_extensions
    }
    proofs {
        every_entry_is_proved_under_every_head_that_covers_it
        a_log_is_proved_to_continue_what_it_was
    }
    repeats {
        a_request_id_is_not_used_for_something_else
    }
    rulings {
        a_denied_return_goes_back_and_an_upheld_one_is_a_precedent
        the_firm_is_asked_and_work_resumes_with_its_answer_or_without
        a_plan_names_somebody_of_the_department
        an_issue_out_of_scope_comes_back_on_appeal
        a_withdrawal_is_confirmed_by_an_operator_who_asked_the_firm
        merged_issues_are_answered_together_and_each_firm_votes_by_itself
        an_issue_is_unmerged_before_its_firm_heard_of_the_reply
        instructions_and_supervision_come_from_above
        a_comment_is_read_by_those_whom_it_is_for
    }
    search {
        filters_and_pages_are_those_of_the_list
        issues_from_before_there_was_a_search_are_found_after_the_job_went_over_them
        nothing_is_found_by_a_text_that_was_erased
    }
    submission {
        what_is_raised_on_behalf_is_flagged_once_the_firm_has_not_confirmed_in_time
        what_routing_cannot_place_waits_for_an_operator
        a_number_is_given_out_once_and_none_is_left_out
    }
    trail_log {
        the_whole_log_is_exported_and_checked_without_a_server
        the_chain_of_one_issue_is_exported_with_proofs
        writers_at_once_leave_a_log_without_gaps
    }
    witness {
        every_head_is_in_the_file_once_however_often_it_is_looked_for
        what_a_crash_kept_from_the_file_is_written_by_the_next_step
    }
};

/// Those that alone come through some of the commits, and that only once.
const AGAIN_AND_AGAIN: &[Test] = &tests! {
    attachments {
        a_file_is_removed_by_who_uploaded_it_and_its_bytes_go_later
    }
    drafts {
        a_repeated_save_begins_one_draft
        a_draft_that_nobody_touches_goes_with_its_files
    }
};

/// The suite as it is from now on: things go wrong, and clients and jobs try again.
fn unreliable(app: TestSuite, places: &Arc<Places>) -> TestSuite {
    let app = app.patient(&["/WatchIssues"]);
    let plan = Arc::clone(places);
    db(&app).failpoints().follow(move |place| plan.fault(place));
    app
}

async fn survives(engine: Engine, places: &Arc<Places>, test: Test) {
    let modules = [qinqing_workflow::spec(), identity(), registry()];
    let app = unreliable(TestSuite::start(engine, &modules).await.unwrap(), places);
    (test.1)(&app).await;
    db(&app).failpoints().clear();
    app.settle().await;
    let mut trail = TrailServiceClient::new(auditor(&app).connection());
    let found = trail.verify_trail(pb::VerifyTrailRequest::default()).await;
    // There is no head before there is an issue.
    let told =
        found.map_or_else(|status| testkit::reason(&status).1, |told| told.into_inner().intact.to_string());
    assert!(["true", "TREE_HEAD_MISSING"].contains(&told.as_str()), "{told}");
    let unrecorded = on_record::faults(db(&app)).await;
    assert!(unrecorded.is_empty(), "{unrecorded:?}");
    app.stop().await;
}

/// A stream that breaks off is opened again where it stood: it tells of each step once.
async fn who_watches_is_told_of_each_step_once(app: &TestSuite) {
    let mut told = Vec::new();
    let mut resume_token = String::new();
    let mut issue = submitted(app).await;
    // With a snapshot, until its end; then from there.
    let mut snapshot = true;
    while told.len() < 3 {
        let request =
            pb::WatchIssuesRequest { snapshot, resume_token: resume_token.clone(), ..Default::default() };
        let mut stream = operator(app).issues().watch_issues(request).await.unwrap().into_inner();
        while let Some(Ok(message)) = stream.next().await {
            if !message.resume_token.is_empty() {
                resume_token.clone_from(&message.resume_token);
                snapshot = false;
            }
            match message.kind() {
                // Whatever is done from here on is told.
                pb::WatchKind::Heartbeat
                    if !snapshot && told.is_empty() && issue.state() == pb::IssueState::Submitted =>
                {
                    issue = liaison(app).sign_issue(&issue).await.unwrap();
                    issue = liaison(app).dispatch_issue(&issue).await.unwrap();
                    handler(app).accept_issue(&issue).await.unwrap();
                }
                pb::WatchKind::Changed if message.action() != pb::IssueAction::Submit => {
                    told.push(message.action());
                }
                _ => {}
            }
            if told.len() == 3 {
                break;
            }
        }
    }
    assert_eq!(told, [pb::IssueAction::Sign, pb::IssueAction::Dispatch, pb::IssueAction::Accept]);
}

/// The firm that somebody is appointed to meanwhile comes into their sight, with its issue.
async fn who_watches_is_told_of_a_firm_that_became_theirs(app: &TestSuite) {
    let issue = submitted(app).await;
    let (mut is_appointed, mut is_told, mut resume_token) = (false, false, String::new());
    while !is_told {
        let request = pb::WatchIssuesRequest { resume_token: resume_token.clone(), ..Default::default() };
        let mut stream = manager(app, WANG).issues().watch_issues(request).await.unwrap().into_inner();
        while let Some(Ok(message)) = stream.next().await {
            resume_token.clone_from(&message.resume_token);
            if !is_appointed {
                appointed(app, WANG, DAIRY, "03-01").await;
                is_appointed = true;
            }
            is_told = message.issue_id == issue.issue_id && message.kind() == pb::WatchKind::Snapshot;
            if is_told {
                break;
            }
        }
    }
}

async fn a_case_has_its_history(app: &TestSuite) {
    let case = cases::nominate(app, &closed(app).await).await.unwrap();
    for _ in 0..4 {
        let told = cases::history(cases::reviewer(app), &case).await.unwrap();
        assert_eq!((told.entries.len(), told.broken_at_sequence), (1, 0));
    }
}

async fn nothing_is_lost_half_done_or_done_twice(engine: Engine) {
    let places = Arc::new(Places::default());
    let again = [AGAIN_AND_AGAIN; 4].concat();
    let run = async |test: Test| {
        let ended = AssertUnwindSafe(survives(engine, &places, test)).catch_unwind().await;
        ended.err().map(|_panic| test.0)
    };
    let failed: Vec<_> = futures::stream::iter(TESTS.iter().copied().chain(again))
        .map(run)
        .buffer_unordered(4)
        .filter_map(future::ready)
        .collect()
        .await;
    assert!(failed.is_empty(), "{failed:?}");
    let watched: Test = ("", |app| Box::pin(who_watches_is_told_of_each_step_once(app)));
    let gained: Test = ("", |app| Box::pin(who_watches_is_told_of_a_firm_that_became_theirs(app)));
    let history: Test = ("", |app| Box::pin(a_case_has_its_history(app)));
    survives(engine, &places, history).await;
    for _ in 0..4 {
        survives(engine, &places, watched).await;
        survives(engine, &places, gained).await;
        scanning::a_file_is_quarantined_until_it_is_found_clean(engine, |app| unreliable(app, &places)).await;
        witness::a_witness_that_nobody_answers_for_is_told(engine, |app| unreliable(app, &places)).await;
    }
    let places = places.0.lock().unwrap();
    let missed: Vec<_> = commits()
        .into_iter()
        .map(|(file, line)| {
            let happened = places.get(&(file.as_str(), line)).map_or(&[][..], |(happened, _)| happened);
            let missing: Vec<_> = Fault::ALL.into_iter().filter(|fault| !happened.contains(fault)).collect();
            (file, line, missing)
        })
        .filter(|(_, _, missing)| !missing.is_empty())
        .map(|(file, line, missing)| format!("{file}:{line}: {missing:?}"))
        .collect();
    let n = missed.len();
    assert!(missed.is_empty(), "{n} commits at which not everything went wrong:\n{}", missed.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_goes_wrong_at_a_commit_nothing_is_half_done_on_sqlite() {
    nothing_is_lost_half_done_or_done_twice(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_goes_wrong_at_a_commit_nothing_is_half_done_on_postgres() {
    nothing_is_lost_half_done_or_done_twice(Engine::Postgres).await;
}
