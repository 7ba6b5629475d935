//! `qinqing migrate`: databases to the present shape, without serving.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use runtime::Options;
use store::Db;

use qinqing::modules;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Which services; all of them when none is named
    #[arg(value_name = "MODULE")]
    modules: Vec<String>,
}

pub fn run(options: &Options, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = options.load()?;
    let modules =
        if arguments.modules.is_empty() { modules::all() } else { modules::named(&arguments.modules)? };
    super::block_on(async {
        for module in modules {
            let doing = || format!("the database of {}", module.name);
            let db = Db::open(&config.store(module.name)?).await.with_context(doing)?;
            db.migrate(module.migrations).await.with_context(doing)?;
            db.close().await;
            println!("{}: migrated", module.name);
        }
        Ok(ExitCode::SUCCESS)
    })
}
