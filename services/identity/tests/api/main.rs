//! What identity does, asked through its own RPCs, on both engines.

mod accounts;
mod clients;
mod engines;
mod events;
mod grants;
mod login;
mod membership;
mod organizations;
mod services;
mod sessions;
mod world;
