//! The media server: the public face of the store. It hands out what is public or signed for, and takes what a
//! signed URL announced, byte for byte.

use super::{Key, Size, Storage, links::Signed};
use crate::error::Error;
use axum::{
    Router,
    body::Body,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use futures::{Stream, StreamExt};
use object_store::{GetOptions, GetRange, GetResult};
use std::{sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::sync::CancellationToken;
use tower_http::cors::{Any, CorsLayer};

/// Uploads at the same time; more are asked to come again.
const UPLOADS: usize = 32;
/// How long the next bytes of an upload may take, and all of them: so long, and as long as they need at this rate.
const STALLED: Duration = Duration::from_secs(10);
const UPLOAD_WITHIN: Duration = Duration::from_secs(300);
const BYTES_PER_SECOND: u64 = 128 << 10;

#[derive(Clone)]
struct Server {
    storage: Storage,
    uploads: Arc<Semaphore>,
    /// How long the next bytes of an upload may take.
    patience: Duration,
}

/// Serves on `listener` until `stop`.
pub async fn serve(storage: Storage, listener: TcpListener, stop: CancellationToken) -> anyhow::Result<()> {
    let served =
        axum::serve(listener, routes(storage, STALLED)).with_graceful_shutdown(stop.cancelled_owned());
    Ok(served.await?)
}

pub(super) fn routes(storage: Storage, patience: Duration) -> Router {
    let server = Server {
        storage,
        patience,
        uploads: Arc::new(Semaphore::new(UPLOADS)),
    };
    // Any storefront may show pictures and send what it has a signed URL for: there are no cookies to abuse.
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::PUT])
        .allow_headers([header::CONTENT_TYPE, header::RANGE])
        .max_age(Duration::from_secs(3600));
    let media = Router::new()
        .route("/media/{*key}", get(download).put(upload))
        .layer(cors)
        .with_state(server);
    crate::service::layers("media", media).route("/healthz", get(|| async { "ok" }))
}

async fn upload(
    State(server): State<Server>,
    Path(key): Path<String>,
    signed: Result<Query<Signed>, QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some(key) = Key::new(&key) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Some(Query(signed)) = signed
        .ok()
        .filter(|signed| server.storage.links.allows("PUT", &key, signed))
    else {
        return (StatusCode::FORBIDDEN, "the URL is not valid, or not any more").into_response();
    };
    let sent = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    if sent(header::CONTENT_TYPE) != Some(signed.content_type.as_str()) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let Some(size) = sent(header::CONTENT_LENGTH).and_then(|size| size.parse::<u64>().ok()) else {
        return StatusCode::LENGTH_REQUIRED.into_response();
    };
    if size > signed.size().limit() {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    if !signed.size().allows(size) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let Ok(_permit) = server.uploads.try_acquire() else {
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")]).into_response();
    };
    let stream = Box::pin(unless_stalled(body, server.patience));
    let put = server.storage.put_stream(&key, stream, Size::Exactly(size));
    let within = UPLOAD_WITHIN + Duration::from_secs(size / BYTES_PER_SECOND);
    match tokio::time::timeout(within, put).await {
        Ok(Ok(_)) => StatusCode::NO_CONTENT.into_response(),
        Ok(Err(Error::BadInput(message))) => (StatusCode::BAD_REQUEST, message).into_response(),
        Ok(Err(error)) => unavailable(&error),
        Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
    }
}

fn unless_stalled(body: Body, patience: Duration) -> impl Stream<Item = Result<axum::body::Bytes, String>> {
    futures::stream::unfold(body.into_data_stream(), move |mut body| async move {
        match tokio::time::timeout(patience, body.next()).await {
            Ok(next) => Some((next?.map_err(|error| error.to_string()), body)),
            Err(_) => Some((Err("the upload stalled".to_owned()), body)),
        }
    })
}

async fn download(
    State(server): State<Server>,
    method: Method,
    Path(key): Path<String>,
    signed: Result<Query<Signed>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let allowed = |key: &Key| {
        key.is_public() || signed.is_ok_and(|Query(signed)| server.storage.links.allows("GET", key, &signed))
    };
    let Some(key) = Key::new(&key).filter(allowed) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let sent = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let options = GetOptions {
        range: sent(header::RANGE).and_then(range),
        if_none_match: sent(header::IF_NONE_MATCH).map(str::to_owned),
        head: method == Method::HEAD,
        ..GetOptions::default()
    };
    let range = options.range.clone();
    match server.storage.read(&key, options).await {
        Ok(file) => answer(&key, file, range.is_some()),
        Err(object_store::Error::NotFound { .. }) => StatusCode::NOT_FOUND.into_response(),
        Err(object_store::Error::NotModified { .. }) => StatusCode::NOT_MODIFIED.into_response(),
        Err(error) => match outside(&server.storage, &key, range).await {
            Some(size) => {
                let size = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
                (StatusCode::RANGE_NOT_SATISFIABLE, size).into_response()
            }
            None => unavailable(&Error::unavailable(error)),
        },
    }
}

/// The size of a file that has nothing at a range. Stores do not tell this from other failures.
async fn outside(storage: &Storage, key: &Key, range: Option<GetRange>) -> Option<u64> {
    let size = storage.size(key).await.ok()??;
    range?.as_range(size).is_err().then_some(size)
}

/// One range of bytes, which players of videos ask for; anything more is answered with the whole file.
fn range(header: &str) -> Option<GetRange> {
    let (from, to) = header.strip_prefix("bytes=")?.split_once('-')?;
    match (from.trim(), to.trim()) {
        ("", last) => Some(GetRange::Suffix(last.parse().ok().filter(|last| *last > 0)?)),
        (first, "") => Some(GetRange::Offset(first.parse().ok()?)),
        (first, last) => {
            let (first, last) = (first.parse::<u64>().ok()?, last.parse::<u64>().ok()?);
            (first <= last && last < u64::MAX).then(|| GetRange::Bounded(first..last + 1))
        }
    }
}

fn answer(key: &Key, file: GetResult, partial: bool) -> Response {
    let (range, size) = (file.range.clone(), file.meta.size);
    let tag = file.meta.e_tag.clone();
    let mut response = Body::from_stream(file.into_stream()).into_response();
    let mut set = |name: header::HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    };
    let name = key.as_str().rsplit('/').next().unwrap_or_default();
    let shown = if key.is_inline() { "inline" } else { "attachment" };
    let cache = match key.is_public() {
        true => "public, max-age=31536000, immutable",
        false => "private, no-store",
    };
    set(header::CONTENT_TYPE, key.content_type());
    set(header::CONTENT_LENGTH, &(range.end - range.start).to_string());
    set(
        header::CONTENT_DISPOSITION,
        &format!("{shown}; filename=\"{name}\""),
    );
    set(header::CACHE_CONTROL, cache);
    set(header::ACCEPT_RANGES, "bytes");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox");
    set(
        header::HeaderName::from_static("cross-origin-resource-policy"),
        "cross-origin",
    );
    if let Some(tag) = tag {
        set(header::ETAG, &tag);
    }
    if partial {
        let last = range.end.saturating_sub(1);
        set(
            header::CONTENT_RANGE,
            &format!("bytes {}-{last}/{size}", range.start),
        );
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    response
}

fn unavailable(error: &Error) -> Response {
    tracing::error!(error = error.describe(), "the store does not answer");
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}

#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;
