//! Subscriptions: the first thing that comes over server-sent events, in one word.

use super::{
    outcome::{Answer, codes, refusal, without_traces},
    pool,
    table::Row,
    viewers::Caller,
};
use crate::support::Shop;
use serde_json::{Map, Value, json};
use std::{sync::LazyLock, time::Duration};

/// Making a client is slow.
static HTTP: LazyLock<reqwest::Client> = LazyLock::new(reqwest::Client::new);

/// How long to listen where silence is right, and where it is not.
const SILENCE: Duration = Duration::from_millis(700);
const WORD: Duration = Duration::from_secs(10);

/// What a subscriber gets; `expected` only says how long to wait.
pub async fn run(
    shop: &Shop,
    caller: &Caller,
    row: &Row,
    variables: Map<String, Value>,
    expected: Option<&str>,
) -> Answer {
    let wait = if matches!(expected, None | Some("silent")) {
        SILENCE
    } else {
        WORD
    };
    let body = json!({ "query": pool::declare("subscription", &row.operation), "variables": variables });
    let first = tokio::time::timeout(wait, first(shop, caller, &body)).await;
    let (status, mut body) = first.unwrap_or_else(|_| (200, json!("silent")));
    without_traces(&mut body);
    Answer {
        word: word(status, &body),
        status,
        body,
    }
}

async fn first(shop: &Shop, caller: &Caller, body: &Value) -> (u16, Value) {
    let request = HTTP
        .post(shop.url())
        .header("accept", "text/event-stream")
        .json(body);
    let request = match &caller.token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    let mut response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let mut text = String::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        text.push_str(&String::from_utf8_lossy(&chunk));
        for line in text.lines() {
            let json = line.strip_prefix("data:").unwrap_or(line).trim();
            let Ok(event) = serde_json::from_str::<Value>(json) else {
                continue;
            };
            if event.get("errors").is_some() || event.get("data").is_some() {
                return (status, event);
            }
        }
    }
    (status, json!("ended"))
}

fn word(status: u16, first: &Value) -> String {
    if status == 401 {
        return "401".to_owned();
    }
    match (first.as_str(), codes(first).first()) {
        // Ended without a word, as for an object that there is not.
        (Some("ended"), _) => "missing".to_owned(),
        (Some(word), _) => word.to_owned(),
        // There is no other way to say that there is no such object.
        (None, Some(&"BAD_USER_INPUT")) => "missing".to_owned(),
        (None, Some(code)) => refusal(code).map_or_else(|| format!("error:{code}"), str::to_owned),
        (None, None) => match first["data"].as_object().and_then(|data| data.values().next()) {
            None | Some(Value::Null) => "null".to_owned(),
            Some(_) => "ok".to_owned(),
        },
    }
}
