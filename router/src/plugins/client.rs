//! Shows services that a request comes from here, by a secret that only they and the router know, and tells the users
//! service who its clients are: their address, for the brake on logins and the list of sessions, and their
//! `User-Agent`. Header rules never propagate these headers, so a client cannot set them.

use std::net::IpAddr;

use hive_router::async_trait;
use hive_router::config::primitives::ip_network::IpNetwork;
use hive_router::http::{HeaderName, HeaderValue};
use hive_router::plugins::hooks::on_http_request::{OnHttpRequestHookFuture, OnHttpRequestHookPayload};
use hive_router::plugins::hooks::on_plugin_init::{OnPluginInitPayload, OnPluginInitResult};
use hive_router::plugins::hooks::on_subgraph_http_request::{
    OnSubgraphHttpRequestHookPayload, OnSubgraphHttpRequestHookResult,
};
use hive_router::plugins::plugin_trait::{RouterPlugin, StartHookPayload};
use serde::Deserialize;

use super::rate_limit::address;

const KEY: HeaderName = HeaderName::from_static("x-agora-router-key");
const ADDRESS: HeaderName = HeaderName::from_static("x-agora-client-address");
const AGENT: HeaderName = HeaderName::from_static("x-agora-client-agent");
/// The only one that is told of clients: addresses are personal data.
const SUBGRAPH: &str = "users";

pub struct Client {
    /// `None` without a secret: nobody would believe us.
    key: Option<HeaderValue>,
    trusted_proxies: Vec<IpNetwork>,
}

#[derive(Deserialize)]
pub struct Config {
    /// The secret that services know the router by.
    #[serde(default)]
    key: String,
    /// Peers whose `X-Forwarded-For` is believed: addresses or networks.
    #[serde(default)]
    trusted_proxies: Vec<IpNetwork>,
}

/// The client of a request or, for its operations, of a WebSocket.
#[derive(Clone)]
struct Origin {
    address: Option<IpAddr>,
    agent: Option<String>,
}

#[async_trait]
impl RouterPlugin for Client {
    type Config = Config;

    fn plugin_name() -> &'static str {
        "client"
    }

    fn on_plugin_init(payload: OnPluginInitPayload<Self>) -> OnPluginInitResult<Self> {
        let config = payload.config()?;
        let key = match config.key.as_str() {
            "" => None,
            key => Some(HeaderValue::from_str(key)?),
        };
        payload.initialize_plugin(Self {
            key,
            trusted_proxies: config.trusted_proxies,
        })
    }

    /// Only here is the connection known.
    fn on_http_request<'req>(
        &'req self,
        payload: OnHttpRequestHookPayload<'req>,
    ) -> OnHttpRequestHookFuture<'req> {
        Box::pin(async move {
            let request = &payload.router_http_request;
            let agent = request.headers().get("user-agent");
            let origin = Origin {
                address: request
                    .peer_addr()
                    .map(|peer| address::client(peer.ip(), request.headers(), &self.trusted_proxies)),
                agent: agent.and_then(|value| value.to_str().ok()).map(str::to_owned),
            };
            payload.context.insert(origin);
            payload.proceed()
        })
    }

    async fn on_subgraph_http_request<'exec>(
        &'exec self,
        mut payload: OnSubgraphHttpRequestHookPayload<'exec>,
    ) -> OnSubgraphHttpRequestHookResult<'exec> {
        let headers = &mut payload.execution_request.headers;
        for name in [KEY, ADDRESS, AGENT] {
            headers.remove(name);
        }
        let Some(key) = &self.key else {
            return payload.proceed();
        };
        headers.insert(KEY, key.clone());
        if payload.subgraph_name == SUBGRAPH
            && let Some(origin) = payload.context.get_ref::<Origin>()
        {
            let address = origin.address.map(|address| address.to_string());
            for (name, text) in [(ADDRESS, address.as_deref()), (AGENT, origin.agent.as_deref())] {
                if let Some(value) = text.and_then(|text| HeaderValue::from_str(text).ok()) {
                    headers.insert(name, value);
                }
            }
        }
        payload.proceed()
    }
}
