//! workflow service.

pub mod domain;
