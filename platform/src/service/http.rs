//! Layers around all routes, outermost first: a panic becomes 500, bodies are bounded, the trace begins.

use crate::telemetry::RequestTrace;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    middleware::{self, Next},
    response::Response,
};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;

/// Bytes a request may have. Commands between services carry batches, hence more than the router lets through.
const BODY_LIMIT: usize = 8 * 1024 * 1024;

pub(crate) fn layers(name: &'static str, router: Router) -> Router {
    router
        .layer(middleware::from_fn(move |request, next| {
            trace(name, request, next)
        }))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(CatchPanicLayer::new())
}

async fn trace(name: &'static str, request: Request, next: Next) -> Response {
    let header = request
        .headers()
        .get("traceparent")
        .and_then(|value| value.to_str().ok());
    let trace = RequestTrace::from_header(header);
    let span = tracing::info_span!(
        "request",
        service = name,
        trace_id = trace.trace_id(),
        path = request.uri().path()
    );
    let started = std::time::Instant::now();
    let response = trace.scope(next.run(request)).instrument(span.clone()).await;
    span.in_scope(|| {
        tracing::debug!(
            status = response.status().as_u16(),
            ms = started.elapsed().as_secs_f64() * 1e3,
            "answered"
        );
    });
    response
}
