//! The identity service by itself.

fn main() -> anyhow::Result<()> {
    runtime::serve_alone(qinqing_identity::spec())
}
