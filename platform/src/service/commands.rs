//! `POST /commands/<name>` and `POST /events/unseen`: for other services only.

use super::CommandHandler;
use crate::{
    commands::{Call, MOMENT_HEADER, moment},
    db::Db,
    error::Error,
    events::inbox,
    token::ServiceKey,
};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use std::{collections::HashMap, sync::Arc};
use uuid::Uuid;

#[derive(Clone)]
struct Host {
    name: &'static str,
    key: ServiceKey,
    handlers: Arc<HashMap<&'static str, CommandHandler>>,
    db: Db,
}

pub(super) fn routes(
    name: &'static str,
    key: &ServiceKey,
    handlers: &HashMap<&'static str, CommandHandler>,
    db: &Db,
) -> Router {
    let host = Host {
        name,
        key: key.clone(),
        handlers: Arc::new(handlers.clone()),
        db: db.clone(),
    };
    Router::new()
        .route("/commands/{name}", post(command))
        .route("/events/unseen", post(unseen))
        .with_state(host)
}

impl Host {
    fn caller(&self, headers: &HeaderMap) -> Option<String> {
        let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        self.key.caller(value.strip_prefix("Bearer ")?, self.name)
    }
}

async fn command(
    State(host): State<Host>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(caller) = host.caller(&headers) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let Some(handler) = host.handlers.get(name.as_str()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let header = headers.get(MOMENT_HEADER).and_then(|value| value.to_str().ok());
    let Ok(moment) = moment(header) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match handler(Call { caller, moment }, body.to_vec()).await {
        Ok(reply) => ([(header::CONTENT_TYPE, "application/json")], reply).into_response(),
        Err(error) => failure(&name, &error),
    }
}

fn failure(name: &str, error: &Error) -> Response {
    let status = match error {
        Error::BadInput(_) => StatusCode::BAD_REQUEST,
        Error::Unauthenticated => StatusCode::UNAUTHORIZED,
        Error::Forbidden(_) => StatusCode::FORBIDDEN,
        Error::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    tracing::error!(command = name, error = error.describe(), "a command failed");
    (status, error.message()).into_response()
}

async fn unseen(State(host): State<Host>, headers: HeaderMap, Json(ids): Json<Vec<Uuid>>) -> Response {
    if host.caller(&headers).is_none() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    match inbox::unseen(&host.db, ids).await {
        Ok(unseen) => Json(unseen).into_response(),
        Err(error) => failure("unseen", &error),
    }
}
