//! The steps of a check, each with its time.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context as _, bail, ensure};

use crate::{bans, postgres};

/// Format, lints, licences and bans.
pub fn check() -> anyhow::Result<()> {
    step("format", || cargo(&["fmt", "--all", "--check"]))?;
    step("licences and bans", bans::check)?;
    step("clippy", || cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))
}

/// All tests, on SQLite and on a private PostgreSQL that the tests start themselves.
pub fn tests(filter: &[&str]) -> anyhow::Result<()> {
    step("PostgreSQL", postgres::ensure_installed)?;
    // The executables that the fault tests start are built here, so that no test waits for a build.
    step("build", || cargo(&["build", "--workspace", "--all-targets", "--locked"]))?;
    let counts = step("tests", || count_tests(filter))?;
    println!("\n{} passed, {} failed, {} skipped", counts.passed, counts.failed, counts.ignored);
    ensure!(counts.failed == 0 && counts.binaries_failed == 0, "tests failed");
    ensure!(counts.passed > 0, "no test ran");
    Ok(())
}

fn step<T>(name: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    println!("==> {name}");
    let started = Instant::now();
    let outcome = work().with_context(|| format!("step {name:?}"));
    println!("<== {name}: {:.0} s", started.elapsed().as_secs_f64());
    outcome
}

fn cargo(arguments: &[&str]) -> anyhow::Result<()> {
    let status = Command::new(env!("CARGO")).args(arguments).stdin(Stdio::null()).status();
    let status = status.with_context(|| format!("could not run cargo {}", arguments.join(" ")))?;
    if !status.success() {
        bail!("cargo {} failed", arguments.join(" "));
    }
    Ok(())
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
    ignored: u64,
    binaries_failed: u64,
}

/// Runs the tests, shows what they print, and adds up what each binary says at its end.
fn count_tests(filter: &[&str]) -> anyhow::Result<Counts> {
    let mut child = Command::new(env!("CARGO"))
        .args(["test", "--workspace", "--locked", "--no-fail-fast", "--"])
        .args(filter)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("could not run cargo test")?;
    let output = child.stdout.take().context("cargo test has no output")?;
    let mut counts = Counts::default();
    for line in BufReader::new(output).lines() {
        let line = line.context("could not read the tests' output")?;
        println!("{line}");
        counts.add(&line);
    }
    if !child.wait().context("could not wait for cargo test")?.success() {
        counts.binaries_failed += 1;
    }
    Ok(counts)
}

impl Counts {
    /// Adds a line such as `test result: ok. 12 passed; 0 failed; 0 ignored; …`.
    fn add(&mut self, line: &str) {
        let Some(results) = line.strip_prefix("test result: ") else { return };
        for part in results.split(['.', ';']) {
            let mut words = part.split_whitespace();
            let (Some(Ok(number)), Some(what)) = (words.next().map(str::parse::<u64>), words.next()) else {
                continue;
            };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => (),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_all_binaries_add_up() {
        let mut counts = Counts::default();
        for line in [
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s",
            "test a_sentence ... ok",
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 7 filtered out; finished in 1.00s",
        ] {
            counts.add(line);
        }
        assert_eq!(counts, Counts { passed: 15, failed: 2, ignored: 1, binaries_failed: 0 });
    }
}
