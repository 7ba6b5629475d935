//! The whole suite in one binary.
fn main() {}
