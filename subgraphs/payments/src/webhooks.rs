//! `POST /webhooks/stripe`: nothing is believed, and nothing written, without a good signature.

use crate::{
    App,
    actions::webhook,
    provider::{objects::Event, signature},
};
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode},
    routing::post,
};

/// Bytes a webhook may have.
const LIMIT: usize = 1024 * 1024;

pub fn routes(app: App) -> Router {
    Router::new()
        .route("/webhooks/stripe", post(receive))
        .layer(DefaultBodyLimit::max(LIMIT))
        .with_state(app)
}

async fn receive(State(app): State<App>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let Some(stripe) = &app.stripe else {
        return StatusCode::NOT_FOUND;
    };
    let header = headers
        .get("stripe-signature")
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let now = chrono::Utc::now().timestamp();
    if !signature::verify(header, &body, stripe.webhook_secrets(), now) {
        return StatusCode::BAD_REQUEST;
    }
    let Ok(payload) = serde_json::from_slice::<serde_json::Value>(&body) else {
        return StatusCode::BAD_REQUEST;
    };
    let Ok(event) = serde_json::from_value::<Event>(payload.clone()) else {
        return StatusCode::BAD_REQUEST;
    };
    if let Err(error) = webhook::keep(&app, &event, &payload).await {
        tracing::error!(
            event = event.id,
            error = error.describe(),
            "cannot keep a webhook"
        );
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    // It is kept: whatever happens now, the worker sees to it.
    if let Err(error) = webhook::process(&app, &event.id).await {
        tracing::warn!(
            event = event.id,
            error = error.describe(),
            "a webhook waits for the worker"
        );
    }
    StatusCode::OK
}
