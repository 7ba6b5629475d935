//! Developer commands in plain cargo: `cargo xtask test`.

mod bans;
mod postgres;
mod run;

use std::{env, process::ExitCode};

const USAGE: &str = "\
cargo xtask COMMAND

  test [FILTER]   everything that must pass: format, clippy, licences and bans, all tests on both engines
  check           the same without the tests
";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        ["test", filter @ ..] => run::check().and_then(|()| run::tests(filter)),
        ["check"] => run::check(),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
