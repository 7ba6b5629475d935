//! One file a command.

pub mod config;
pub mod figures;
pub mod migrate;
pub mod replay;
pub mod serve;
pub mod story;
pub mod up;
pub mod verify;

/// Runs a command's asynchronous part.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

/// A bar that shows how far a long command has come.
fn progress(what: &'static str, n: u64) -> indicatif::ProgressBar {
    let style =
        indicatif::ProgressStyle::with_template("{prefix} {bar:40} {pos}/{len} {msg} {elapsed} 余 {eta}");
    let bar = indicatif::ProgressBar::new(n).with_prefix(what);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
