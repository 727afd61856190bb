//! Limits operations per viewer and per client address (generic cell rate algorithm).
//!
//! The limits hold per router process: with N routers a client may reach N times as much.

pub mod address;
mod rate;

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, RateLimiter};
use hive_router::background_tasks::{BackgroundTask, CancellationToken};
use hive_router::config::primitives::ip_network::IpNetwork;
use hive_router::ntex::http::header::RETRY_AFTER;
use hive_router::ntex::http::{Response, StatusCode};
use hive_router::plugins::hooks::on_graphql_params::{
    OnGraphQLParamsStartHookPayload, OnGraphQLParamsStartHookResult,
};
use hive_router::plugins::hooks::on_http_request::{OnHttpRequestHookFuture, OnHttpRequestHookPayload};
use hive_router::plugins::hooks::on_plugin_init::{OnPluginInitPayload, OnPluginInitResult};
use hive_router::plugins::plugin_trait::{EndHookPayload, RouterPlugin, StartHookPayload};
use hive_router::{async_trait, tokio};
use serde::Deserialize;

use super::authentication::Viewer;
use address::ClientNetwork;
use rate::Rate;

/// How often keys at rest are forgotten: what bounds the two maps.
const SWEEP: Duration = Duration::from_secs(10);

pub struct RateLimit {
    limits: Arc<Limits>,
    trusted_proxies: Vec<IpNetwork>,
}

struct Limits {
    viewers: Limit<String>,
    addresses: Limit<ClientNetwork>,
}

#[derive(Deserialize)]
pub struct Config {
    per_viewer: Rate,
    per_address: Rate,
    /// Peers whose `X-Forwarded-For` is believed: addresses or networks.
    #[serde(default)]
    trusted_proxies: Vec<IpNetwork>,
}

/// `None` is unlimited.
struct Limit<K: Hash + Eq + Clone>(Option<DefaultKeyedRateLimiter<K>>);

impl<K: Hash + Eq + Clone> Limit<K> {
    fn new(rate: Rate) -> Self {
        Self(rate.quota().map(RateLimiter::keyed))
    }

    /// Whole seconds to wait, at least one, when `key` has used up its share.
    fn check(&self, key: &K) -> Result<(), u64> {
        let Some(limiter) = &self.0 else { return Ok(()) };
        limiter
            .check_key(key)
            .map_err(|not_until| not_until.wait_time_from(DefaultClock::default().now()).as_secs() + 1)
    }

    fn sweep(&self) {
        if let Some(limiter) = &self.0 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

struct Sweeper(Arc<Limits>);

#[async_trait]
impl BackgroundTask for Sweeper {
    fn id(&self) -> &str {
        "rate_limit_sweeper"
    }

    async fn run(&self, token: CancellationToken) {
        while token
            .run_until_cancelled(tokio::time::sleep(SWEEP))
            .await
            .is_some()
        {
            self.0.viewers.sweep();
            self.0.addresses.sweep();
        }
    }
}

fn refuse(seconds: u64) -> Response {
    let message = format!("Too many requests. Retry in {seconds} s.");
    let (mut response, body) = super::refusal(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", &message);
    response.header(RETRY_AFTER, seconds.to_string()).body(body)
}

#[async_trait]
impl RouterPlugin for RateLimit {
    type Config = Config;

    fn plugin_name() -> &'static str {
        "rate_limit"
    }

    fn on_plugin_init(mut payload: OnPluginInitPayload<Self>) -> OnPluginInitResult<Self> {
        let config = payload.config()?;
        let limits = Arc::new(Limits {
            viewers: Limit::new(config.per_viewer),
            addresses: Limit::new(config.per_address),
        });
        payload.register_background_task(Sweeper(limits.clone()));
        payload.initialize_plugin(Self {
            limits,
            trusted_proxies: config.trusted_proxies,
        })
    }

    /// Only here is the connection known; a WebSocket keeps what is noted for its operations.
    fn on_http_request<'req>(
        &'req self,
        payload: OnHttpRequestHookPayload<'req>,
    ) -> OnHttpRequestHookFuture<'req> {
        Box::pin(async move {
            let request = &payload.router_http_request;
            if let Some(peer) = request.peer_addr() {
                let client = address::client(peer.ip(), request.headers(), &self.trusted_proxies);
                payload.context.insert(ClientNetwork::from(client));
            }
            payload.proceed()
        })
    }

    /// The address first, so that guessing tokens is limited too; the viewer when it is known.
    async fn on_graphql_params<'exec>(
        &'exec self,
        payload: OnGraphQLParamsStartHookPayload<'exec>,
    ) -> OnGraphQLParamsStartHookResult<'exec> {
        let client = payload.context.get_ref::<ClientNetwork>().map(|network| *network);
        if let Some(Err(seconds)) = client.map(|client| self.limits.addresses.check(&client)) {
            return payload.end_with_response(refuse(seconds));
        }
        payload.on_end(|end| {
            let viewer = end
                .context
                .get_ref::<Viewer>()
                .map(|viewer| viewer.subject.clone());
            match viewer.map(|subject| self.limits.viewers.check(&subject)) {
                Some(Err(seconds)) => end.end_with_response(refuse(seconds)),
                _ => end.proceed(),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(text: &str) -> Rate {
        text.parse().unwrap()
    }

    #[test]
    fn a_burst_then_a_pause_per_key() {
        let limit = Limit::new(rate("1:3"));
        for _ in 0..3 {
            assert_eq!(limit.check(&"ada"), Ok(()));
        }
        assert_eq!(limit.check(&"ada"), Err(1));
        assert_eq!(limit.check(&"bob"), Ok(()));
    }

    #[test]
    fn zero_is_unlimited() {
        let limit = Limit::new(rate("0"));
        assert!((0..10_000).all(|_| limit.check(&1).is_ok()));
    }

    #[test]
    fn keys_at_rest_are_forgotten() {
        let limit = Limit::new(rate("1000:1"));
        (0..100).for_each(|key| assert_eq!(limit.check(&key), Ok(())));
        std::thread::sleep(Duration::from_millis(20));
        limit.sweep();
        assert!(limit.0.as_ref().is_some_and(|limiter| limiter.is_empty()));
    }
}
