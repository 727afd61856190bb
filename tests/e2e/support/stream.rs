//! Subscriptions over the three transports of the router.

use super::Shop;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

/// How a subscription travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    WebSocket,
    Sse,
    Multipart,
}

/// Events as they arrive; dropping it ends the subscription.
pub struct Events {
    events: mpsc::UnboundedReceiver<Value>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Events {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Events {
    /// The next event's `data`; fails after twenty seconds or at an error.
    pub async fn next(&mut self) -> Value {
        let event = tokio::time::timeout(Duration::from_secs(20), self.events.recv()).await;
        let event = event
            .expect("an event arrives")
            .expect("the subscription goes on");
        assert!(event["errors"].is_null(), "{event}");
        event["data"].clone()
    }

    /// The last event before the stream ends, which it does in time.
    pub async fn last(&mut self, within: Duration) -> Value {
        let mut last = Value::Null;
        let end = async {
            while let Some(event) = self.events.recv().await {
                last = event;
            }
        };
        tokio::time::timeout(within, end).await.expect("the stream ends");
        last
    }
}

/// Subscribes with an access token.
pub async fn subscribe(
    shop: &Shop,
    transport: Transport,
    token: &str,
    query: &str,
    variables: Value,
) -> Events {
    let (sender, events) = mpsc::unbounded_channel();
    let body = json!({ "query": query, "variables": variables });
    let task = match transport {
        Transport::WebSocket => tokio::spawn(websocket(shop.websocket(), bearer(token), body, sender)),
        transport => tokio::spawn(http(shop.url(), transport, token.to_owned(), body, sender)),
    };
    Events { events, task }
}

/// An operation on a WebSocket that begins with this payload.
pub async fn on_socket(shop: &Shop, payload: Value, body: Value) -> Events {
    let (sender, events) = mpsc::unbounded_channel();
    let task = tokio::spawn(websocket(shop.websocket(), payload, body, sender));
    Events { events, task }
}

fn bearer(token: &str) -> Value {
    json!({ "Authorization": format!("Bearer {token}") })
}

async fn websocket(url: String, init: Value, body: Value, sender: mpsc::UnboundedSender<Value>) {
    let mut request = url.into_client_request().unwrap();
    request
        .headers_mut()
        .insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    let init = json!({ "type": "connection_init", "payload": init });
    socket.send(Message::text(init.to_string())).await.unwrap();
    while let Some(Ok(message)) = socket.next().await {
        let Ok(message) = serde_json::from_str::<Value>(message.to_text().unwrap_or_default()) else {
            continue;
        };
        match message["type"].as_str() {
            Some("connection_ack") => {
                let subscribe = json!({ "id": "1", "type": "subscribe", "payload": body });
                socket.send(Message::text(subscribe.to_string())).await.unwrap();
            }
            Some("next") => drop(sender.send(message["payload"].clone())),
            Some("error") => drop(sender.send(json!({ "errors": message["payload"] }))),
            Some("ping") => drop(socket.send(Message::text(r#"{"type":"pong"}"#)).await),
            Some("complete") => return,
            _ => {}
        }
    }
}

async fn http(
    url: String,
    transport: Transport,
    token: String,
    body: Value,
    sender: mpsc::UnboundedSender<Value>,
) {
    let accept = match transport {
        Transport::Sse => "text/event-stream",
        _ => "multipart/mixed;subscriptionSpec=\"1.0\", application/json",
    };
    let request = reqwest::Client::new()
        .post(url)
        .header("accept", accept)
        .bearer_auth(token)
        .json(&body);
    let mut response = request.send().await.unwrap();
    let mut buffer = String::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        buffer.push_str(&String::from_utf8_lossy(&chunk));
        while let Some((line, rest)) = buffer.split_once('\n') {
            let line = line.trim_end_matches('\r').to_owned();
            buffer = rest.to_owned();
            let json = line.strip_prefix("data:").unwrap_or(&line).trim();
            let Ok(event) = serde_json::from_str::<Value>(json) else {
                continue;
            };
            // Multipart wraps the result, and both send heartbeats.
            let event = event.get("payload").cloned().unwrap_or(event);
            if event.get("data").is_some() || event.get("errors").is_some() {
                drop(sender.send(event));
            }
        }
    }
}

/// Whether a WebSocket that begins with this token is told of nothing but a refusal.
pub async fn refused(shop: &Shop, token: &str) -> bool {
    let (sender, mut events) = mpsc::unbounded_channel();
    let body = json!({ "query": "{ __typename brands { id } }" });
    let task = tokio::spawn(websocket(shop.websocket(), bearer(token), body, sender));
    let first = tokio::time::timeout(Duration::from_secs(10), events.recv()).await;
    task.abort();
    // A socket that is closed at once says nothing.
    match first.expect("an answer or an end") {
        Some(event) => !event["errors"].is_null() && event["data"].is_null(),
        None => true,
    }
}
