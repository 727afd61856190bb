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
        Transport::WebSocket => tokio::spawn(websocket(shop.websocket(), token.to_owned(), body, sender)),
        transport => tokio::spawn(http(shop.url(), transport, token.to_owned(), body, sender)),
    };
    Events { events, task }
}

async fn websocket(url: String, token: String, body: Value, sender: mpsc::UnboundedSender<Value>) {
    let mut request = url.into_client_request().unwrap();
    request
        .headers_mut()
        .insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    let init =
        json!({ "type": "connection_init", "payload": { "Authorization": format!("Bearer {token}") } });
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
