//! The workflow against a model of it that was written apart from its code: random actions one after another, and races
//! of two people at once, on both engines.
//!
//! A seed gives the same actions, the same moments and, if the service is the same, the same answers: all of that goes
//! into a hash, which is compared between runs and between engines. Where service and model differ, the test prints the
//! seed, what was expected and found, and the shortest list of actions with that difference that it finds in a minute.
//!
//! | variable | |
//! |---|---|
//! | `MODEL_ACTIONS` | actions on SQLite; 200,000 if not set |
//! | `MODEL_ACTIONS_POSTGRES` | actions on PostgreSQL; 20,000 if not set |
//! | `MODEL_RACES` | races on each engine; 1,000 if not set |
//! | `MODEL_SEED` | seed of the first world; 1 if not set |
//! | `MODEL_COVERAGE` | if set, how often what was done is printed |
//! | `MODEL_COLLECT` | if set, differences are counted by kind and printed, and only the issue is left alone |
#![expect(clippy::panic, reason = "a difference is reported by panicking")]

mod city;
mod dice;
mod generate;
mod races;
mod reading;
mod reference;
mod replay;
mod run;
mod script;
mod send;
mod world;

use std::time::Instant;

use proto::workflow::v1::{IssueAction as A, IssueState as S};
use testkit::Engine;

use self::reference::table;

fn number(variable: &str, otherwise: usize) -> usize {
    std::env::var(variable).map_or(otherwise, |value| value.parse().unwrap())
}

fn seed() -> u64 {
    u64::try_from(number("MODEL_SEED", 1)).unwrap()
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some()
}

/// What is counted when a row of the table is gone through.
fn names(action: A) -> &'static [&'static str] {
    match action {
        A::RuleOnReturn => &["UPHOLD_RETURN", "DENY_RETURN"],
        A::DecideExtension => &["GRANT_EXTENSION", "DENY_EXTENSION"],
        A::Audit => &["PASS", "FAIL"],
        A::DecideWithdrawal => &["CONFIRM_WITHDRAWAL", "DENY_WITHDRAWAL"],
        A::Merge => &["MERGED"],
        A::Absorb => &["MERGE"],
        _ => &[],
    }
}

/// Every row of the table that people go through, as it is counted.
fn rows() -> Vec<String> {
    let row =
        |state: &S, name: &str| format!("{} {name}", state.as_str_name().trim_start_matches("ISSUE_STATE_"));
    let mut rows: Vec<String> = table::ROWS
        .iter()
        .flat_map(|(action, states, _)| {
            let own = [action.as_str_name().trim_start_matches("ISSUE_ACTION_")];
            let names =
                names(*action).iter().copied().chain(own.into_iter().filter(|_| names(*action).is_empty()));
            let names: Vec<_> = names.collect();
            states.iter().flat_map(move |state| names.clone().into_iter().map(move |name| row(state, name)))
        })
        .collect();
    rows.extend(
        ["RECTIFYING EXPLAIN", "FED_BACK SWEEP", "AWAITING_FIRM SWEEP", "MERGED SWEEP"].map(str::to_owned),
    );
    rows.sort();
    rows.dedup();
    rows
}

fn the_service_does_what_the_model_does(engine: Engine, n: usize) {
    let started = Instant::now();
    let outcome =
        run::many(engine, seed(), n, is_set("MODEL_COLLECT")).unwrap_or_else(|found| panic!("{found}"));
    let millis = usize::try_from(started.elapsed().as_millis()).unwrap().max(1);
    println!("{n} actions on {engine:?}, {} a second", n * 1_000 / millis);
    if is_set("MODEL_COVERAGE") {
        for (what, n) in &outcome.coverage {
            println!("{n:7} {what}");
        }
    }
    // As many as a run of CI makes.
    assert!(n < 200_000 || 100_000 < outcome.n_events, "{} events were replayed", outcome.n_events);
    // A run as long as that of CI goes through every row of the table.
    let least = u64::try_from(n / 200_000).unwrap();
    let seldom: Vec<_> = rows()
        .into_iter()
        .map(|row| (outcome.coverage.get(&row).copied().unwrap_or(0), row))
        .filter(|(n, _)| *n < least)
        .collect();
    assert!(seldom.is_empty(), "gone through less than {least} times: {seldom:?}");
}

#[test]
fn the_service_does_what_the_model_does_on_sqlite() {
    the_service_does_what_the_model_does(Engine::Sqlite, number("MODEL_ACTIONS", 200_000));
}

#[test]
fn the_service_does_what_the_model_does_on_postgres() {
    the_service_does_what_the_model_does(Engine::Postgres, number("MODEL_ACTIONS_POSTGRES", 20_000));
}

#[test]
fn the_same_seed_gives_the_same_history_again_and_on_both_engines() {
    let hashes =
        |engine, seed| run::many(engine, seed, 1_000, false).unwrap_or_else(|found| panic!("{found}")).hashes;
    let first = hashes(Engine::Sqlite, seed());
    assert_eq!(hashes(Engine::Sqlite, seed()), first);
    assert_eq!(hashes(Engine::Postgres, seed()), first);
    assert_ne!(hashes(Engine::Sqlite, seed() + 1_000), first);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_people_at_once_exactly_one_wins_on_sqlite() {
    assert!(races::races(Engine::Sqlite, number("MODEL_RACES", 1_000), seed()).await > 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_people_at_once_exactly_one_wins_on_postgres() {
    assert!(races::races(Engine::Postgres, number("MODEL_RACES", 1_000), seed()).await > 50);
}
