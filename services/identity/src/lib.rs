//! The identity service: who people and machine clients are, what they may do, and who is on duty where.

mod config;
mod domain;
mod error;
mod events;
mod rpc;
mod store;

pub use crate::rpc::{
    KEY_FILE as SIGNING_KEY_FILE,
    bootstrap::{BootstrapAccount, bootstrap},
};
pub use crate::store::MIGRATIONS;

use std::{sync::Arc, time::Duration};

use runtime::{Deps, Job, Module, ModuleSpec};

/// The service as the runtime starts it.
pub fn spec() -> ModuleSpec {
    ModuleSpec::new("identity", &MIGRATIONS, |deps| Box::pin(module(deps)))
}

/// Builds the service. Fails when its signing key cannot be read, or was retired.
pub async fn module(deps: Deps) -> anyhow::Result<Module> {
    let identity = rpc::Rpc::open(&deps).await?;
    let from_registry = events::FromRegistry { clock: Arc::clone(&deps.clock), ids: Arc::clone(&deps.ids) };
    let consumers = vec![deps.consumer("registry", from_registry)];
    let forgetful = identity.clone();
    let forget = Job::new("forget old tries and tokens", Duration::from_mins(10), move || {
        let identity = forgetful.clone();
        async move { identity.forget().await }
    });
    let routes = Box::new(move |routes: &mut tonic::service::RoutesBuilder| identity.add_to(routes));
    Ok(Module { routes, jobs: vec![forget], consumers })
}
