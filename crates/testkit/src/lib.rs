//! What tests stand on: engines, a whole service on both of them, fixed clock and ids, tokens.

pub mod fake;
mod patient;
pub mod postgres;
mod refusal;
mod suite;

pub use patient::Patient;
pub use refusal::{bad_fields, reason};
pub use suite::{Engine, START, TestSuite};
