//! `qinqing figures --verify EXPORT`: recomputes the published completion rate from an exported trail, with no server.

use std::{path::PathBuf, process::ExitCode};

use chrono::{DateTime, FixedOffset};
use clap::Args;
use qinqing_workflow::domain::completion::{Completed, Completion};

use super::verify::show_faults;
use crate::exported::{self, Trusted, Verified};

#[derive(Debug, Args)]
pub struct Arguments {
    /// The exported trail of the whole log
    #[arg(long = "verify", value_name = "EXPORT")]
    file: PathBuf,
    /// As it was known then, as 2019-05-31T23:59:59+08:00; without it, at the last entry of the export
    #[arg(long, value_name = "TIME")]
    as_of: Option<DateTime<FixedOffset>>,
    #[command(flatten)]
    trusted: Trusted,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { file, as_of, trusted } = arguments;
    let until = as_of.map(|as_of| as_of.timestamp_micros());
    let mut completion = Completion::default();
    let mut last = i64::MIN;
    let Verified { report, n_witnesses } = exported::verify(file, trusted, |record| {
        let at = record.entry.time_micros;
        if until.is_none_or(|until| at <= until) {
            completion.take(&record.entry.chain, &record.entry.action);
            last = last.max(at);
        }
    })?;
    if !report.is_intact() {
        show_faults(&report);
        println!("NOT intact: no figure is worth anything that is counted from it");
        return Ok(ExitCode::from(1));
    }
    anyhow::ensure!(
        report.chain.is_none(),
        "{} holds one chain; a figure needs the whole log",
        file.display()
    );
    if trusted.takes_the_files_word() {
        println!("coherent  by the key that the file itself names; give --key to know whose that is");
    }
    println!("log       {}, {} entries", report.log_id, report.entries);
    if let Some(head) = &report.head {
        println!("head      over {} entries, of {}: {}", head.size, moment(head.time_micros), head.root);
    }
    if 0 < n_witnesses {
        println!("witness   {n_witnesses} heads");
    }
    println!("as of     {}", shown(as_of.as_ref(), last));
    let Completed { ratio, n_out_of_scope, n_merged, n_withdrawn } = completion.count();
    println!(
        "M1        {ratio}  办结率 completion: {} closed / {} accepted",
        ratio.numerator, ratio.denominator
    );
    println!("left out  {n_out_of_scope} out of scope, {n_merged} merged, {n_withdrawn} withdrawn");
    Ok(ExitCode::SUCCESS)
}

/// The moment asked for, or that of the last entry.
fn shown(as_of: Option<&DateTime<FixedOffset>>, last_micros: i64) -> String {
    match as_of {
        Some(as_of) => as_of.to_rfc3339(),
        None if last_micros == i64::MIN => "the beginning: there is no entry".to_owned(),
        None => moment(last_micros),
    }
}

/// In the time of the city.
fn moment(micros: i64) -> String {
    let moment = DateTime::from_timestamp_micros(micros);
    moment.map_or_else(|| micros.to_string(), |moment| moment.with_timezone(&worktime::ZONE).to_rfc3339())
}
