//! GraphiQL at `/graphiql`, from the bundle that `router/graphiql` builds. No CDN.

use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use hive_router::ntex::http::{Method, Response, StatusCode, header};
use hive_router::plugins::hooks::on_http_request::{OnHttpRequestHookFuture, OnHttpRequestHookPayload};
use hive_router::plugins::hooks::on_plugin_init::{OnPluginInitPayload, OnPluginInitResult};
use hive_router::plugins::plugin_trait::{RouterPlugin, StartHookPayload};
use hive_router::{async_trait, tokio};
use serde::Deserialize;

const PATH: &str = "/graphiql";
const POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self' blob:; \
    style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const UNBUILT: &str = "<!doctype html><title>Agora GraphiQL</title><h1>GraphiQL is not built</h1>\
    <p>Run <code>npm ci &amp;&amp; npm run build</code> in <code>router/graphiql</code>, then \
    reload. Another folder: <code>AGORA_GRAPHIQL_DIR</code>.</p>";

pub struct Graphiql {
    directory: PathBuf,
}

#[derive(Deserialize)]
pub struct Config {
    /// Folder of the built bundle.
    directory: String,
}

struct File {
    body: Vec<u8>,
    /// Of size and modification time: a rebuilt bundle is noticed without a restart.
    etag: String,
}

impl Graphiql {
    async fn answer(&self, path: &str, if_none_match: Option<&str>) -> Response {
        let Some(name) = file_name(path) else {
            return Response::build(StatusCode::NOT_FOUND).finish();
        };
        match read(&self.directory.join(name)).await {
            Ok(file) if if_none_match == Some(file.etag.as_str()) => {
                Response::build(StatusCode::NOT_MODIFIED)
                    .header(header::ETAG, file.etag)
                    .finish()
            }
            Ok(file) => Response::build(StatusCode::OK)
                .content_type(content_type(name))
                .header(header::CACHE_CONTROL, "no-cache")
                .header(header::ETAG, file.etag)
                .header(header::CONTENT_SECURITY_POLICY, POLICY)
                .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
                .header(header::REFERRER_POLICY, "no-referrer")
                .body(file.body),
            Err(_) if name == "index.html" => Response::build(StatusCode::SERVICE_UNAVAILABLE)
                .content_type("text/html; charset=utf-8")
                .body(UNBUILT),
            Err(_) => Response::build(StatusCode::NOT_FOUND).finish(),
        }
    }
}

/// The file for a path, `None` for anything but a plain name: no folders, nothing hidden.
fn file_name(path: &str) -> Option<&str> {
    let name = match path.strip_prefix(PATH)? {
        "" | "/" => return Some("index.html"),
        rest => rest.strip_prefix('/')?,
    };
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    (name.bytes().all(plain) && !name.starts_with('.')).then_some(name)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("ttf") => "font/ttf",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

async fn read(path: &Path) -> io::Result<File> {
    let metadata = tokio::fs::metadata(path).await?;
    let modified = metadata
        .modified()?
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let etag = format!("\"{:x}-{:x}\"", metadata.len(), modified.as_nanos());
    Ok(File {
        body: tokio::fs::read(path).await?,
        etag,
    })
}

#[async_trait]
impl RouterPlugin for Graphiql {
    type Config = Config;

    fn plugin_name() -> &'static str {
        "graphiql"
    }

    fn on_plugin_init(payload: OnPluginInitPayload<Self>) -> OnPluginInitResult<Self> {
        let directory = super::config_path(&payload.config()?.directory);
        payload.initialize_plugin(Self { directory })
    }

    fn on_http_request<'req>(
        &'req self,
        payload: OnHttpRequestHookPayload<'req>,
    ) -> OnHttpRequestHookFuture<'req> {
        Box::pin(async move {
            let request = &payload.router_http_request;
            let path = request.path();
            let ours = path
                .strip_prefix(PATH)
                .is_some_and(|r| r.is_empty() || r.starts_with('/'));
            if !ours || !matches!(*request.method(), Method::GET | Method::HEAD) {
                return payload.proceed();
            }
            let etag = request.headers().get(header::IF_NONE_MATCH);
            let response = self
                .answer(path, etag.and_then(|value| value.to_str().ok()))
                .await;
            payload.end_with_response(response)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside_the_folder() {
        assert_eq!(file_name("/graphiql"), Some("index.html"));
        assert_eq!(file_name("/graphiql/"), Some("index.html"));
        assert_eq!(file_name("/graphiql/json.worker.js"), Some("json.worker.js"));
        for bad in [
            "/graphiql/../secret",
            "/graphiql/..",
            "/graphiql/.env",
            "/graphiql/a/b",
            "/graphiql/%2e%2e",
        ] {
            assert_eq!(file_name(bad), None, "{bad}");
        }
    }

    #[test]
    fn content_types() {
        assert!(content_type("a.worker.js").starts_with("text/javascript"));
        assert_eq!(content_type("codicon.ttf"), "font/ttf");
    }
}
