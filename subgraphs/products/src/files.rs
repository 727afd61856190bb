//! Files over HTTP, for those who hold a link: a catalogue goes in by PUT and out by GET.

use crate::{
    actions::bulk::{
        export, links,
        upload::{self, Upload},
    },
    domain::bulk::job::Format,
};
use axum::{
    Json, Router,
    body::Body,
    extract::{OriginalUri, Path, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, put},
};
use platform::{
    Deps,
    ids::{CatalogImportId, VendorId},
};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Exports at once in one process: each holds a connection to the database.
const EXPORTS: usize = 2;

#[derive(Clone)]
struct App {
    deps: Deps,
    exports: Arc<Semaphore>,
}

/// What a link carries beside its path.
#[derive(Deserialize)]
struct Signed {
    expires: i64,
    signature: String,
}

/// The routes of this service beside GraphQL.
pub fn routes(deps: Deps) -> Router {
    let exports = Arc::new(Semaphore::new(EXPORTS));
    Router::new()
        .route("/catalog-imports/{id}", put(receive))
        .route("/catalog-exports/{vendor}/{format}", get(send))
        .with_state(App { deps, exports })
}

fn refuse(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({ "errors": [{ "message": message, "extensions": { "code": code } }] });
    (status, Json(body)).into_response()
}

fn is_good(app: &App, uri: &OriginalUri, link: &Signed) -> bool {
    links::is_good(&app.deps, uri.path(), link.expires, &link.signature)
}

fn bad_link() -> Response {
    refuse(
        StatusCode::FORBIDDEN,
        "FORBIDDEN",
        "the link is not valid, or no longer",
    )
}

async fn receive(
    State(app): State<App>,
    uri: OriginalUri,
    Path(id): Path<String>,
    Query(link): Query<Signed>,
    body: Body,
) -> Response {
    let Some(id) = CatalogImportId::parse(&id).filter(|_| is_good(&app, &uri, &link)) else {
        return bad_link();
    };
    match upload::receive(&app.deps, id, body.into_data_stream()).await {
        Ok(Upload::Stored) => StatusCode::NO_CONTENT.into_response(),
        Ok(Upload::NotAwaited) => refuse(
            StatusCode::CONFLICT,
            "CONFLICT",
            "the import does not wait for a file",
        ),
        Ok(Upload::TooLarge) => refuse(StatusCode::PAYLOAD_TOO_LARGE, "LIMIT_EXCEEDED", "at most 512 MB"),
        Ok(Upload::BrokenOff) => refuse(StatusCode::REQUEST_TIMEOUT, "INVALID", "the file is not complete"),
        Err(error) => {
            tracing::warn!(import = %id, error = error.describe(), "an upload failed");
            refuse(StatusCode::SERVICE_UNAVAILABLE, error.code(), &error.message())
        }
    }
}

async fn send(
    State(app): State<App>,
    uri: OriginalUri,
    Path((vendor, format)): Path<(String, String)>,
    Query(link): Query<Signed>,
) -> Response {
    let format = match format.as_str() {
        "CSV" => Format::Csv,
        "JSONL" => Format::Jsonl,
        _ => return bad_link(),
    };
    let Some(vendor) = VendorId::parse(&vendor).filter(|_| is_good(&app, &uri, &link)) else {
        return bad_link();
    };
    let Ok(permit) = app.exports.try_acquire_owned() else {
        let answer = refuse(
            StatusCode::SERVICE_UNAVAILABLE,
            "UNAVAILABLE",
            "other exports are running",
        );
        return ([(header::RETRY_AFTER, "10")], answer).into_response();
    };
    let mut pages = export::start(app.deps, vendor, format);
    let stream = async_stream::stream! {
        let _permit = permit;
        while let Some(page) = pages.recv().await {
            yield page.map_err(|error| std::io::Error::other(error.message()));
        }
    };
    let name = format!(
        "attachment; filename=\"catalog-{vendor}.{}\"",
        format.as_str().to_lowercase()
    );
    let headers = [
        (header::CONTENT_TYPE, format.content_type().to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, Body::from_stream(stream)).into_response()
}
