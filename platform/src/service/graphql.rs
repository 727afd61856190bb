//! `POST /graphql` and the WebSocket `/ws` (graphql-transport-ws). A bad token is 401, never anonymous.

use super::{
    RequestData, size,
    socket::{Life, farewell},
};
use crate::{
    client::{Client, RouterKey},
    token::Verifier,
    viewer::Viewer,
};
use async_graphql::{Data, Executor, Request, ServerError};
use async_graphql_axum::{GraphQLProtocol, GraphQLWebSocket};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State, WebSocketUpgrade},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{any, post},
};
use futures::{SinkExt, StreamExt, channel::mpsc};
use serde_json::json;
use std::sync::Arc;

/// Bytes an operation may have. The router lets 256 KiB through from a client, and adds the keys of entities.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

struct Host<E> {
    name: &'static str,
    verifier: Verifier,
    router: Option<RouterKey>,
    executor: E,
    data: RequestData,
}

/// Identity of a request whose token is good or absent.
enum Identity {
    Known(Box<Viewer>),
    BadToken,
}

pub(super) fn routes<E: Executor>(
    name: &'static str,
    verifier: Verifier,
    router: Option<RouterKey>,
    executor: E,
    data: RequestData,
) -> Router {
    let host = Arc::new(Host {
        name,
        verifier,
        router,
        executor,
        data,
    });
    Router::new()
        .route(
            "/graphql",
            post(execute::<E>).layer(DefaultBodyLimit::max(BODY_LIMIT)),
        )
        .route("/ws", any(subscribe::<E>))
        .with_state(host)
}

async fn execute<E: Executor>(State(host): State<Arc<Host<E>>>, headers: HeaderMap, body: Bytes) -> Response {
    if !is_json(&headers) {
        return refuse(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "BAD_REQUEST",
            "content-type must be application/json",
        );
    }
    let token = headers
        .get(header::AUTHORIZATION)
        .map(|value| value.to_str().unwrap_or(""));
    let Identity::Known(viewer) = identify(&host.verifier, token).await else {
        return refuse(
            StatusCode::UNAUTHORIZED,
            "UNAUTHENTICATED",
            "the access token is not valid",
        );
    };
    if has_nul(&body) {
        let error =
            json!({ "message": "text must not contain NUL", "extensions": { "code": "BAD_USER_INPUT" } });
        return Json(json!({ "data": null, "errors": [error] })).into_response();
    }
    // A single request: a batch would multiply every limit.
    let Ok(mut request) = serde_json::from_slice::<Request>(&body) else {
        return refuse(StatusCode::BAD_REQUEST, "BAD_REQUEST", "not a GraphQL request");
    };
    if size::too_large(&request.query) {
        return refuse(
            StatusCode::PAYLOAD_TOO_LARGE,
            "OPERATION_TOO_LARGE",
            "the document is too large",
        );
    }
    let from_router = host.router.as_ref().is_some_and(|key| key.signed(&headers));
    if super::entities::too_many(&mut request, from_router) {
        return refuse(
            StatusCode::BAD_REQUEST,
            "BAD_REQUEST",
            "too many entities in one request",
        );
    }
    (host.data)(&viewer, &mut request.data);
    request.data.insert(*viewer);
    request.data.insert(Client::of(&headers, host.router.as_ref()));
    let mut response = host.executor.execute(request).await;
    count(host.name);
    response.errors.iter_mut().for_each(name);
    match serde_json::to_vec(&response) {
        Ok(body) => (
            [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))],
            body,
        )
            .into_response(),
        Err(error) => {
            tracing::error!(%error, "cannot serialize a response");
            refuse(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "internal error")
        }
    }
}

/// Whether some text of a request has the one character that Postgres cannot keep. JSON and GraphQL write it as an
/// escape.
fn has_nul(body: &[u8]) -> bool {
    body.windows(6).any(|window| window == br"\u0000")
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    content_type
        .split(';')
        .next()
        .is_some_and(|mime| mime.trim().eq_ignore_ascii_case("application/json"))
}

/// Errors of our own have a code. Those without are the library's: the document, or a value of it, is not valid.
fn name(error: &mut ServerError) {
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_none() {
        extensions.set("code", "BAD_USER_INPUT");
        if let Some(trace) = crate::telemetry::trace_id() {
            extensions.set("traceId", trace);
        }
    }
}

/// What a page costs, in the counts that do not depend on the machine.
fn count(service: &'static str) {
    metrics::counter!("agora_graphql_requests_total", "service" => service).increment(1);
    let statements = crate::telemetry::statements();
    metrics::counter!("agora_graphql_sql_statements_total", "service" => service).increment(statements);
}

async fn identify(verifier: &Verifier, authorization: Option<&str>) -> Identity {
    let Some(value) = authorization else {
        return Identity::Known(Box::default());
    };
    let token = value
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token);
    match token {
        Some(token) => match verifier.verify(token.trim()).await {
            Some(viewer) => Identity::Known(Box::new(viewer)),
            None => Identity::BadToken,
        },
        None => Identity::BadToken,
    }
}

fn refuse(status: StatusCode, code: &str, message: &str) -> Response {
    (
        status,
        Json(json!({ "errors": [{ "message": message, "extensions": { "code": code } }] })),
    )
        .into_response()
}

async fn subscribe<E: Executor>(
    State(host): State<Arc<Host<E>>>,
    protocol: GraphQLProtocol,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade
        .max_message_size(256 * 1024)
        .protocols(["graphql-transport-ws"])
        .on_upgrade(move |socket| async move {
            let life = Life::new(host.verifier.revocations().clone());
            let (opened, executor) = (life.clone(), life.mortal(host.executor.clone()));
            let (mut sink, stream) = socket.split();
            let (out, mut queue) = mpsc::channel(16);
            let serve = GraphQLWebSocket::new_with_pair(out, stream, executor, protocol)
                .on_connection_init(move |payload| async move {
                    let authorization = authorization(&payload);
                    let Identity::Known(viewer) = identify(&host.verifier, authorization.as_deref()).await
                    else {
                        return Err(crate::Error::Unauthenticated.into());
                    };
                    opened.depends_on(&viewer);
                    let mut data = Data::default();
                    (host.data)(&viewer, &mut data);
                    data.insert(*viewer);
                    Ok(data)
                })
                .serve();
            let outgoing = &mut sink;
            let forward = async move {
                while let Some(message) = queue.next().await {
                    if outgoing.send(message).await.is_err() {
                        break;
                    }
                }
            };
            // A socket lives no longer than the token that opened it.
            let over = tokio::select! {
                _ = futures::future::join(serve, forward) => false,
                () = life.end() => true,
            };
            if over {
                drop(sink.send(farewell()).await);
            }
        })
}

/// The router sends propagated headers as the payload, in lower case; clients may write it either way.
fn authorization(payload: &serde_json::Value) -> Option<String> {
    let fields = payload.as_object()?;
    let value = fields
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("authorization"))?
        .1;
    Some(value.as_str().unwrap_or("").to_owned())
}
