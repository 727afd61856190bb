//! Limits operations per viewer and per client address (generic cell rate algorithm), by what they cost: one for each
//! root field, and one more for every `objects_per_unit` objects that their pages can have. One is paid before the
//! operation is read, the rest when it is known.
//!
//! The limits hold per router process: with N routers a client may reach N times as much.

pub mod address;
mod rate;

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, RateLimiter};
use hive_router::PlanExecutionOutput;
use hive_router::background_tasks::{BackgroundTask, CancellationToken};
use hive_router::config::primitives::ip_network::IpNetwork;
use hive_router::ntex::http::header::{HeaderValue, RETRY_AFTER};
use hive_router::ntex::http::{Response, StatusCode};
use hive_router::plugins::hooks::on_graphql_analysis::{
    OnGraphqlAnalysisHookPayload, OnGraphqlAnalysisHookResult,
};
use hive_router::plugins::hooks::on_graphql_params::{
    OnGraphQLParamsStartHookPayload, OnGraphQLParamsStartHookResult,
};
use hive_router::plugins::hooks::on_http_request::{OnHttpRequestHookFuture, OnHttpRequestHookPayload};
use hive_router::plugins::hooks::on_plugin_init::{OnPluginInitPayload, OnPluginInitResult};
use hive_router::plugins::plugin_trait::{EndHookPayload, RouterPlugin, StartHookPayload};
use hive_router::{async_trait, tokio};
use serde::Deserialize;

use super::authentication::Viewer;
use super::limits::operation;
use address::ClientNetwork;
use rate::Rate;

/// How often keys at rest are forgotten: what bounds the two maps.
const SWEEP: Duration = Duration::from_secs(10);

pub struct RateLimit {
    limits: Arc<Limits>,
    objects_per_unit: u64,
    trusted_proxies: Vec<IpNetwork>,
}

/// Seconds after which a refused client may come back, for the header of the response.
#[derive(Clone, Copy)]
struct RetryAfter(u64);

struct Limits {
    viewers: Limit<String>,
    addresses: Limit<ClientNetwork>,
}

#[derive(Deserialize)]
pub struct Config {
    per_viewer: Rate,
    per_address: Rate,
    /// Objects of pages that cost as much as a root field.
    #[serde(default = "default_objects_per_unit")]
    objects_per_unit: NonZeroU32,
    /// Peers whose `X-Forwarded-For` is believed: addresses or networks.
    #[serde(default)]
    trusted_proxies: Vec<IpNetwork>,
}

fn default_objects_per_unit() -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(99)
}

/// `None` is unlimited. Otherwise the most that can be paid at once stands beside.
struct Limit<K: Hash + Eq + Clone>(Option<(DefaultKeyedRateLimiter<K>, NonZeroU32)>);

impl<K: Hash + Eq + Clone> Limit<K> {
    fn new(rate: Rate) -> Self {
        Self(
            rate.quota()
                .map(|quota| (RateLimiter::keyed(quota), quota.burst_size())),
        )
    }

    /// Whole seconds to wait, at least one, when `key` has used up its share. What costs more than can be saved up
    /// costs all of it.
    fn pay(&self, key: &K, cost: NonZeroU32) -> Result<(), u64> {
        let Some((limiter, most)) = &self.0 else {
            return Ok(());
        };
        match limiter.check_key_n(key, cost.min(*most)) {
            Ok(Err(not_until)) => Err(not_until.wait_time_from(DefaultClock::default().now()).as_secs() + 1),
            _ => Ok(()),
        }
    }

    fn sweep(&self) {
        if let Some((limiter, _)) = &self.0 {
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

fn message(seconds: u64) -> String {
    format!("Too many requests. Retry in {seconds} s.")
}

fn refuse(seconds: u64) -> Response {
    let message = message(seconds);
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
            objects_per_unit: config.objects_per_unit.get().into(),
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
            payload.on_end(|mut end| {
                let wait = end.context.get_ref::<RetryAfter>().map(|wait| *wait);
                if let Some(RetryAfter(seconds)) = wait {
                    let headers = end.response.headers_mut();
                    headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
                }
                end.proceed()
            })
        })
    }

    /// The address first, so that guessing tokens is limited too; the viewer when it is known.
    async fn on_graphql_params<'exec>(
        &'exec self,
        payload: OnGraphQLParamsStartHookPayload<'exec>,
    ) -> OnGraphQLParamsStartHookResult<'exec> {
        let client = payload.context.get_ref::<ClientNetwork>().map(|network| *network);
        if let Some(Err(seconds)) = client.map(|client| self.limits.addresses.pay(&client, NonZeroU32::MIN)) {
            return payload.end_with_response(refuse(seconds));
        }
        payload.on_end(|end| {
            let viewer = end
                .context
                .get_ref::<Viewer>()
                .map(|viewer| viewer.subject.clone());
            match viewer.map(|subject| self.limits.viewers.pay(&subject, NonZeroU32::MIN)) {
                Some(Err(seconds)) => end.end_with_response(refuse(seconds)),
                _ => end.proceed(),
            }
        })
    }

    /// The rest of the price.
    async fn on_graphql_analysis<'exec>(
        &'exec self,
        payload: &mut OnGraphqlAnalysisHookPayload<'exec>,
    ) -> OnGraphqlAnalysisHookResult {
        let set = &payload.filtered_operation_for_plan.selection_set;
        let objects = operation::objects(set, &|name| payload.coerced_variable(name));
        let Some(rest) = rest(operation::fields(set), objects / self.objects_per_unit) else {
            return OnGraphqlAnalysisHookResult::Proceed;
        };
        let client = payload.context.get_ref::<ClientNetwork>().map(|network| *network);
        let viewer = payload
            .context
            .get_ref::<Viewer>()
            .map(|viewer| viewer.subject.clone());
        let address = client.map_or(Ok(()), |client| self.limits.addresses.pay(&client, rest));
        let paid =
            address.and_then(|()| viewer.map_or(Ok(()), |subject| self.limits.viewers.pay(&subject, rest)));
        match paid {
            Ok(()) => OnGraphqlAnalysisHookResult::Proceed,
            Err(seconds) => {
                payload.context.insert(RetryAfter(seconds));
                OnGraphqlAnalysisHookResult::EndWithResponse(PlanExecutionOutput {
                    body: super::graphql_error("RATE_LIMITED", &message(seconds)),
                    error_count: 1,
                    status_code: StatusCode::TOO_MANY_REQUESTS,
                })
            }
        }
    }
}

/// What is to be paid beyond the first unit.
fn rest(root_fields: usize, units: u64) -> Option<NonZeroU32> {
    let cost = u64::try_from(root_fields)
        .unwrap_or(u64::MAX)
        .saturating_add(units);
    NonZeroU32::new(u32::try_from(cost.saturating_sub(1)).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: NonZeroU32 = NonZeroU32::MIN;

    fn rate(text: &str) -> Rate {
        text.parse().unwrap()
    }

    #[test]
    fn a_burst_then_a_pause_per_key() {
        let limit = Limit::new(rate("1:3"));
        for _ in 0..3 {
            assert_eq!(limit.pay(&"ada", ONE), Ok(()));
        }
        assert_eq!(limit.pay(&"ada", ONE), Err(1));
        assert_eq!(limit.pay(&"bob", ONE), Ok(()));
    }

    #[test]
    fn what_costs_more_is_paid_for() {
        let (limit, two) = (Limit::new(rate("1:3")), NonZeroU32::new(2).unwrap());
        assert_eq!(limit.pay(&"ada", two), Ok(()));
        assert_eq!(limit.pay(&"ada", two), Err(1));
        assert_eq!(limit.pay(&"ada", ONE), Ok(()));
        assert_eq!(
            limit.pay(&"bob", NonZeroU32::MAX),
            Ok(()),
            "at most all that can be saved up"
        );
        assert_eq!(limit.pay(&"bob", NonZeroU32::MAX), Err(3));
    }

    #[test]
    fn a_small_operation_costs_one() {
        assert_eq!(rest(0, 0), None);
        assert_eq!(rest(1, 0), None);
        assert_eq!(rest(10, 2).map(NonZeroU32::get), Some(11));
        assert_eq!(rest(1, u64::MAX), Some(NonZeroU32::MAX));
    }

    #[test]
    fn zero_is_unlimited() {
        let limit = Limit::new(rate("0"));
        assert!((0..10_000).all(|_| limit.pay(&1, ONE).is_ok()));
    }

    #[test]
    fn keys_at_rest_are_forgotten() {
        let limit = Limit::new(rate("1000:1"));
        (0..100).for_each(|key| assert_eq!(limit.pay(&key, ONE), Ok(())));
        std::thread::sleep(Duration::from_millis(20));
        limit.sweep();
        assert!(limit.0.as_ref().is_some_and(|(limiter, _)| limiter.is_empty()));
    }
}
