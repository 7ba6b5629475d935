//! The registry as a process of its own.

fn main() -> anyhow::Result<()> {
    runtime::serve_alone(qinqing_registry::spec())
}
