//! `qinqing replay jiaozhou`: the first city's figures, from history generated through the services' own code.

mod actors;
mod cast;
mod figures;
mod history;
mod plan;

use std::{process::ExitCode, sync::Arc, time::Instant};

use anyhow::{Context as _, ensure};
use clap::{Args, ValueEnum};
use kernel::{ManualClock, UuidV7};
use rpc::Limits;
use runtime::{Background, Options, Start, Suite};

use qinqing::modules;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Whose history
    #[arg(value_enum)]
    city: Which,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Which {
    /// 2016-11 to 2019-05: 1,000 managers, 70 liaisons, 12,700 visits, 909 issues of which 876 are closed
    Jiaozhou,
}

pub fn run(options: &Options, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let Which::Jiaozhou = arguments.city;
    let mut config = options.load()?;
    config.data_dir = config.data_dir.join("replay-jiaozhou");
    super::block_on(async {
        let started = Instant::now();
        let clock = Arc::new(ManualClock::at(plan::start()));
        let start = Start {
            config,
            clock: clock.clone(),
            ids: Arc::new(UuidV7),
            // One process plays everybody, and it waits for each answer.
            limits: Limits { max_calls_per_caller: 256, ..Limits::default() },
            background: Background::Events,
        };
        let suite = Suite::start(start, &modules::all()).await?;
        let agreed = Box::pin(replay(&suite, &clock)).await;
        suite.stop().await;
        let agreed = agreed?;
        println!("\n{:.0} s, {} MiB at most", started.elapsed().as_secs_f64(), peak_memory_mib()?);
        Ok(if agreed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

async fn replay(suite: &Suite, clock: &Arc<ManualClock>) -> anyhow::Result<bool> {
    let administrators = super::up::bootstrap(suite, clock.as_ref()).await?;
    ensure!(
        !administrators.is_empty(),
        "there is data already: give another --data-dir or an empty database"
    );
    let plan = plan::Plan::jiaozhou();
    let actors = actors::Actors::new(suite, clock.clone())?;
    let cast = cast::Cast::assemble(&actors, &plan).await.context("setting the city up")?;
    history::History { suite, clock, actors: &actors, plan: &plan, cast: &cast }.play().await?;
    figures::report(&actors, &plan, &cast).await
}

/// The most memory that this process has used.
fn peak_memory_mib() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("the process's own memory")?;
    let line =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("the process's peak memory")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().context("the process's peak memory")?;
    Ok(kib / 1024)
}
