//! The scoring service: service points as a double-entry ledger, booked from the other services' events by rules that
//! are data.

mod domain;
mod error;
mod events;
mod rpc;
mod store;

pub use events::Bookkeeper;
pub use store::MIGRATIONS;

use std::sync::Arc;

use runtime::{Deps, Module, ModuleSpec};

/// The service as the runtime starts it.
pub fn spec() -> ModuleSpec {
    ModuleSpec::new("scoring", &MIGRATIONS, |deps| Box::pin(module(deps)))
}

/// Builds the service. Fails when rules that were in use have been edited.
pub async fn module(deps: Deps) -> anyhow::Result<Module> {
    let bookkeeper = Bookkeeper::open(&deps.db, Arc::clone(&deps.clock), Arc::clone(&deps.ids)).await?;
    let scoring = rpc::Rpc::new(&deps, Arc::clone(&bookkeeper.rules));
    let consumers = vec![
        deps.consumer("workflow", events::FromWorkflow(bookkeeper.clone())),
        deps.consumer("registry", events::FromRegistry(bookkeeper)),
    ];
    let routes = Box::new(move |routes: &mut tonic::service::RoutesBuilder| scoring.add_to(routes));
    Ok(Module { routes, jobs: vec![], consumers })
}
