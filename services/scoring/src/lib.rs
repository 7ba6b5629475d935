//! scoring service.
