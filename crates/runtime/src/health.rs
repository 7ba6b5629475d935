//! Health as machines ask for it: readiness is a write that works, liveness depends on nothing.

use std::{collections::BTreeMap, time::Duration};

use axum::{Router, http::StatusCode, routing::get};
use store::Db;
use tonic::service::RoutesBuilder;
use tonic_health::ServingStatus;

use crate::{Job, Worked};

/// Serves `grpc.health.v1`, and gives the job that keeps it true: each module by its name, the whole by "".
pub(crate) async fn job(routes: &mut RoutesBuilder, databases: BTreeMap<&'static str, Db>) -> Job {
    let (reporter, service) = tonic_health::server::health_reporter();
    routes.add_service(service);
    for name in databases.keys() {
        reporter.set_service_status(*name, ServingStatus::NotServing).await;
    }
    Job::new("health", Duration::from_secs(1), move || {
        let (reporter, databases) = (reporter.clone(), databases.clone());
        async move {
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

/// `/healthz`: the process answers. `/readyz`: its databases take writes, and it does not drain.
pub fn admin(databases: BTreeMap<&'static str, Db>, drain: rpc::Drain) -> Router {
    let ready = move || {
        let (databases, drain) = (databases.clone(), drain.clone());
        async move {
            if drain.has_begun() {
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
                (StatusCode::SERVICE_UNAVAILABLE, format!("no write to the database of: {}\n", down.join(", ")))
            }
        }
    };
    Router::new().route("/healthz", get(async || "alive\n")).route("/readyz", get(ready))
}
