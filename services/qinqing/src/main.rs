//! The whole suite in one binary: all services at once, any of them alone, and the tools around them.

mod commands;
mod exported;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use runtime::Options;

/// Qinqing (亲清): the enterprise service manager platform
#[derive(Parser)]
#[command(name = "qinqing", version)]
struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the whole suite in this process
    Up(commands::up::Arguments),
    /// Run some of the services in this process: identity, registry, workflow, notification, scoring, gateway
    Serve(commands::serve::Arguments),
    /// Bring the databases to the present shape, and end
    Migrate(commands::migrate::Arguments),
    /// Look at the configuration
    #[command(subcommand)]
    Config(commands::config::Command),
    /// Check an exported trail, with no server
    Verify(commands::verify::Arguments),
    /// Recompute a published figure from an exported trail, with no server
    Figures(commands::figures::Arguments),
    /// Play the S328 story as six people
    Story(commands::story::Arguments),
    /// Generate the history of a city through the services' own code
    Replay(commands::replay::Arguments),
}

fn main() -> ExitCode {
    let Cli { options, command } = Cli::parse();
    let outcome = match command {
        Command::Up(arguments) => commands::up::run(&options, &arguments),
        Command::Serve(arguments) => commands::serve::run(&options, &arguments),
        Command::Migrate(arguments) => commands::migrate::run(&options, &arguments),
        Command::Config(command) => commands::config::run(&options, command),
        Command::Verify(arguments) => commands::verify::run(&arguments),
        Command::Figures(arguments) => commands::figures::run(&arguments),
        Command::Story(arguments) => commands::story::run(&options, &arguments),
        Command::Replay(arguments) => commands::replay::run(&options, &arguments),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("qinqing: {error:#}");
        ExitCode::FAILURE
    })
}
