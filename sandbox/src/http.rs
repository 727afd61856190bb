//! The HTTP surface: routes, the `/v1` handler and Stripe's response headers.

use crate::{
    app::App,
    auth, control,
    cut::Cut,
    error::{ApiError, ApiResult},
    ids,
    params::Params,
    pipeline::{self, Outcome, Reply, Request},
    threeds,
};
use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{ConnectInfo, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
    routing::{any, get},
};
use std::{sync::Arc, time::Duration};
use tower_http::cors::{AllowHeaders, Any, CorsLayer};

const BODY_LIMIT: usize = 1 << 20;

pub fn router(app: Arc<App>) -> Router {
    // Browsers call with the publishable key from any shop's origin, as they call Stripe.
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(AllowHeaders::mirror_request());
    Router::new()
        .route("/v1/{*path}", any(v1).layer(cors))
        .route("/healthz", get(|| async { "ok" }))
        .nest("/sandbox", control::router(app.clone()))
        .nest("/3ds", threeds::router())
        .with_state(app)
}

async fn v1(
    State(app): State<Arc<App>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: axum::extract::Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let request = match parse(&app, &parts, &body) {
        Ok(request) => request,
        Err(error) => return respond(Reply::of_error(&error, &ids::request_id()), &parts.headers),
    };
    let Outcome {
        reply,
        lose,
        delay_ms,
        position,
        busy,
    } = pipeline::execute(&app, &request);
    if let Err(error) = app.journal.settle(position).await {
        tracing::error!(%error, "a request was not journalled");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    if delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(delay_ms.into())).await;
    }
    drop(busy);
    if lose {
        cut.cut();
    }
    let (method, path) = (&request.method, &request.path);
    tracing::debug!(
        method,
        path,
        status = reply.status,
        request_id = reply.request_id,
        "call"
    );
    respond(reply, &parts.headers)
}

fn parse(app: &App, parts: &Parts, body: &Bytes) -> ApiResult<Request> {
    let is_post = parts.method == Method::POST;
    if is_post
        && parts
            .headers
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().ends_with(b"json"))
    {
        return Err(ApiError::invalid(
            "",
            "Invalid request: the content type must be application/x-www-form-urlencoded.",
        ));
    }
    let encoded = if is_post {
        body
    } else {
        parts.uri.query().unwrap_or_default().as_bytes()
    };
    let mut params = Params::parse(encoded)?;
    let field = params.take_key();
    let given = auth::from_header(&parts.headers).or(field);
    let access = auth::access(
        given.as_deref(),
        &app.config.secret_key,
        &app.config.publishable_key,
    )?;
    let key = parts
        .headers
        .get("idempotency-key")
        .and_then(|value| value.to_str().ok());
    Ok(Request {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        params,
        access,
        key: key.filter(|key| is_post && !key.is_empty()).map(str::to_owned),
    })
}

fn respond(reply: Reply, asked: &HeaderMap) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let kind = if reply.html {
        "text/html"
    } else {
        "application/json"
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("no-cache, no-store"),
    );
    set(headers, "request-id", &reply.request_id);
    if let Some(original) = &reply.original {
        set(headers, "original-request", original);
        set(headers, "idempotent-replayed", "true");
    }
    for echoed in ["stripe-version", "idempotency-key"] {
        if let Some(value) = asked.get(echoed) {
            headers.insert(HeaderName::from_static(echoed), value.clone());
        }
    }
    // Stripe's libraries obey this header before they look at the status.
    if matches!(reply.status, 409 | 429) {
        set(headers, "stripe-should-retry", "true");
    }
    response
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
