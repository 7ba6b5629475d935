//! R27: what the services do together, told as stories in `scenarios/*.yaml` and played on both engines.

mod act;
mod ask;
mod cast;
mod file;
mod stage;
mod truths;
mod words;

use std::{collections::BTreeSet, fs, path::PathBuf};

use anyhow::Context as _;
use store::Engine;

use file::Scenario;

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

fn read(name: &str) -> anyhow::Result<Scenario> {
    let text = fs::read_to_string(directory().join(format!("{name}.yaml")))?;
    Scenario::parse(&text)
}

async fn play(name: &str, engine: Engine) {
    let played = async { stage::play(&read(name)?, engine).await };
    if let Err(error) = played.await.with_context(|| format!("scenarios/{name}.yaml")) {
        panic!("{error:#}");
    }
}

/// Each file once on each engine.
macro_rules! scenarios {
    ($($name:ident)*) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];

        $(mod $name {
            use store::Engine;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::play(stringify!($name), Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::play(stringify!($name), Engine::Postgres).await;
            }
        })*
    };
}

scenarios! {
    extension_across_holiday
    five_firms_merged
    joint_issue
    low_rating_rectified
    return_denied
    return_upheld_twice
    s328
    three_reopens
    withdrawal_under_pressure
}

#[test]
fn every_file_is_played() {
    let entries = fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    let files: BTreeSet<String> =
        files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(files, NAMES.iter().map(|name| (*name).to_owned()).collect());
}

const HEAD: &str = "description: 说明\ntitle: 标题\nsteps:\n";
const GOOD_STEP: &str =
    "  - at: 2026-03-04 09:30\n    who: handler\n    does: accept\n    then: {state: IN_PROGRESS}\n";

fn refused(text: &str) -> String {
    format!("{:#}", Scenario::parse(text).unwrap_err())
}

#[test]
fn what_a_file_says_besides_what_it_may_is_refused_with_its_step() {
    Scenario::parse(&format!("{HEAD}{GOOD_STEP}")).unwrap();
    let second = |step: &str| refused(&format!("{HEAD}{GOOD_STEP}{step}"));
    for (step, complaint) in [
        ("  - {at: 2026-03-04 10:00, who: handler, does: dance, then: {state: CLOSED}}", "variant `dance`"),
        ("  - {at: 2026-03-04 10:00, who: handler, does: {sign: X, accept: Y}, then: {}}", "single"),
        ("  - {at: 2026-03-04 10:00, who: handler, dose: accept}", "field `dose`"),
        ("  - {at: 2026-03-04 10:00, then: {stat: CLOSED}}", "field `stat`"),
        ("  - {at: 2026-03-04 10:00, then: {clocks: {C4: {duo: x}}}}", "field `duo`"),
        ("  - {at: 2026-03-04 10:00, then: {counts: {return: 1}}}", "field `return`"),
        ("  - {at: 2026-03-04 10:00, points: {handler: {post: 1}}}", "field `post`"),
        (
            "  - {at: 2026-03-04 10:00, who: handler, does: {reply: {outcome: X, text: Y, by: Z}}}",
            "field `by`",
        ),
        ("  - {at: 2026-03-04 25:00, then: {state: CLOSED}}", "no moment"),
        ("  - {at: 2026-03-04 10:00, then: {}}", "says nothing"),
        ("  - {at: 2026-03-04 10:00, who: handler, then: {state: CLOSED}}", "nobody does nothing"),
        ("  - {at: 2026-03-04 10:00, refused: NOT_PERMITTED, then: {state: CLOSED}}", "could be refused"),
        ("  - {at: 2026-03-04 09:30, then: {state: CLOSED}}", "no later"),
    ] {
        let told = second(step);
        assert!(told.starts_with("step 2: ") && told.contains(complaint), "{step}: {told}");
    }
    assert!(refused(&format!("{HEAD}{GOOD_STEP}epilogue: x\n")).contains("field `epilogue`"));
    assert!(refused("description: 说明\ntitle: 标题\nsteps: []\n").contains("no steps"));
}

const WRONG_IN_ALL_WAYS: &str = "  - at: 2026-03-04 09:00
    who: firm
    does: {submit: {firm: 青澜远山机械有限公司, category: municipal_facilities, title: 路灯不亮, text: 路灯不亮。}}
    then: {state: SUBMITTED}
  - at: 2026-03-04 09:30
    who: liaison2
    does: {sign: NORMAL}
    then: {state: DISPATCHED, clocks: {C2: {due: 2026-03-04 15:30}}}
    notified: {manager: [issue-closed]}
    points: {liaison2: {posted: 2}}
    figures: {M1: 1/1}
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_come_out_as_written_is_told_with_its_step() {
    let scenario = Scenario::parse(&format!("{HEAD}{WRONG_IN_ALL_WAYS}")).unwrap();
    let told = format!("{:#}", stage::play(&scenario, Engine::Sqlite).await.unwrap_err());
    let lines = [
        "step 2 at 2026-03-04 09:30: state: expected DISPATCHED, found SIGNED",
        "C2 due: expected 2026-03-04 15:30, found 2026-03-04 15:00",
        "notified manager: expected [issue-closed], found [issue-signed]",
        "points of liaison2, posted: expected 2, found 1",
        "M1: expected 1/1, found 0/1",
    ];
    assert_eq!(told, lines.join("\n"));
}
