//! `qinqing up`: everything in this process.

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    process::ExitCode,
};

use anyhow::Context as _;
use clap::Args;
use kernel::{Clock, SystemClock, UuidV7};
use qinqing::{
    city::{self, Administrator, City, Login},
    desk::Desk,
    modules,
};
use runtime::{Options, Suite, telemetry};

/// Where the accounts of the demonstration are kept, in the data directory.
pub const ACCOUNTS: &str = "demo-accounts.json";

#[derive(Debug, Args)]
pub struct Arguments {
    /// Set up an invented city with accounts for every role, and print them
    #[arg(long)]
    demo: bool,
}

pub fn run(options: &Options, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = options.load()?;
    telemetry::start(&config.log)?;
    super::block_on(runtime::run(config, &modules::all(), async |suite, listen| {
        if arguments.demo {
            demo(suite).await?;
        } else {
            first_administrators(suite).await?;
        }
        println!(
            "gRPC and JSON on http://{listen}  ·  contracts at http://{listen}/docs  ·  stop with Ctrl-C"
        );
        qinqing_gateway::app(suite)
    }))?;
    Ok(ExitCode::SUCCESS)
}

/// Sets the city up in an empty suite; shows the accounts of the one that is there.
async fn demo(suite: &Suite) -> anyhow::Result<()> {
    let file = suite.config().data_dir.join(ACCOUNTS);
    let city = match std::fs::read_to_string(&file) {
        Ok(text) => serde_json::from_str(&text).with_context(|| file.display().to_string())?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("Setting up the city of the demonstration …");
            let city = build_city(suite, &Desk::new(suite.here()), &SystemClock).await?;
            keep(&city, &file)?;
            city
        }
        Err(error) => return Err(error).with_context(|| format!("could not read {}", file.display())),
    };
    println!("\n{}: accounts (also in {})", city.name, file.display());
    for Login { login_name, password, role, display_name, title, .. } in &city.logins {
        println!("  {login_name:<17} {password:<24} {role:<15} {display_name} {title}");
    }
    println!();
    Ok(())
}

/// Sets the city up. The suite must be empty.
pub async fn build_city(suite: &Suite, desk: &Desk, clock: &dyn Clock) -> anyhow::Result<City> {
    let administrators = bootstrap(suite, clock).await?;
    anyhow::ensure!(
        !administrators.is_empty(),
        "there are accounts already, and none of a demonstration: use another data directory"
    );
    city::build(desk, &administrators, clock, async || Ok(())).await
}

pub async fn bootstrap(suite: &Suite, clock: &dyn Clock) -> anyhow::Result<Vec<Administrator>> {
    let db = suite.db("identity").context("identity does not run here")?;
    let created =
        qinqing_identity::bootstrap(db, clock, &UuidV7).await.context("the first administrators")?;
    let administrators = created.into_iter().map(|account| Administrator {
        title: String::new(),
        role: account.role.name().to_owned(),
        login_name: account.login,
        password: account.password,
    });
    Ok(administrators.collect())
}

/// In an empty suite, makes the first administrators and shows their passwords: once.
pub async fn first_administrators(suite: &Suite) -> anyhow::Result<()> {
    let administrators = bootstrap(suite, &SystemClock).await?;
    if !administrators.is_empty() {
        println!(
            "\nThe first administrators; each password must be changed at the first sign-in and is not shown again:"
        );
        for Administrator { login_name, password, role, .. } in administrators {
            println!("  {login_name:<17} {password:<24} {role}");
        }
        println!();
    }
    Ok(())
}

/// Keeps the accounts where only their owner reads them.
fn keep(city: &City, path: &Path) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(city).context("the city as JSON")?;
    let mut file: File = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("could not write {}", path.display()))?;
    file.write_all(text.as_bytes()).with_context(|| format!("could not write {}", path.display()))
}
