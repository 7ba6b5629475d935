//! R10: whatever goes wrong at a commit of this service, nothing is lost, nothing is half done and nothing is done twice.
//!
//! Tests of the service are run again while its database goes away, or the unit of work panics, before or after the
//! commit: at each place in the source that commits, all four happen. Clients and jobs try again, as in production, and
//! every assertion of those tests must still hold.

use std::{
    collections::BTreeMap,
    panic::Location,
    path::Path,
    sync::{Arc, Mutex},
};

use futures::{StreamExt as _, future::BoxFuture};
use proto::workflow::v1::{self as pb, trail_service_client::TrailServiceClient};
use store::Fault;
use testkit::{Engine, TestSuite};

use crate::{on_record, world::*};

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
        let consumes = place.file().starts_with("crates/events");
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
    found
}

type Test = (&'static str, for<'a> fn(&'a TestSuite) -> BoxFuture<'a, ()>);

macro_rules! tests {
    ($($module:ident: $($name:ident),*;)*) => {
        [$($((concat!(stringify!($module), "::", stringify!($name)), |app| Box::pin(crate::$module::$name::test(app)))),*),*]
    };
}

/// Tests that go through every commit, and assert what came of it.
const TESTS: &[Test] = &tests! {
    attachments: a_file_comes_back_as_it_was_to_those_it_is_for, a_file_is_removed_by_who_uploaded_it_and_its_bytes_go_later;
    calendars: a_late_change_alters_running_clocks_of_open_issues_and_no_other, a_calendar_that_ends_within_sixty_days_raises_an_alarm_a_day;
    cases: a_case_is_nominated_reviewed_and_published;
    clocks: what_is_due_is_listed_next_due_first;
    course: an_issue_goes_from_submission_to_close, what_was_dissatisfying_is_rectified_and_may_be_reopened;
    drafts: all_who_act_for_a_firm_write_its_drafts;
    figures: the_public_sees_what_is_of_many_firms;
    orders: an_order_goes_from_the_placement_to_the_rating;
    packs: a_pack_comes_into_force_with_its_day_once_a_second_person_approved;
    rulings: merged_issues_are_answered_together_and_each_firm_votes_by_itself;
};

async fn survives(engine: Engine, places: &Arc<Places>, (name, test): Test) {
    println!("{name} on {engine:?}");
    let modules = [qinqing_workflow::spec(), identity(), registry()];
    let app = TestSuite::start(engine, &modules).await.unwrap().patient(&["/WatchIssues"]);
    let failpoints = db(&app).failpoints();
    let plan = Arc::clone(places);
    failpoints.follow(move |place| plan.fault(place));
    test(&app).await;
    failpoints.clear();
    app.settle().await;
    let request = pb::VerifyTrailRequest { issue_id: String::new() };
    let mut trail = TrailServiceClient::new(auditor(&app).connection());
    let found = trail.verify_trail(request).await;
    // No head without an issue.
    assert!(found.is_err() || found.as_ref().unwrap().get_ref().intact, "after {name}: {found:?}");
    assert_eq!(on_record::faults(db(&app)).await, Vec::<String>::new(), "after {name}");
    app.stop().await;
}

async fn nothing_is_lost_half_done_or_done_twice(engine: Engine) {
    let places = Arc::new(Places::default());
    futures::stream::iter(TESTS.iter().copied())
        .map(|test| survives(engine, &places, test))
        .buffer_unordered(4)
        .collect::<()>()
        .await;
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
    assert!(
        missed.is_empty(),
        "{} commits at which not everything went wrong:\n{}",
        missed.len(),
        missed.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_goes_wrong_at_a_commit_nothing_is_half_done_on_sqlite() {
    nothing_is_lost_half_done_or_done_twice(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_goes_wrong_at_a_commit_nothing_is_half_done_on_postgres() {
    nothing_is_lost_half_done_or_done_twice(Engine::Postgres).await;
}
