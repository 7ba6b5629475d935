//! Events that were put aside, as machines and operators ask for them: on the address of health alone.

use axum::{
    Json, Router,
    http::StatusCode,
    routing::{get, post},
};
use events::Consumer;
use serde_json::{Value, json};

/// Shown of one consumer.
const MOST: u32 = 1_000;

/// `GET /events/dead` lists them; `POST /events/dead/redrive` tries them again.
pub fn admin(consumers: Vec<Consumer>) -> Router {
    let again = consumers.clone();
    Router::new()
        .route("/events/dead", get(move || list(consumers.clone())))
        .route("/events/dead/redrive", post(move || redrive(again.clone())))
}

type Answer = Result<Json<Value>, (StatusCode, String)>;

async fn list(consumers: Vec<Consumer>) -> Answer {
    let mut all = Vec::new();
    for consumer in consumers {
        for event in consumer.dead(MOST).await.map_err(|error| failed(&error))? {
            all.push(json!({
                "consumer": consumer.name(),
                "event_id": event.event_id.to_string(),
                "subject": event.subject,
                "cause": event.cause,
                "tries": event.tries,
                "at": event.at.to_rfc3339(),
            }));
        }
    }
    Ok(Json(Value::Array(all)))
}

async fn redrive(consumers: Vec<Consumer>) -> Answer {
    // In a task of its own: whoever asked may hang up.
    let work = tokio::spawn(async move {
        let mut n_taken_up = 0;
        for consumer in consumers {
            n_taken_up += consumer.redrive().await.map_err(|error| failed(&*error))?;
        }
        Ok(Json(json!({ "taken_up": n_taken_up })))
    });
    work.await.map_err(|panic| failed(&panic))?
}

fn failed(error: &(dyn std::error::Error + 'static)) -> (StatusCode, String) {
    tracing::warn!(error, "what was put aside cannot be reached");
    (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n"))
}
