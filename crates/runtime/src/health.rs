//! Health as machines ask for it: readiness is a write that works, liveness depends on nothing.

use std::{collections::BTreeMap, time::Duration};

use axum::{Router, http::StatusCode, routing::get};
use rpc::Drain;
use store::Db;
use tonic::service::RoutesBuilder;
use tonic_health::{ServingStatus, server::HealthReporter};

use crate::{Job, Worked};

/// Serves `grpc.health.v1`, and gives the job that keeps it true: each module by its name, the whole by "".
pub(crate) async fn job(
    routes: &mut RoutesBuilder,
    databases: BTreeMap<&'static str, Db>,
    drain: Drain,
) -> Job {
    let (reporter, service) = tonic_health::server::health_reporter();
    routes.add_service(service);
    refuse(&reporter, &databases).await;
    {
        let (reporter, databases, drain) = (reporter.clone(), databases.clone(), drain.clone());
        tokio::spawn(async move {
            drain.left().await;
            refuse(&reporter, &databases).await;
        });
    }
    Job::new("health", Duration::from_secs(1), move || {
        let (reporter, databases, drain) = (reporter.clone(), databases.clone(), drain.clone());
        async move {
            if drain.has_left() {
                return Ok(Worked::Idle);
            }
            let mut all = ServingStatus::Serving;
            for (name, db) in &databases {
                let status = match db.probe_write().await {
                    Ok(()) => ServingStatus::Serving,
                    Err(error) => {
                        tracing::warn!(service = name, %error, "not ready");
                        all = ServingStatus::NotServing;
                        ServingStatus::NotServing
                    }
                };
                reporter.set_service_status(*name, status).await;
            }
            reporter.set_service_status("", all).await;
            Ok(Worked::Idle)
        }
    })
}

async fn refuse(reporter: &HealthReporter, databases: &BTreeMap<&'static str, Db>) {
    for name in databases.keys().chain([&""]) {
        reporter.set_service_status(*name, ServingStatus::NotServing).await;
    }
}

/// `/healthz`: the process answers. `/readyz`: its databases take writes, and it does not drain.
pub fn admin(databases: BTreeMap<&'static str, Db>, drain: Drain) -> Router {
    let ready = move || {
        let (databases, drain) = (databases.clone(), drain.clone());
        async move {
            if drain.has_left() {
                return (StatusCode::SERVICE_UNAVAILABLE, "draining\n".to_owned());
            }
            let mut down = Vec::new();
            for (name, db) in &databases {
                if db.probe_write().await.is_err() {
                    down.push(*name);
                }
            }
            if down.is_empty() {
                (StatusCode::OK, "ready\n".to_owned())
            } else {
                (
                    StatusCode::SERVICE_UNAVAILABLE,
                    format!("no write to the database of: {}\n", down.join(", ")),
                )
            }
        }
    };
    Router::new().route("/healthz", get(async || "alive\n")).route("/readyz", get(ready))
}
