//! `qinqing config check`: what the suite would run with.

use std::process::ExitCode;

use clap::Subcommand;
use runtime::Options;

#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Command {
    /// Print the effective configuration, passwords blotted out; fails when it has a mistake
    Check,
}

pub fn run(options: &Options, command: Command) -> anyhow::Result<ExitCode> {
    let Command::Check = command;
    let config = options.load()?;
    for service in runtime::SERVICES {
        config.store(service)?;
    }
    print!("{}", config.redacted());
    Ok(ExitCode::SUCCESS)
}
