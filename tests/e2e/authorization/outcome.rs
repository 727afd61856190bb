//! One cell: an operation run by a viewer, and what came of it in one word.

use super::{pool, table::Row};
use agora::client::Client;
use serde_json::{Map, Value, json};

/// What a viewer got.
#[derive(Debug, Clone)]
pub struct Answer {
    pub word: String,
    pub status: u16,
    /// Without trace IDs.
    pub body: Value,
}

/// Runs the operation of a row with these variables.
pub async fn run(client: &Client, row: &Row, variables: Map<String, Value>) -> Answer {
    let kind = match row.coordinate.split_once('.') {
        Some(("Mutation", _)) => "mutation",
        _ => "query",
    };
    let (status, mut body) = client
        .send(&pool::declare(kind, &row.operation), Value::Object(variables))
        .await
        .unwrap_or_else(|error| panic!("{}: {error:#}", row.coordinate));
    without_traces(&mut body);
    let word = word(status, &body, &row.coordinate);
    Answer { word, status, body }
}

/// Trace IDs differ from request to request.
pub fn without_traces(body: &mut Value) {
    let errors = body.get_mut("errors").and_then(Value::as_array_mut);
    for error in errors.into_iter().flatten() {
        if let Some(extensions) = error["extensions"].as_object_mut() {
            extensions.remove("traceId");
        }
    }
}

/// Codes of a response's errors.
pub fn codes(body: &Value) -> Vec<&str> {
    let errors = body["errors"].as_array().into_iter().flatten();
    errors
        .map(|error| error["extensions"]["code"].as_str().unwrap_or("UNKNOWN"))
        .collect()
}

/// The word for a refusal's code, if it is one.
pub fn refusal(code: &str) -> Option<&'static str> {
    match code {
        "FORBIDDEN" => Some("forbidden"),
        "UNAUTHENTICATED" => Some("login"),
        "NOT_FOUND" => Some("missing"),
        _ => None,
    }
}

fn word(status: u16, body: &Value, coordinate: &str) -> String {
    if status == 401 {
        return "401".to_owned();
    }
    let codes = codes(body);
    if let Some(word) = codes.iter().find_map(|code| refusal(code)) {
        return word.to_owned();
    }
    if let Some(code) = codes.first() {
        return format!("error:{code}");
    }
    let root = ["Query.", "Mutation."]
        .iter()
        .any(|root| coordinate.starts_with(root));
    let (value, depth) = leaf(&body["data"]);
    let word = match value {
        // On the way to a field, the object that has it is null.
        Value::Null if !root && depth < 2 => "missing",
        Value::Null => "null",
        Value::Array(items) if items.is_empty() => "empty",
        Value::Array(_) => "null",
        payload => {
            let errors = payload["userErrors"].as_array().into_iter().flatten();
            let mut refusals = errors.filter_map(|error| refusal(error["code"].as_str().unwrap_or("")));
            refusals.next().unwrap_or("ok")
        }
    };
    word.to_owned()
}

/// Follows a response to the end of its only path, and says how long that is.
fn leaf(data: &Value) -> (&Value, usize) {
    let (mut value, mut depth) = (data, 0);
    loop {
        let next = match value {
            Value::Object(fields) if fields.contains_key("userErrors") => None,
            Value::Object(fields) if fields.len() == 1 => {
                depth += 1;
                fields.values().next()
            }
            Value::Array(items) => items.iter().find(|item| !item.is_null()),
            _ => None,
        };
        match next {
            Some(next) => value = next,
            None => return (value, depth),
        }
    }
}

/// The response with every ID of `used` written as the missing one, to compare two answers byte by byte.
pub fn anonymized(answer: &Answer, used: &[(&'static str, &str)]) -> String {
    let mut text = json!([answer.status, answer.body]).to_string();
    for (name, id) in used {
        text = text.replace(id, &pool::missing(name));
    }
    text
}
