//! What an attacker sends: operations that cost too much, requests that are no GraphQL, texts that hurt careless code.

mod architecture;
mod documents;
mod injection;
mod parsers;
mod payloads;
mod probes;
mod process;
mod production;
mod sockets;
mod text;
mod transport;

use crate::support::Shop;
use agora::services::SERVICES;
use serde_json::Value;

/// One request as it is: status, body, headers.
struct Raw {
    status: u16,
    text: String,
    headers: reqwest::header::HeaderMap,
}

impl Raw {
    /// The first error's code.
    fn code(&self) -> String {
        let body: Value = serde_json::from_str(&self.text).unwrap_or_default();
        body["errors"][0]["extensions"]["code"]
            .as_str()
            .unwrap_or("")
            .to_owned()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

async fn send(request: reqwest::RequestBuilder) -> Raw {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Raw {
        status,
        text: response.text().await.unwrap_or_default(),
        headers,
    }
}

/// A JSON body to the router or to a service.
async fn post(url: &str, body: impl Into<reqwest::Body>) -> Raw {
    let request = reqwest::Client::new()
        .post(url)
        .header("content-type", "application/json");
    send(request.body(body)).await
}

/// The products service without the router in front.
fn products(shop: &Shop) -> String {
    format!(
        "http://127.0.0.1:{}/graphql",
        shop.port + agora::services::port_offset("products")
    )
}

/// GraphQL operations that services have run so far.
async fn calls(shop: &Shop) -> u64 {
    let mut calls = 0;
    for service in &SERVICES {
        calls += shop.metric(service.name, "agora_graphql_requests_total").await;
    }
    calls
}
