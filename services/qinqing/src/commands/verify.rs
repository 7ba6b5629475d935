//! `qinqing verify FILE`: checks an exported trail, with no server and no trust in one.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use trail::{FaultKind, Report};

use crate::exported::{self, Trusted, Verified, hex_of};

#[derive(Debug, Args)]
pub struct Arguments {
    /// The exported trail
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    trusted: Trusted,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { file, trusted } = arguments;
    let Verified { report, n_witnesses } = exported::verify(file, trusted, |_| {})?;
    println!("log       {}", report.log_id);
    println!("entries   {} in {} chains", report.entries, report.chains);
    println!("heads     {}", report.heads);
    for key in &report.public_keys {
        let source = if trusted.takes_the_files_word() {
            " (named by the file itself; compare it with the published one)"
        } else {
            ""
        };
        println!("key       {}{source}", hex_of(key));
    }
    if let Some(root) = report.root {
        println!("root      {root}");
    }
    if 0 < n_witnesses {
        println!("witness   {n_witnesses} heads");
    }
    show_faults(&report);
    if report.is_intact() {
        if trusted.takes_the_files_word() {
            println!(
                "coherent: whoever holds the key above wrote it as it stands; give --key to know who that is"
            );
        } else {
            println!("intact: nothing was deleted, edited, swapped or attributed to somebody else");
        }
        Ok(ExitCode::SUCCESS)
    } else {
        println!("NOT intact: {} faults", report.n_faults);
        Ok(ExitCode::from(1))
    }
}

/// Each fault with its place.
pub(super) fn show_faults(report: &Report) {
    for fault in &report.faults {
        println!("FAULT     {fault}");
    }
    if report.faults.iter().any(|fault| fault.kind == FaultKind::Witness) {
        println!(
            "          if heads of the witness are younger than the export, say with --until when it was made"
        );
    }
}
