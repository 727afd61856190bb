//! What a service tells about an entity when it is asked directly, with a viewer's token: `missing` means that the
//! answer is, byte by byte, the one for an ID that nothing has.

use super::{
    outcome::{Answer, codes, refusal, without_traces},
    pool::{self, Pool},
    schema::Schema,
    table::Row,
};
use agora::client::Client;
use serde_json::{Map, Value, json};

pub async fn run(service: &Client, row: &Row, pool: &Pool) -> Answer {
    let mut parts = row.coordinate.split([':', '.']);
    let (name, ty) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let everything = Schema::of_service(name).everything(ty);
    let ask = async |variables: &Map<String, Value>| {
        let operation = format!(
            "_entities(representations: [{}]) {{ ... on {ty} {{ {} }} }}",
            inline(&row.operation, variables),
            everything
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
    let missing: Map<_, _> = values
        .iter()
        .map(|(name, _)| (name.clone(), json!(pool::missing(name))))
        .collect();
    let (status, found) = ask(&values).await;
    let answer = |word: &str| Answer {
        word: word.to_owned(),
        status,
        body: Value::Null,
    };
    if status == 401 {
        return answer("401");
    }
    if let Some(code) = codes(&found).iter().find(|code| refusal(code).is_none()) {
        return answer(&format!("error:{code}"));
    }
    let nothing = ask(&missing).await.1.to_string();
    let mut text = found.to_string();
    for (name, id) in used {
        text = text.replace(id, &pool::missing(name));
    }
    answer(if text == nothing { "missing" } else { "ok" })
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
