//! Configuration, telemetry, keys, health, jobs, start and drain of any set of modules.

mod config;
pub mod dead;
pub mod health;
mod keys;
mod module;
mod options;
mod run;
mod suite;
pub mod telemetry;

pub use config::{
    Attachments, Config, ConfigError, Database, Drafts, Export, Log, LogFormat, Profile, S3, Smtp,
    WitnessConfig, WorkflowConfig,
};
pub use keys::Keys;
pub use module::{Deps, Job, Module, ModuleSpec, Worked};
pub use options::{Options, serve_alone};
pub use run::run;
pub use suite::{Background, Start, Suite, bind};

/// The services of the suite.
pub const SERVICES: [&str; 5] = ["identity", "registry", "workflow", "notification", "scoring"];
