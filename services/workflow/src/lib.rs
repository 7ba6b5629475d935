//! The workflow service: issues of enterprises, from the submission to the close.

pub mod domain;

mod config;
mod error;
mod events;
mod rpc;
mod store;

pub use crate::store::MIGRATIONS;

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use runtime::{Deps, Job, Module, ModuleSpec};
use tonic::service::RoutesBuilder;
use trail::{Ed25519Signer, Hash, Signer as _};

use crate::{
    config::{DraftLimits, FileRoom, WitnessPlaces},
    events::{
        calendar_alarm::CalendarAlarm, index_texts::Indexer, ladder::Ladder, order_ladder::OrderLadder,
        rebind::Rebind, reckon::Reckoner, scanning::Scanning, sequence::Sequencer, sweeping::Sweeping,
        witness::Witnesses,
    },
    rpc::{TrailDeps, WorkflowRpc},
};

/// The service as the runtime starts it.
pub fn spec() -> ModuleSpec {
    ModuleSpec::new("workflow", &store::MIGRATIONS, |deps| Box::pin(module(deps)))
}

/// Builds the service. Fails when the database does not take the guards of the events, the key of the log is none,
/// files can be neither kept nor scanned as configured, its witnesses cannot be opened, or the limits of figures that are
/// configured are none.
pub async fn module(deps: Deps) -> anyhow::Result<Module> {
    ::store::append_only::guard(&deps.db, store::APPEND_ONLY).await?;
    let signer = Arc::new(signer(&deps)?);
    let consumers = vec![deps.consumer("registry", events::FromRegistry)];
    let rpc = WorkflowRpc::new(&deps).await?;
    let room = FileRoom::of(&deps.config)?;
    let drafts = DraftLimits::of(&deps.config)?;
    let witnesses = Witnesses::open(&deps, WitnessPlaces::of(&deps.config)?)?;
    let mut jobs = jobs(&deps, &rpc, &signer);
    jobs.extend(file_jobs(&deps, &room, drafts));
    jobs.extend(witnesses.jobs());
    jobs.extend(policy_jobs(&deps, &rpc));
    let earlier_keys = Arc::new(earlier_keys(&deps)?);
    let limits = deps.limits;
    let trail = TrailDeps { signer, earlier_keys, witnesses };
    let routes = Box::new(move |routes: &mut RoutesBuilder| {
        rpc.clone().add_files_to(room, drafts, routes, &limits);
        rpc.add_to(trail, routes, &limits);
    });
    Ok(Module { routes, jobs, consumers })
}

/// The key that signs the heads of the log. Its public half lies beside it, for whoever checks an export.
fn signer(deps: &Deps) -> anyhow::Result<Ed25519Signer> {
    let make = || Ok(access::SigningKey::generate()?.to_pkcs8().to_vec());
    let der = deps.keys.load_or_make("trail-head.pk8", make)?;
    let signer = Ed25519Signer::from_pkcs8(&der).context("trail-head.pk8")?;
    // As long as a hash, and written as one: 64 hexadecimal digits.
    let public_key = Hash::try_from(signer.public_key()).context("trail-head.pk8")?;
    deps.keys.publish("trail-head.pub", format!("{public_key}\n").as_bytes())?;
    Ok(signer)
}

/// The keys that signed heads before this one: an operator who puts a new key in its place leaves the public half of the
/// old one there under another name, as `trail-head-2026.pub`.
fn earlier_keys(deps: &Deps) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut keys = Vec::new();
    for (name, content) in deps.keys.published(".pub")? {
        if name.starts_with("trail-head-") {
            let key: Hash = String::from_utf8_lossy(&content).trim().parse().context(name)?;
            keys.push(key.as_bytes().to_vec());
        }
    }
    Ok(keys)
}

fn jobs(deps: &Deps, rpc: &WorkflowRpc, signer: &Arc<Ed25519Signer>) -> Vec<Job> {
    let ladder = Ladder {
        db: deps.db.clone(),
        clock: Arc::clone(&deps.clock),
        ids: Arc::clone(&deps.ids),
        books: rpc.books.clone(),
    };
    let sequencer = Sequencer {
        db: deps.db.clone(),
        clock: Arc::clone(&deps.clock),
        ids: Arc::clone(&deps.ids),
        signer: Arc::clone(signer),
    };
    let climb = Job::new("climb the ladder", Duration::from_secs(1), move || {
        let ladder = ladder.clone();
        async move { Ok(ladder.step().await?) }
    });
    let sequence = Job::new("append to the log", Duration::from_millis(500), move || {
        let sequencer = sequencer.clone();
        async move { Ok(sequencer.step().await?) }
    });
    let indexer = Indexer { db: deps.db.clone(), clock: Arc::clone(&deps.clock) };
    let index = Job::new("compare what issues are found by", Duration::from_secs(5), move || {
        let indexer = indexer.clone();
        async move { Ok(indexer.step().await?) }
    });
    let orders = OrderLadder {
        db: deps.db.clone(),
        clock: Arc::clone(&deps.clock),
        ids: Arc::clone(&deps.ids),
        books: rpc.books.clone(),
    };
    let climb_orders = Job::new("climb the order ladder", Duration::from_secs(1), move || {
        let orders = orders.clone();
        async move { Ok(orders.step().await?) }
    });
    vec![climb, sequence, climb_orders, index, reckoning(deps, rpc)]
}

/// What happens to files and drafts by itself.
fn file_jobs(deps: &Deps, room: &FileRoom, limits: DraftLimits) -> Vec<Job> {
    let (db, clock) = (deps.db.clone(), Arc::clone(&deps.clock));
    let sweeping = Sweeping { db: db.clone(), clock: Arc::clone(&clock), room: room.clone(), limits };
    let sweep = Job::new("clear away files and drafts", Duration::from_mins(1), move || {
        let sweeping = sweeping.clone();
        async move { Ok(sweeping.step().await?) }
    });
    let Some(scanner) = room.scanner.clone() else { return vec![sweep] };
    let scanning = Scanning { db, clock, room: room.clone(), scanner };
    let scan = Job::new("scan files", Duration::from_secs(1), move || {
        let scanning = scanning.clone();
        async move { Ok(scanning.step().await?) }
    });
    vec![scan, sweep]
}

/// Figures are exact however far behind this is: see `rpc::figure`.
fn reckoning(deps: &Deps, rpc: &WorkflowRpc) -> Job {
    let reckoner = Reckoner {
        db: deps.db.clone(),
        clock: Arc::clone(&deps.clock),
        books: rpc.books.clone(),
        limits: Arc::clone(&rpc.figure_limits),
    };
    Job::new("reckon figures", Duration::from_secs(1), move || {
        let reckoner = reckoner.clone();
        async move { Ok(reckoner.step().await?) }
    })
}

/// What keeps this process, and open issues and orders, to the packs and calendars in force.
fn policy_jobs(deps: &Deps, rpc: &WorkflowRpc) -> Vec<Job> {
    let (db, clock, ids, books) =
        (deps.db.clone(), Arc::clone(&deps.clock), Arc::clone(&deps.ids), rpc.books.clone());
    let rebind = Rebind::new(db.clone(), Arc::clone(&clock), Arc::clone(&ids), books.clone());
    let alarm = CalendarAlarm { db, clock, ids, books: books.clone() };
    let read = Job::new("read the packs in force", Duration::from_secs(5), move || {
        let books = books.clone();
        async move {
            books.refresh().await?;
            Ok(runtime::Worked::Idle)
        }
    });
    let rebind = Job::new("go over to the calendar in force", Duration::from_secs(5), move || {
        let rebind = rebind.clone();
        async move { Ok(rebind.step().await?) }
    });
    let alarm = Job::new("watch the end of the calendar", Duration::from_mins(1), move || {
        let alarm = alarm.clone();
        async move { Ok(alarm.step().await?) }
    });
    vec![read, rebind, alarm]
}
