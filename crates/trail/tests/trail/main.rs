//! The trail as its users see it: one binary, a module for each subject.

mod chains;
mod encodings;
mod exports;
mod log;
mod merkle;
mod tampering;
mod vectors;
