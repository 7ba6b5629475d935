//! What identity does, asked through its own RPCs, on both engines.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod clients;
mod events;
mod grants;
mod login;
mod membership;
mod organizations;
mod services;
mod sessions;
mod world;
