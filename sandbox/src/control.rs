//! The controls that Stripe does not have: faults, outcomes, the ledger, the flush. Secret key only.

use crate::{
    api::{confirm, disputes, refunds},
    app::App,
    auth::{self, Access},
    deliver,
    error::{ApiError, ApiResult},
    faults::Fault,
    ids, ledger,
    params::Params,
    tx::Tx,
};
use axum::{
    Json, Router,
    extract::{Path, RawQuery, Request, State},
    http::StatusCode,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use serde_json::{Value, json};
use std::sync::Arc;

pub fn router(app: Arc<App>) -> Router<Arc<App>> {
    Router::new()
        .route("/faults", get(list_faults).post(arm).delete(clear))
        .route("/ledger", get(read_ledger).post(plant))
        .route("/webhooks", get(pending))
        .route("/webhooks/flush", post(flush))
        .route("/webhooks/pause", post(|app: State<Arc<App>>| pause(app, true)))
        .route("/webhooks/resume", post(|app: State<Arc<App>>| pause(app, false)))
        .route("/{kind}/{id}/{outcome}", post(settle))
        .route_layer(from_fn_with_state(app, guard))
}

async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let given = auth::from_header(request.headers());
    let access = auth::access(
        given.as_deref(),
        &app.config.secret_key,
        &app.config.publishable_key,
    );
    match access {
        Ok(Access::Secret) => next.run(request).await,
        Ok(Access::Publishable) => refuse(&auth::secret_key_required()),
        Err(error) => refuse(&error),
    }
}

fn refuse(error: &ApiError) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    (status, Json(error.body())).into_response()
}

/// Changes wait for the journal here as everywhere.
async fn change(app: &App, work: impl FnOnce(&mut Tx) -> ApiResult) -> Response {
    let (result, position) = app.transact(&ids::request_id(), work);
    if app.journal.settle(position).await.is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    match result {
        Ok(body) => Json(body).into_response(),
        Err(error) => refuse(&error),
    }
}

async fn list_faults(State(app): State<Arc<App>>) -> Json<Vec<Fault>> {
    Json(app.lock().faults.armed().to_vec())
}

async fn arm(State(app): State<Arc<App>>, Json(fault): Json<Fault>) -> Json<Vec<Fault>> {
    let mut state = app.lock();
    state.faults.arm(fault);
    Json(state.faults.armed().to_vec())
}

async fn clear(State(app): State<Arc<App>>) -> StatusCode {
    app.lock().faults.clear();
    StatusCode::NO_CONTENT
}

async fn read_ledger(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Response {
    change(&app, |tx| {
        let params = Params::parse(query.unwrap_or_default().as_bytes())?;
        ledger::read(tx.state, &params)
    })
    .await
}

async fn plant(State(app): State<Arc<App>>, Json(plant): Json<ledger::Plant>) -> Response {
    change(&app, |tx| ledger::plant(tx, plant)).await
}

async fn pending(State(app): State<Arc<App>>) -> Json<Value> {
    let state = app.lock();
    Json(json!({ "pending": state.queue.len(), "events": state.events.len() }))
}

/// Until resumed, or the end of the process, only flushes deliver.
async fn pause(State(app): State<Arc<App>>, paused: bool) -> StatusCode {
    app.lock().queue.paused = paused;
    app.wake.notify_one();
    StatusCode::NO_CONTENT
}

/// In a task of its own: a client that gives up must not leave deliveries half carried.
async fn flush(State(app): State<Arc<App>>) -> Response {
    match tokio::spawn(deliver::flush(app)).await {
        Ok(flushed) => Json(flushed).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn settle(
    State(app): State<Arc<App>>,
    Path((kind, id, outcome)): Path<(String, String, String)>,
) -> Response {
    change(&app, |tx| match (kind.as_str(), outcome.as_str()) {
        ("payment_intents", "succeed") => confirm::conclude(tx, &id, true).map(|intent| intent.render()),
        ("payment_intents", "fail") => confirm::conclude(tx, &id, false).map(|intent| intent.render()),
        ("payment_intents", "expire") => confirm::expire(tx, &id),
        ("refunds", "succeed") => refunds::settle(tx, &id, true),
        ("refunds", "fail") => refunds::settle(tx, &id, false),
        ("disputes", "won") => disputes::close(tx, &id, true),
        ("disputes", "lost") => disputes::close(tx, &id, false),
        _ => Err(ApiError::unknown_url(
            "POST",
            &format!("/sandbox/{kind}/{id}/{outcome}"),
        )),
    })
    .await
}
