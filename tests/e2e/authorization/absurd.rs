//! Numbers and IDs that make no sense, sent by somebody who may: they get an answer, never an internal error.

use super::{
    outcome::codes,
    pool,
    schema::{Schema, named},
    table::Row,
    viewers::VIEWERS,
    world::World,
};
use async_graphql::{
    Name, Value as Literal,
    parser::{
        parse_query,
        types::{BaseType, InputValueDefinition, Selection, Type},
    },
};
use futures::{StreamExt, stream};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const NUMBERS: [i64; 6] = [-1, 0, i32::MAX as i64, 1 << 31, 1 << 53, i64::MIN];
const CURRENCIES: [&str; 5] = ["JPY", "XXX", "gbp", "", "POUNDS"];
/// Not IDs, IDs of something else, and texts that hurt careless code.
const IDS: [&str; 6] = [
    "",
    "garbage",
    "ord_",
    "usr_0190000000007000800000000000000Z",
    "1' or '1'='1' --",
    "\u{0}\u{202e}%_",
];

/// One request that must not fail.
struct Probe {
    viewer: &'static str,
    query: String,
    variables: Map<String, Value>,
}

/// Complaints about answers with an internal error or a status of 500 and more.
pub async fn complaints(world: &World, schema: &Schema, rows: &BTreeMap<String, Row>) -> Vec<String> {
    let probes = rows.values().filter(|row| !row.last).flat_map(|row| {
        let kind = match row.coordinate.split_once('.') {
            Some(("Mutation", _)) => "mutation",
            Some((own, _)) if own == "Subscription" || own.contains(':') => return Vec::new(),
            _ => "query",
        };
        let viewer = allowed(row);
        let numbers = NUMBERS.map(Value::from);
        let currencies = CURRENCIES.map(Value::from);
        let replaced = match kind {
            "mutation" => [
                replaced(schema, &row.operation, &["Int", "MinorUnits"], &numbers),
                replaced(schema, &row.operation, &["CurrencyCode"], &currencies),
            ]
            .concat(),
            _ => Vec::new(),
        };
        let with_numbers = replaced.into_iter().map(|operation| Probe {
            viewer,
            query: pool::declare(kind, &operation),
            variables: world.pool.of(0).values(&operation),
        });
        let ids = pool::variables(&row.operation);
        let ids = ids
            .iter()
            .filter(|name| !["now", "email", "slug"].contains(&name.as_str()));
        let with_ids = ids.flat_map(|name| {
            IDS.map(|id| {
                let mut variables = world.pool.of(0).values(&row.operation);
                variables.insert(name.clone(), json!(id));
                Probe {
                    viewer,
                    query: pool::declare(kind, &row.operation),
                    variables,
                }
            })
        });
        with_numbers.chain(with_ids).collect()
    });
    let answers = stream::iter(probes.collect::<Vec<_>>()).map(async |probe| {
        let client = world.client(probe.viewer);
        let sent = client
            .send(&probe.query, Value::Object(probe.variables.clone()))
            .await;
        let complaint = match sent {
            Ok((status, body)) if status < 500 && !codes(&body).contains(&"INTERNAL") => return None,
            Ok((status, body)) => format!("{status} {body}"),
            Err(error) => format!("{error:#}"),
        };
        Some(format!(
            "{}: {} {:?}: {complaint}",
            probe.viewer, probe.query, probe.variables
        ))
    });
    answers
        .buffer_unordered(8)
        .filter_map(async |complaint| complaint)
        .collect()
        .await
}

/// Somebody who is allowed to; whose token stays good.
pub fn allowed(row: &Row) -> &'static str {
    let allowed = ["owner", "vendor", "staff", "admin", "guest"];
    let allowed = allowed.into_iter().find(|viewer| {
        let column = VIEWERS.iter().position(|name| name == viewer);
        column.is_some_and(|column| row.outcomes[column] == "ok")
    });
    allowed.unwrap_or("staff")
}

/// A literal with its variables kept as objects with one odd key, so that they can be written again.
macro_rules! constant {
    ($literal:expr) => {{
        let variable = |name: Name| {
            Literal::Object(
                [(Name::new("$"), Literal::String(name.to_string()))]
                    .into_iter()
                    .collect(),
            )
        };
        let constant = $literal
            .clone()
            .into_const_with(|name| Ok::<_, std::convert::Infallible>(variable(name)));
        to_json(&constant.unwrap())
    }};
}

/// The operation of a mutation with each of its inputs of these types, also those it leaves out, replaced by each of
/// the values.
pub fn replaced(schema: &Schema, operation: &str, types: &[&str], values: &[Value]) -> Vec<String> {
    let document = parse_query(format!("{{ {operation} }}")).unwrap_or_else(|e| panic!("{operation}: {e}"));
    let (_, parsed) = document.operations.iter().next().expect("an operation");
    let Selection::Field(call) = &parsed.node.selection_set.node.items[0].node else {
        return Vec::new();
    };
    let name = call.node.name.node.as_str();
    let Some(field) = schema.field("Mutation", name) else {
        return Vec::new();
    };
    let arguments = call.node.arguments.iter();
    let given: Map<String, Value> = arguments
        .map(|(name, value)| (name.node.to_string(), constant!(value.node)))
        .collect();
    let selection = operation
        .rfind(") {")
        .map_or(" { __typename }", |at| &operation[at + 1..]);
    let mut places = Vec::new();
    for argument in &field.arguments {
        find_places(schema, &argument.node, types, &mut vec![], &mut places);
    }
    let mut operations = Vec::new();
    for place in &places {
        for value in values {
            let mut arguments = Value::Object(given.clone());
            set(schema, name, &mut arguments, place, value);
            let arguments = arguments.as_object().into_iter().flatten();
            let arguments: Vec<_> = arguments
                .map(|(name, value)| format!("{name}: {}", to_text(value)))
                .collect();
            operations.push(format!("{name}({}){selection}", arguments.join(", ")));
        }
    }
    operations
}

/// A value that is written as it is.
pub fn raw(text: &str) -> Value {
    json!({ "=": text })
}

/// The way to an input: names of inputs with their types.
type Place = Vec<(String, Type)>;

fn find_places(
    schema: &Schema,
    input: &InputValueDefinition,
    types: &[&str],
    way: &mut Place,
    found: &mut Vec<Place>,
) {
    way.push((input.name.node.to_string(), input.ty.node.clone()));
    match named(&input.ty.node) {
        ty if types.contains(&ty) => found.push(way.clone()),
        ty if way.len() < 4 => {
            for field in schema.input(ty).into_iter().flatten() {
                find_places(schema, &field.node, types, way, found);
            }
        }
        _ => {}
    }
    way.pop();
}

/// Writes a value at a place; what is missing on the way is made up.
fn set(schema: &Schema, operation: &str, at: &mut Value, place: &[(String, Type)], value: &Value) {
    let Some(((name, ty), rest)) = place.split_first() else {
        return;
    };
    let empty = at[name].is_null() || at[name].as_array().is_some_and(Vec::is_empty);
    if empty && !rest.is_empty() {
        let made = schema.value(operation, name, ty);
        at[name] = parse_literal(&made);
    }
    let list = matches!(ty.base, BaseType::List(_));
    match (rest.is_empty(), list) {
        (true, true) => at[name] = json!([value]),
        (true, false) => at[name] = value.clone(),
        (false, true) => set(schema, operation, &mut at[name][0], rest, value),
        (false, false) => set(schema, operation, &mut at[name], rest, value),
    }
}

fn parse_literal(text: &str) -> Value {
    let document = parse_query(format!("{{ a(b: {text}) }}")).unwrap_or_else(|e| panic!("{text}: {e}"));
    let (_, parsed) = document.operations.iter().next().expect("an operation");
    match &parsed.node.selection_set.node.items[0].node {
        Selection::Field(field) => constant!(field.node.arguments[0].1.node),
        _ => Value::Null,
    }
}

/// Enum values are kept as such objects too.
fn to_json(literal: &Literal) -> Value {
    match literal {
        Literal::Enum(name) => json!({ "=": name.as_str() }),
        Literal::List(items) => items.iter().map(to_json).collect(),
        Literal::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value): (&Name, &Literal)| (name.to_string(), to_json(value)));
            Value::Object(fields.collect())
        }
        other => other.clone().into_json().unwrap_or_default(),
    }
}

fn to_text(value: &Value) -> String {
    match value {
        Value::Object(fields) => match fields.iter().next() {
            Some((key, Value::String(name))) if key == "$" => format!("${name}"),
            Some((key, Value::String(name))) if key == "=" => name.clone(),
            _ => {
                let fields = fields
                    .iter()
                    .map(|(name, value)| format!("{name}: {}", to_text(value)));
                format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
            }
        },
        Value::Array(items) => format!("[{}]", items.iter().map(to_text).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}
