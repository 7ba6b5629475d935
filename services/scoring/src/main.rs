//! The scoring service as a process of its own.

fn main() -> anyhow::Result<()> {
    runtime::serve_alone(qinqing_scoring::spec())
}
