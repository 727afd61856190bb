//! Subscriptions: the first thing that comes over server-sent events, in one word.

use super::{outcome::{codes, refusal}, pool, table::Row, viewers::Caller};
use crate::support::Shop;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// How long a stream that stays open and silent is waited for where silence is right, and where it is not.
const OPEN: Duration = Duration::from_millis(700);
const CLOSING: Duration = Duration::from_secs(10);

/// What a subscriber gets; `expected` only says how long to wait.
pub async fn run(shop: &Shop, caller: &Caller, row: &Row, variables: Map<String, Value>, expected: Option<&str>) -> String {
    let wait = if matches!(expected, None | Some("ok")) { OPEN } else { CLOSING };
    let body = json!({ "query": pool::declare("subscription", &row.operation), "variables": variables });
    let first = tokio::time::timeout(wait, first(shop, caller, &body)).await;
    first.unwrap_or_else(|_| "ok".to_owned())
}

async fn first(shop: &Shop, caller: &Caller, body: &Value) -> String {
    let request = reqwest::Client::new().post(shop.url()).header("accept", "text/event-stream").json(body);
    let request = match &caller.token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    let mut response = request.send().await.unwrap();
    if response.status() == 401 {
        return "401".to_owned();
    }
    let mut text = String::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        text.push_str(&String::from_utf8_lossy(&chunk));
        for line in text.lines() {
            let json = line.strip_prefix("data:").unwrap_or(line).trim();
            let Ok(event) = serde_json::from_str::<Value>(json) else { continue };
            if event.get("errors").is_some() || event.get("data").is_some() {
                return word(&event);
            }
        }
    }
    // Ended without a word, as for an object that there is not.
    "missing".to_owned()
}

fn word(event: &Value) -> String {
    match codes(event).first() {
        Some(code) => refusal(code).map_or_else(|| format!("error:{code}"), str::to_owned),
        None => match event["data"].as_object().and_then(|data| data.values().next()) {
            None | Some(Value::Null) => "null".to_owned(),
            Some(_) => "ok".to_owned(),
        },
    }
}
