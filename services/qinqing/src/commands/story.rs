//! `qinqing story`: the S328 story, played by six people over gRPC.

mod narrator;
mod play;

use std::{path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context as _;
use clap::Args;
use kernel::{SystemClock, UuidV7};
use qinqing::{city::City, desk::Desk, modules};
use rpc::{Drain, Limits, Transport};
use runtime::{Background, Config, Options, Start, Suite, bind};

#[derive(Debug, Args)]
pub struct Arguments {
    /// A running suite, as `http://127.0.0.1:7300`; without it, a temporary one is started and taken away again
    #[arg(long, value_name = "URL")]
    address: Option<String>,
    /// Who plays: what `up --demo` wrote [default: demo-accounts.json in the data directory]
    #[arg(long, value_name = "FILE", requires = "address")]
    accounts: Option<PathBuf>,
}

pub fn run(options: &Options, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    super::block_on(async {
        match &arguments.address {
            Some(address) => {
                let default = options.load()?.data_dir.join(super::up::ACCOUNTS);
                let file = arguments.accounts.as_ref().unwrap_or(&default);
                let text = std::fs::read_to_string(file)
                    .with_context(|| format!("could not read {}: run `up --demo` first", file.display()))?;
                let city: City = serde_json::from_str(&text).with_context(|| file.display().to_string())?;
                let desk = desk_at(address)?;
                play::play(&desk, &city, async || {
                    // Whoever is told learns it within a second.
                    tokio::time::sleep(Duration::from_millis(1_500)).await;
                    Ok(())
                })
                .await?;
            }
            None => temporary().await?,
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn desk_at(address: &str) -> anyhow::Result<Desk> {
    let endpoint = tonic::transport::Endpoint::from_shared(address.to_owned())
        .with_context(|| format!("{address:?} is no address"))?;
    Ok(Desk::new(Transport::Remote(endpoint.connect_lazy())))
}

/// A suite of its own, behind a real socket on a port that the system chooses.
async fn temporary() -> anyhow::Result<()> {
    let dir = tempfile::tempdir().context("a temporary directory")?;
    let listener = bind(([127, 0, 0, 1], 0).into()).await?;
    let address = listener.local_addr()?;
    let config = Config { data_dir: dir.path().to_owned(), listen: address, ..Config::default() };
    let clock = Arc::new(SystemClock);
    let start = Start {
        config,
        clock: clock.clone(),
        ids: Arc::new(UuidV7),
        limits: Limits::default(),
        background: Background::Events,
    };
    println!("启动临时环境 {address} …");
    let suite = Arc::new(Suite::start(start, &modules::all()).await?);
    let drain: Drain = suite.drain().clone();
    let app = qinqing_gateway::app(&suite)?;
    let server = tokio::spawn({
        let suite = Arc::clone(&suite);
        async move { suite.serve(listener, app).await }
    });
    let desk = desk_at(&format!("http://{address}"))?;
    let city = super::up::build_city(&suite, &desk, clock.as_ref()).await?;
    let played = play::play(&desk, &city, async || suite.settle().await).await;
    drop(desk);
    drain.begin();
    server.await.context("the server's task")??;
    let suite = Arc::into_inner(suite).context("the suite is still in use")?;
    suite.stop().await;
    played
}
