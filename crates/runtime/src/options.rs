//! Flags that every process takes.

use std::path::PathBuf;

use clap::{Args, Parser};

use crate::{Config, ConfigError, ModuleSpec, run, telemetry};

/// Where the configuration comes from, and what goes over it.
#[derive(Debug, Clone, Default, Args)]
pub struct Options {
    /// Configuration file (TOML); without it, `QINQING_…` variables and defaults
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Directory of SQLite files and keys [default: data]
    #[arg(long, value_name = "DIR", global = true)]
    pub data_dir: Option<PathBuf>,
    /// Address of gRPC and JSON [default: 127.0.0.1:7300]
    #[arg(long, value_name = "ADDRESS", global = true)]
    pub listen: Option<String>,
    /// Address of health [default: 127.0.0.1:7301]
    #[arg(long, value_name = "ADDRESS", global = true)]
    pub admin_listen: Option<String>,
    /// PostgreSQL to use in place of SQLite files: `postgres://role@host/database`
    #[arg(long, value_name = "URL", global = true)]
    pub database_url: Option<String>,
    /// What to log, as `info,qinqing_workflow=debug`
    #[arg(long, value_name = "FILTER", global = true)]
    pub log: Option<String>,
}

impl Options {
    /// The configuration: file, then environment, then these flags.
    pub fn load(&self) -> Result<Config, ConfigError> {
        let flags = [
            ("data_dir", self.data_dir.as_ref().map(|dir| dir.display().to_string())),
            ("listen", self.listen.clone()),
            ("admin_listen", self.admin_listen.clone()),
            ("database.url", self.database_url.clone()),
            ("log.filter", self.log.clone()),
        ];
        let flags: Vec<_> = flags.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
        Config::load(self.config.as_deref(), std::env::vars(), &flags)
    }
}

#[derive(Parser)]
struct Alone {
    #[command(flatten)]
    options: Options,
}

/// Runs one service as a process of its own.
pub fn serve_alone(module: ModuleSpec) -> anyhow::Result<()> {
    let config = Alone::parse().options.load()?;
    telemetry::start(&config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(config, &[module], async |suite, _| Ok(suite.app())))
}
