//! Inputs that are more than the schema says: fields that nobody may set, and numbers that are none. They are refused
//! before anything is done.

use super::{
    absurd::{allowed, raw, replaced},
    pool,
    schema::Schema,
    table::Row,
    world::World,
};
use async_graphql::parser::types::TypeKind;
use futures::{StreamExt, stream};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What a caller would like to decide.
const COVETED: [&str; 10] = [
    "role",
    "price",
    "total",
    "status",
    "userId",
    "customerId",
    "balance",
    "isAdmin",
    "verified",
    "discount",
];
const NUMBERS: [&str; 6] = [
    "9223372036854775808",
    "-9223372036854775809",
    "1e309",
    "1.5",
    "NaN",
    "\"1\"",
];

struct Probe {
    viewer: &'static str,
    query: String,
    variables: Map<String, Value>,
}

/// Complaints about what was not refused.
pub async fn complaints(world: &World, schema: &Schema, rows: &BTreeMap<String, Row>) -> Vec<String> {
    let mutations = rows
        .values()
        .filter(|row| row.coordinate.starts_with("Mutation."));
    let probes = mutations.flat_map(|row| {
        let numbers = NUMBERS.map(raw);
        let numbers = replaced(schema, &row.operation, &["Int", "MinorUnits"], &numbers);
        let operations = numbers.into_iter().chain(with_more(schema, row));
        operations.map(|operation| Probe {
            viewer: allowed(row),
            query: pool::declare("mutation", &operation),
            variables: world.pool.of(0).values(&operation),
        })
    });
    let answers = stream::iter(probes.collect::<Vec<_>>()).map(async |probe| {
        let variables = Value::Object(probe.variables);
        let (status, body) = match world.client(probe.viewer).send(&probe.query, variables).await {
            Ok(answer) => answer,
            Err(error) => return Some(format!("{}: {error:#}", probe.query)),
        };
        let codes = super::outcome::codes(&body);
        // The router names the rule that an operation breaks; services check values of their own types.
        let rules = ["GRAPHQL_PARSE_FAILED", "ValuesOfCorrectType", "BAD_USER_INPUT"];
        let data = body["data"].as_object().into_iter().flatten();
        let refused = data.map(|(_, payload)| payload).all(Value::is_null)
            && codes.iter().any(|code| rules.contains(code));
        (!refused).then(|| format!("{}: {status} {body:.300}", probe.query))
    });
    answers
        .buffer_unordered(8)
        .filter_map(async |complaint| complaint)
        .collect()
        .await
}

/// The operation with each of its input objects told one thing more.
fn with_more(schema: &Schema, row: &Row) -> Vec<String> {
    let inputs = schema
        .kinds()
        .filter(|(_, kind)| matches!(kind, TypeKind::InputObject(_)));
    inputs
        .flat_map(|(name, _)| {
            let has = |field: &str| {
                schema
                    .input(name)
                    .into_iter()
                    .flatten()
                    .any(|own| own.node.name.node == field)
            };
            let more = COVETED.into_iter().find(|field| !has(field)).unwrap_or("more");
            let given = schema.object("", name, Some(format!("{more}: \"x\"")));
            replaced(schema, &row.operation, &[name], &[raw(&given)])
        })
        .collect()
}
