//! Whose request this is, as far as the network can tell.

use std::net::{IpAddr, Ipv6Addr};

use hive_router::config::primitives::ip_network::IpNetwork;
use hive_router::ntex::http::HeaderMap;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// What one client may be taken for: an IPv4 address, or the /64 that an IPv6 client can roam.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct ClientNetwork(IpAddr);

impl From<IpAddr> for ClientNetwork {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (!0 << 64)).into(),
            v4 => v4,
        })
    }
}

/// The peer, unless it is a trusted proxy: then the last address before the trusted ones in
/// `X-Forwarded-For`. What stands left of it may be invented by the client.
pub fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNetwork]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|n| n.contains(&address.to_canonical()));
    if !is_trusted(&peer) {
        return peer;
    }
    let chain: Vec<&str> = headers
        .get_all(FORWARDED_FOR)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    let mut client = peer;
    for hop in chain.into_iter().rev() {
        let Ok(address) = hop.trim().parse() else { break };
        client = address;
        if !is_trusted(&address) {
            break;
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_router::ntex::http::header::{HeaderName, HeaderValue};

    fn of(peer: &str, forwarded: &'static str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(
            HeaderName::from_static(FORWARDED_FOR),
            HeaderValue::from_static(forwarded),
        );
        let trusted: Vec<IpNetwork> = serde_json::from_str(r#"["10.0.0.0/8", "127.0.0.1"]"#).unwrap();
        client(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn strangers_cannot_forward() {
        assert_eq!(of("203.0.113.9", "198.51.100.1"), "203.0.113.9");
    }

    #[test]
    fn the_last_untrusted_hop_counts() {
        assert_eq!(of("10.0.0.1", "1.2.3.4, 198.51.100.1, 10.0.0.2"), "198.51.100.1");
        assert_eq!(of("127.0.0.1", "198.51.100.1"), "198.51.100.1");
        assert_eq!(of("::ffff:10.0.0.1", "198.51.100.1"), "198.51.100.1");
        assert_eq!(of("10.0.0.1", "10.0.0.3, 10.0.0.2"), "10.0.0.3");
        assert_eq!(of("10.0.0.1", "unknown, 10.0.0.2"), "10.0.0.2");
    }

    #[test]
    fn an_ipv6_client_is_its_network() {
        let network = |text: &str| ClientNetwork::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
    }
}
