//! The registry: enterprises and who acts for them, which manager looks after which, and the log of visits.

mod config;
mod domain;
mod error;
mod events;
mod rpc;
mod store;

use proto::registry::v1::{
    appointment_service_server::AppointmentServiceServer, enterprise_service_server::EnterpriseServiceServer,
    visit_service_server::VisitServiceServer,
};
use runtime::{Deps, Module, ModuleSpec};
use tonic::service::RoutesBuilder;

use crate::rpc::RegistryRpc;

/// The registry, to be started by the runtime.
pub fn spec() -> ModuleSpec {
    ModuleSpec::new("registry", &store::MIGRATIONS, |deps| Box::pin(async { Ok(module(deps)) }))
}

fn module(deps: Deps) -> Module {
    let Deps { db, clock, ids, page_key, peers, .. } = deps;
    let rpc = RegistryRpc { db, clock, ids, page_key, peers };
    let routes = move |routes: &mut RoutesBuilder| {
        routes
            .add_service(EnterpriseServiceServer::new(rpc.clone()))
            .add_service(AppointmentServiceServer::new(rpc.clone()))
            .add_service(VisitServiceServer::new(rpc));
    };
    Module { routes: Box::new(routes), jobs: Vec::new(), consumers: Vec::new() }
}
