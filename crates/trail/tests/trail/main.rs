//! The trail as its users see it: one binary, a module for each subject.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in the functions that it calls")]
#![expect(clippy::panic, reason = "as above")]

mod chains;
mod encodings;
mod exports;
mod log;
mod merkle;
mod second;
mod tampering;
mod vectors;
