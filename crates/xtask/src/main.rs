//! Developer commands in plain cargo.
fn main() {}
