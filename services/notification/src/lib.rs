//! Notification: tells people what happens to issues, service orders and cases that they have to do with, in their inbox
//! and by e-mail.
//!
//! An event of the workflow becomes an announcement in the transaction that consumes it. A job finds out who is meant
//! and writes their messages, each once; another one sends what leaves the platform, at least once.

mod config;
mod domain;
mod error;
mod events;
mod rpc;
mod store;

use std::sync::Arc;

use anyhow::Context as _;
use proto::notification::v1::{
    delivery_service_server::DeliveryServiceServer, inbox_service_server::InboxServiceServer,
    preference_service_server::PreferenceServiceServer, template_service_server::TemplateServiceServer,
};
use runtime::{Deps, Module, ModuleSpec};
use tokio::sync::broadcast;
use tonic::service::RoutesBuilder;

use crate::{
    config::Outlet,
    domain::Catalogue,
    events::{WorkflowEvents, jobs::Work},
    rpc::{NotificationRpc, directory::Directory},
};

pub use crate::store::MIGRATIONS;

/// Steps of the announcing job that a slow stream may fall behind before it looks for itself.
const UNHEARD: usize = 256;

/// This service, to be started.
pub fn spec() -> ModuleSpec {
    ModuleSpec::new("notification", &MIGRATIONS, |deps| Box::pin(async move { module(deps) }))
}

/// Starts the service, inside a runtime. Fails when a template or the configuration of its mail server is not right.
pub fn module(deps: Deps) -> anyhow::Result<Module> {
    let catalogue = Arc::new(Catalogue::builtin().context("in the templates")?);
    let outlet = Outlet::of(&deps.config)?;
    let (told, _) = broadcast::channel(UNHEARD);
    let consumer = deps.consumer(
        "workflow",
        WorkflowEvents {
            clock: Arc::clone(&deps.clock),
            ids: Arc::clone(&deps.ids),
            catalogue: Arc::clone(&catalogue),
        },
    );
    let work = Work {
        db: deps.db.clone(),
        clock: Arc::clone(&deps.clock),
        ids: deps.ids,
        catalogue: Arc::clone(&catalogue),
        directory: Directory { peers: deps.peers },
        outlet,
        told: told.clone(),
    };
    let rpc = NotificationRpc {
        db: deps.db,
        clock: deps.clock,
        page_key: deps.page_key,
        catalogue,
        told,
        drain: deps.drain,
    };
    let routes = move |routes: &mut RoutesBuilder| {
        routes
            .add_service(InboxServiceServer::new(rpc.clone()))
            .add_service(TemplateServiceServer::new(rpc.clone()))
            .add_service(DeliveryServiceServer::new(rpc.clone()))
            .add_service(PreferenceServiceServer::new(rpc));
    };
    Ok(Module { routes: Box::new(routes), jobs: work.jobs(), consumers: vec![consumer] })
}
