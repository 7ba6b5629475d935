//! Runs of many actions, their coverage, and the search for a short one.

use std::{collections::BTreeMap, time::Instant};

use testkit::Engine;

use super::{
    dice::Dice,
    generate::Scene,
    reference::calendar::{self, Second},
    script::Entry,
    world::{Difference, World},
};

/// Steps of one world: as many as fit into the months between its beginning and the end of the calendar's year.
pub const A_WORLD: usize = 4_000;
/// Worlds that are run at once.
const N_THREADS: usize = 4;
/// Time goes by for so long in a world.
const MONTHS: Second = 240 * 86_400;

/// What came of a run.
#[derive(Debug, Default)]
pub struct Outcome {
    pub coverage: BTreeMap<String, u64>,
    pub hashes: Vec<Vec<u8>>,
}

/// A working day at nine in the morning, in one of the years of the calendar.
fn beginning(dice: &mut Dice) -> Second {
    let first = calendar::local_day(1_454_284_800); // 1 February 2016
    let mut day = first + dice.range(0, 3_660);
    while !calendar::is_working_day(day) {
        day += 1;
    }
    calendar::midnight(day) + 9 * 3_600
}

/// So many actions in one world. `collecting`: an issue with a difference is left out, and the differences are counted.
pub async fn one_world(engine: Engine, seed: u64, n: usize, collecting: bool) -> Result<Outcome, String> {
    let mut dice = Dice::new(seed);
    let start = beginning(&mut dice);
    let mut world = World::start(engine, start).await;
    let mut done: Vec<Entry> = Vec::new();
    let mut kinds = BTreeMap::<String, (u64, String)>::new();
    for _ in 0..n {
        let (now, end) = (world.now(), start + MONTHS);
        let scene = Scene { model: &world.model, now, end, left_out: &world.left_out };
        let entry = scene.pick(&mut dice);
        done.push(entry.clone());
        let Err(difference) = world.run(&entry).await else { continue };
        if collecting {
            world.left_out.extend(&difference.issues);
            kinds.entry(difference.kind.clone()).or_insert((0, difference.text.clone())).0 += 1;
        } else {
            let report = report(seed, &done, &difference);
            world.app.stop().await;
            return Err(shrunk(engine, start, done, &difference, report).await);
        }
    }
    if collecting {
        let mut kinds: Vec<_> = kinds.into_iter().collect();
        kinds.sort_by_key(|(_, (n, _))| std::cmp::Reverse(*n));
        for (kind, (n, text)) in &kinds {
            println!("=== {n} {kind}\n{text}");
        }
    } else if let Err(difference) = world.verify("", &[]).await {
        return Err(report(seed, &done, &difference));
    }
    let outcome = Outcome { coverage: std::mem::take(&mut world.coverage), hashes: vec![world.hash()] };
    world.app.stop().await;
    Ok(outcome)
}

fn report(seed: u64, done: &[Entry], difference: &Difference) -> String {
    let about: Vec<String> = done
        .iter()
        .rev()
        .filter(|entry| entry.issues().iter().any(|id| difference.issues.contains(id)))
        .take(20)
        .map(|entry| format!("  {entry:?}"))
        .collect();
    let last: Vec<_> = about.into_iter().rev().collect();
    format!(
        "seed {seed}, action {}: {}\n{}\nthe last actions of {:?}:\n{}",
        done.len(),
        difference.kind,
        difference.text,
        difference.issues,
        last.join("\n")
    )
}

/// Runs a script in a world of its own, until it differs.
async fn replay(engine: Engine, start: Second, script: &[Entry]) -> Option<Difference> {
    let mut world = World::start(engine, start).await;
    let mut found = None;
    for entry in script {
        // What came into being through an action that was left out is not there.
        if entry.issues().iter().any(|id| world.ids.len() <= *id) {
            continue;
        }
        if let Err(difference) = world.run(entry).await {
            found = Some(difference);
            break;
        }
    }
    world.app.stop().await;
    found
}

/// Leaves out what the difference does not need: first all that is not about its issues, then piece by piece.
async fn shrunk(
    engine: Engine,
    start: Second,
    done: Vec<Entry>,
    difference: &Difference,
    report: String,
) -> String {
    let until = Instant::now() + std::time::Duration::from_mins(1);
    let same = |found: &Option<Difference>| found.as_ref().is_some_and(|found| found.kind == difference.kind);
    let mut short = done;
    // Submissions stay, so that every issue keeps its place.
    let concerned: Vec<Entry> = short
        .iter()
        .filter(|entry| {
            let ids = entry.issues();
            ids.is_empty() || ids.iter().any(|id| difference.issues.contains(id))
        })
        .cloned()
        .collect();
    if same(&replay(engine, start, &concerned).await) {
        short = concerned;
    }
    let mut piece = short.len() / 2;
    while piece > 0 && Instant::now() < until {
        let mut from = 0;
        while from < short.len() && Instant::now() < until {
            let end = (from + piece).min(short.len());
            let keeps = |(i, entry): (usize, &Entry)| {
                (!(from..end).contains(&i) || matches!(entry, Entry::Submit { .. })).then(|| entry.clone())
            };
            let without: Vec<Entry> = short.iter().enumerate().filter_map(keeps).collect();
            if without.len() < short.len() && same(&replay(engine, start, &without).await) {
                short = without;
            } else {
                from = end;
            }
        }
        piece /= 2;
    }
    let lines: Vec<String> = short
        .iter()
        .filter(|entry| !matches!(entry, Entry::Submit { .. }))
        .map(|entry| format!("  {entry:?}"))
        .collect();
    let n_submitted = short.len() - lines.len();
    format!("{report}\n{n_submitted} submissions, and these are enough:\n{}", lines.join("\n"))
}

/// So many actions in as many worlds as it takes.
pub fn many(engine: Engine, seed: u64, n: usize, collecting: bool) -> Result<Outcome, String> {
    let n_worlds = n.div_ceil(A_WORLD);
    let next = std::sync::atomic::AtomicUsize::new(0);
    let work = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut results = Vec::new();
        loop {
            let i = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            if n_worlds <= i {
                return results;
            }
            let n_here = A_WORLD.min(n - i * A_WORLD);
            let world = one_world(engine, seed + u64::try_from(i).unwrap(), n_here, collecting);
            let result = runtime.block_on(world);
            let failed = result.is_err();
            results.push((i, result));
            if failed {
                next.store(n_worlds, std::sync::atomic::Ordering::Relaxed);
            }
        }
    };
    let mut results = std::thread::scope(|scope| {
        // More than there are processors: some of the time of each goes by in waiting.
        let threads: Vec<_> = (0..N_THREADS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    results.sort_by_key(|(i, _)| *i);
    let mut all = Outcome::default();
    for (_, result) in results {
        let one = result?;
        all.hashes.extend(one.hashes);
        for (what, n) in one.coverage {
            *all.coverage.entry(what).or_default() += n;
        }
    }
    Ok(all)
}
