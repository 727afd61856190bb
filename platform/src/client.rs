//! Where a request comes from, as the router saw it. Only the router knows the client's address; a service believes it
//! because of a secret that the two share, and knows nothing about requests that came another way.

use async_graphql::Context;
use axum::http::HeaderMap;
use sha2::{Digest, Sha256};
use std::{
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

/// The router's secret.
pub const ROUTER_KEY_HEADER: &str = "x-agora-router-key";
/// Address of the client.
pub const ADDRESS_HEADER: &str = "x-agora-client-address";
/// `User-Agent` of the client.
pub const AGENT_HEADER: &str = "x-agora-client-agent";
/// Longest `User-Agent` that is kept.
const AGENT_MAX: usize = 256;

/// The secret with which the router shows that a request came through it.
#[derive(Clone)]
pub struct RouterKey(Arc<[u8]>);

impl RouterKey {
    /// `None` without a secret: then nothing is known about clients.
    pub fn new(secret: &str) -> Option<Self> {
        (!secret.is_empty()).then(|| Self(digest(secret)))
    }

    /// Whether a request came through the router.
    pub(crate) fn signed(&self, headers: &HeaderMap) -> bool {
        let said = headers
            .get(ROUTER_KEY_HEADER)
            .and_then(|value| value.to_str().ok());
        said.is_some_and(|said| self.is(said))
    }

    /// Compares hashes, so that how long it takes tells nothing.
    fn is(&self, secret: &str) -> bool {
        self.0 == digest(secret)
    }
}

fn digest(secret: &str) -> Arc<[u8]> {
    Sha256::digest(secret.as_bytes()).as_slice().into()
}

impl std::fmt::Debug for RouterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RouterKey(..)")
    }
}

/// The client of one request; empty if it did not come through the router.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    pub address: Option<IpAddr>,
    pub agent: Option<String>,
}

impl Client {
    pub(crate) fn of(headers: &HeaderMap, router: Option<&RouterKey>) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        if !router.is_some_and(|key| key.signed(headers)) {
            return Self::default();
        }
        Self {
            address: text(ADDRESS_HEADER).and_then(|text| text.parse().ok()),
            agent: text(AGENT_HEADER)
                .filter(|text| !text.is_empty())
                .map(|text| text.chars().take(AGENT_MAX).collect()),
        }
    }

    /// What one client may be taken for: an IPv4 address, or the /64 in which an IPv6 client can roam.
    pub fn network(&self) -> Option<IpAddr> {
        Some(match self.address?.to_canonical() {
            IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (!0 << 64)).into(),
            v4 => v4,
        })
    }
}

/// The client of this request.
pub fn client(ctx: &Context<'_>) -> Client {
    ctx.data_opt::<Client>().cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(key: &'static str) -> HeaderMap {
        let pairs = [
            (ROUTER_KEY_HEADER, key),
            (ADDRESS_HEADER, "2001:db8::7"),
            (AGENT_HEADER, "curl/8"),
        ];
        pairs
            .into_iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn only_the_router_is_believed() {
        let key = RouterKey::new("secret");
        let seen = Client::of(&headers("secret"), key.as_ref());
        assert_eq!(seen.agent.as_deref(), Some("curl/8"));
        assert_eq!(seen.network().unwrap().to_string(), "2001:db8::");
        for (headers, key) in [
            (headers("guess"), key.as_ref()),
            (headers(""), None),
            (HeaderMap::new(), key.as_ref()),
        ] {
            assert_eq!(Client::of(&headers, key), Client::default());
        }
        assert!(RouterKey::new("").is_none());
    }
}
