//! What a service tells about an entity when it is asked directly, with a viewer's token: `missing` means that the
//! answer is, byte by byte, the one for an ID that nothing has.

use super::{
    outcome::{codes, without_traces},
    pool::{self, Pool},
    schema::Schema,
    table::Row,
};
use agora::client::Client;
use serde_json::{Map, Value, json};

pub async fn run(service: &Client, schema: &Schema, row: &Row, pool: &Pool) -> String {
    let ty = row.coordinate.split([':', '.']).nth(1).unwrap_or_default();
    let ask = async |variables: &Map<String, Value>| {
        let operation = format!(
            "_entities(representations: [{}]) {{ ... on {ty} {{ {} }} }}",
            inline(&row.operation, variables),
            schema.everything(ty)
        );
        let (status, mut body) = service
            .send(&format!("{{ {operation} }}"), json!({}))
            .await
            .unwrap_or_else(|error| panic!("{}: {error:#}", row.coordinate));
        without_traces(&mut body);
        (status, body)
    };
    let used = pool.used(&row.operation);
    let values = pool.values(&row.operation);
    let missing: Map<_, _> =
        values.iter().map(|(name, _)| (name.clone(), json!(pool::missing(name)))).collect();
    let (status, found) = ask(&values).await;
    if status == 401 {
        return "401".to_owned();
    }
    if let Some(code) = codes(&found).iter().find(|code| !["FORBIDDEN", "UNAUTHENTICATED", "NOT_FOUND"].contains(code)) {
        return format!("error:{code}");
    }
    let (_, nothing) = ask(&missing).await;
    let mut text = found.to_string();
    for (name, id) in used {
        text = text.replace(id, &pool::missing(name));
    }
    if text == nothing.to_string() { "missing" } else { "ok" }.to_owned()
}

/// Representations have no declared variables: they are of a scalar.
fn inline(operation: &str, variables: &Map<String, Value>) -> String {
    let mut text = operation.to_owned();
    let mut names: Vec<_> = variables.keys().collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    for name in names {
        text = text.replace(&format!("${name}"), &variables[name].to_string());
    }
    text
}
