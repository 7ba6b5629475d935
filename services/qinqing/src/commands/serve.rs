//! `qinqing serve MODULE…`: some services in this process, the others elsewhere.

use std::process::ExitCode;

use clap::Args;
use runtime::{Options, telemetry};

use qinqing::modules;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Which services; `gateway` adds JSON over HTTP
    #[arg(required = true, value_name = "MODULE")]
    modules: Vec<String>,
}

pub fn run(options: &Options, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = options.load()?;
    let (gateway, services): (Vec<_>, Vec<_>) =
        arguments.modules.iter().cloned().partition(|name| name == "gateway");
    let modules = modules::named(&services)?;
    telemetry::start(&config.log)?;
    super::block_on(runtime::run(config, &modules, async |suite, _| {
        if suite.db("identity").is_some() {
            super::up::first_administrators(suite).await?;
        }
        if gateway.is_empty() { Ok(suite.app()) } else { qinqing_gateway::app(suite) }
    }))?;
    Ok(ExitCode::SUCCESS)
}
