//! `/healthz` (the process lives), `/readyz` (a supergraph is loaded), and an honest 404: Hive
//! answers any unknown path with 200 and a landing page, so that a wrong probe looks healthy. And no CORS header for
//! origins that are not listed.

use hive_router::async_trait;
use hive_router::http::Uri;
use hive_router::ntex::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, LOCATION};
use hive_router::ntex::http::{HeaderMap, Response, StatusCode};
use hive_router::ntex::web::{DefaultError, WebRequest};
use hive_router::plugins::hooks::on_http_request::{OnHttpRequestHookFuture, OnHttpRequestHookPayload};
use hive_router::plugins::hooks::on_plugin_init::{OnPluginInitPayload, OnPluginInitResult};
use hive_router::plugins::plugin_trait::{EndHookPayload, RouterPlugin, StartHookPayload};

pub struct Paths {
    /// Everything Hive serves under this path is GraphQL; persisted documents hang below it.
    graphql: String,
    /// Whether there is a page for humans.
    graphiql: bool,
}

#[derive(Debug, PartialEq)]
enum Route {
    /// Hive knows the path.
    Known,
    /// Ours, another name for a path of Hive's.
    Alias(&'static str),
    /// To the page for humans.
    Home,
    Unknown,
}

impl Paths {
    fn route(&self, path: &str) -> Route {
        match path {
            "/healthz" => Route::Alias("/health"),
            "/readyz" => Route::Alias("/readiness"),
            "/health" | "/readiness" => Route::Known,
            _ if path == self.graphql => Route::Known,
            _ if path
                .strip_prefix(&self.graphql)
                .is_some_and(|rest| rest.starts_with('/')) =>
            {
                Route::Known
            }
            "/" if self.graphiql => Route::Home,
            _ => Route::Unknown,
        }
    }
}

#[async_trait]
impl RouterPlugin for Paths {
    type Config = ();

    fn plugin_name() -> &'static str {
        "paths"
    }

    fn on_plugin_init(payload: OnPluginInitPayload<Self>) -> OnPluginInitResult<Self> {
        let config = payload.router_config();
        let graphql = config.graphql_path().to_owned();
        let graphiql = config
            .plugins
            .get("graphiql")
            .is_some_and(|plugin| plugin.enabled);
        payload.initialize_plugin(Self { graphql, graphiql })
    }

    fn on_http_request<'req>(
        &'req self,
        mut payload: OnHttpRequestHookPayload<'req>,
    ) -> OnHttpRequestHookFuture<'req> {
        Box::pin(async move {
            match self.route(payload.router_http_request.path()) {
                Route::Known => payload.on_end(|mut end| {
                    forget_strangers(end.response.headers_mut());
                    end.proceed()
                }),
                Route::Alias(path) => {
                    rewrite(&mut payload.router_http_request, path);
                    payload.proceed()
                }
                Route::Home => {
                    let response = Response::build(StatusCode::FOUND)
                        .header(LOCATION, "/graphiql")
                        .finish();
                    payload.end_with_response(response)
                }
                Route::Unknown => {
                    let response = Response::build(StatusCode::NOT_FOUND)
                        .content_type("text/plain; charset=utf-8")
                        .body("Not found.\n");
                    payload.end_with_response(response)
                }
            }
        })
    }
}

/// Hive tells an origin that is not listed `null`. That is the origin of every sandboxed frame, which might then read
/// the response: it gets nothing.
fn forget_strangers(headers: &mut HeaderMap) {
    let allowed = headers.get(ACCESS_CONTROL_ALLOW_ORIGIN);
    if allowed.is_some_and(|origin| origin.as_bytes() == b"null") {
        headers.remove(ACCESS_CONTROL_ALLOW_ORIGIN);
    }
}

/// Lets Hive's own handler of `path` answer.
fn rewrite(request: &mut WebRequest<DefaultError>, path: &'static str) {
    let uri = Uri::from_static(path);
    request.head_mut().uri = uri.clone();
    request.match_info_mut().set(uri);
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_router::ntex::http::header::HeaderValue;

    #[test]
    fn routes() {
        let paths = Paths {
            graphql: "/graphql".into(),
            graphiql: true,
        };
        assert_eq!(paths.route("/graphql"), Route::Known);
        assert_eq!(paths.route("/graphql/sha256:00"), Route::Known);
        assert_eq!(paths.route("/graphqlx"), Route::Unknown);
        assert_eq!(paths.route("/readyz"), Route::Alias("/readiness"));
        assert_eq!(paths.route("/"), Route::Home);
        assert_eq!(paths.route("/nope/health"), Route::Unknown);
        let headless = Paths {
            graphiql: false,
            ..paths
        };
        assert_eq!(headless.route("/"), Route::Unknown);
    }

    #[test]
    fn only_listed_origins_are_told() {
        for (origin, stays) in [("null", false), ("https://shop.example", true)] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static(origin));
            forget_strangers(&mut headers);
            assert_eq!(headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN), stays);
        }
    }
}
