//! What Agora adds to Hive Router. A plugin runs only if `router.config.yaml` lists it.
//!
//! A refusal is given in `on_graphql_params`, not in `on_http_request`: the later hook also sees
//! operations of a WebSocket, with the headers of `connection_init`, and its answers get CORS
//! headers, so that a browser can read them.

mod authentication;
mod client;
mod graphiql;
mod limits;
mod paths;
mod rate_limit;
mod trace;

use std::path::{Path, PathBuf};

use hive_router::ntex::http::{Response, ResponseBuilder, StatusCode};
use hive_router::plugins::plugin_trait::from_graphql_error_to_bytes;
use hive_router::{GraphQLError, PluginRegistry};

/// The order here is the order of every hook.
pub fn registry() -> PluginRegistry {
    PluginRegistry::new()
        .register::<trace::Trace>()
        .register::<graphiql::Graphiql>()
        .register::<paths::Paths>()
        .register::<client::Client>()
        // Before the rate limit: what is refused for its size is not weighed.
        .register::<limits::Limits>()
        .register::<rate_limit::RateLimit>()
        .register::<authentication::Authentication>()
}

/// A refusal with a GraphQL body: `{"errors": [{"message", "extensions": {"code"}}]}`.
fn refusal(status: StatusCode, code: &str, message: &str) -> (ResponseBuilder, Vec<u8>) {
    let mut response = Response::build(status);
    response.content_type("application/json");
    (response, graphql_error(code, message))
}

fn graphql_error(code: &str, message: &str) -> Vec<u8> {
    from_graphql_error_to_bytes(GraphQLError::from_message_and_code(message, code))
}

/// A path of the configuration: relative ones start at the configuration file's folder, which is
/// also Hive's rule.
fn config_path(path: &str) -> PathBuf {
    let config = std::env::var_os("ROUTER_CONFIG_FILE_PATH").unwrap_or_default();
    Path::new(&config).parent().unwrap_or(Path::new("")).join(path)
}
