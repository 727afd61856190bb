//! Private fields, by every way: `private.txt` names them, each with the canary that stands there. Everybody asks for
//! everything that can be reached, and no answer has a canary of somebody else, wherever it would be.

use super::{
    crawl, pool,
    schema::Schema,
    viewers::column,
    world::{World, canaries::Canary},
};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Everybody who may not see something. Staff sees everything; it only shows that the canaries sing.
const CURIOUS: [&str; 7] = [
    "anonymous",
    "guest",
    "other",
    "vip",
    "other-vendor",
    "owner",
    "vendor",
];
/// They have nothing of their own: a private field never has a value for them.
const STRANGERS: [&str; 2] = ["anonymous", "guest"];

/// Parts of the names of fields that might be private, and types that are.
const SUSPICIOUS: [&str; 34] = [
    "email",
    "phone",
    "address",
    "birth",
    "cost",
    "margin",
    "commission",
    "secret",
    "token",
    "hash",
    "providerref",
    "providermessage",
    "providerevent",
    "note",
    "legal",
    "vat",
    "taxid",
    "bank",
    "iban",
    "device",
    "audit",
    "actor",
    "password",
    "reference",
    "lifetime",
    "contact",
    "payload",
    "session",
    "balance",
    "ledger",
    "member",
    "login",
    "vendornet",
    "lasterror",
];
const PRIVATE_TYPES: [&str; 4] = ["PostalAddress", "Address", "Session", "AuditEntry"];

/// Numbers that may also be something else are looked for in their own field only.
const UNIQUE: i64 = 1_000_000;

/// Field by field: a canary's name, or `public`, `guarded` or `caller`.
fn private() -> BTreeMap<&'static str, &'static str> {
    let lines = include_str!("private.txt").lines();
    lines
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            words.next().zip(words.next())
        })
        .collect()
}

fn suspicious(schema: &Schema) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (ty, _) in schema.kinds() {
        let passes_on = ["Payload", "Connection", "Edge", "Error", "Problem"];
        if super::schema::ROOTS.contains(&ty) || passes_on.iter().any(|end| ty.ends_with(end)) {
            continue;
        }
        for field in schema.fields(ty) {
            let name = field.name.node.to_lowercase();
            let named = super::schema::named(&field.ty.node);
            let private = name == "ip" || SUSPICIOUS.iter().any(|part| name.contains(part));
            if private || PRIVATE_TYPES.contains(&named) {
                found.insert(format!("{ty}.{}", field.name.node));
            }
        }
    }
    found
}

#[test]
fn every_field_that_may_be_private_is_in_the_list() {
    let (schema, private) = (Schema::public(), private());
    let missing: Vec<_> = suspicious(schema)
        .into_iter()
        .filter(|field| !private.contains_key(field.as_str()))
        .collect();
    let exists = |field: &str| {
        field
            .split_once('.')
            .is_some_and(|(ty, name)| schema.field(ty, name).is_some())
    };
    let gone: Vec<_> = private.keys().filter(|field| !exists(field)).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "private.txt does not say who may see {missing:#?}\nand has lines for what there is no more: {gone:#?}"
    );
}

/// What somebody got for an operation.
struct Seen {
    viewer: &'static str,
    operation: String,
    body: Value,
}

/// Complaints about canaries in wrong places, values for strangers, and canaries that nobody found.
pub async fn complaints(world: &World) -> Vec<String> {
    let (schema, private) = (Schema::public(), private());
    let mut wrong = Vec::new();
    let unknown = private
        .values()
        .filter(|word| !["public", "guarded", "caller"].contains(word))
        .filter(|word| !world.canaries.iter().any(|canary| canary.name == **word));
    wrong.extend(unknown.map(|word| format!("private.txt: there is no canary {word}")));
    let mut sung = BTreeSet::new();
    for viewer in CURIOUS.into_iter().chain(["staff"]) {
        for seen in crawl(world, viewer).await {
            wrong.extend(broken(&seen));
            wrong.extend(leaked(&seen, &world.canaries));
            if let Some(data) = seen.body.get("data") {
                crawl::fields(schema, "Query", data, &mut |field, value| {
                    let Some(word) = private.get(field) else { return };
                    wrong.extend(misplaced(&seen, field, word, value, world));
                    if world.canaries.iter().any(|c| c.name == *word && has(value, c)) {
                        sung.insert(field.to_owned());
                    }
                });
            }
        }
    }
    let planted = private
        .iter()
        .filter(|(_, word)| !["public", "guarded", "caller"].contains(word));
    let silent = planted.filter(|(field, _)| !sung.contains(**field));
    wrong.extend(
        silent.map(|(field, word)| format!("nobody has found {word} in {field}: is it still asked for?")),
    );
    wrong.sort();
    wrong.dedup();
    wrong
}

/// Everything a viewer can reach.
async fn crawl(world: &World, viewer: &'static str) -> Vec<Seen> {
    let schema = Schema::public();
    let objects = stream::iter(crawl::objects(schema, &world.pool)).map(async |start| {
        let found = ask(world, viewer, start.probe()).await;
        // Of what is missing there is nothing to see.
        (!found.body["data"]["node"].is_null()).then_some(start)
    });
    let objects: Vec<_> = objects
        .buffer_unordered(8)
        .filter_map(async |start| start)
        .collect()
        .await;
    // Strangers see few objects, so that they can look further.
    let (depth, page) = match viewer {
        "staff" | "owner" | "vendor" => (1, 20),
        _ => (2, 5),
    };
    let far = objects
        .iter()
        .flat_map(|start| crawl::operations(schema, start, depth, page));
    let roots = crawl::roots(schema);
    let near = roots
        .iter()
        .flat_map(|start| crawl::operations(schema, start, 1, 5));
    let asked =
        stream::iter(far.chain(near).collect::<Vec<_>>()).map(async |text| ask(world, viewer, text).await);
    asked.buffer_unordered(8).collect().await
}

async fn ask(world: &World, viewer: &'static str, operation: String) -> Seen {
    let client = &world.callers[column(viewer)].client;
    let variables = Value::Object(world.pool.values(&operation));
    let sent = client.send(&pool::declare("query", &operation), variables).await;
    let body = sent.map_or_else(
        |error| json!({ "errors": [{ "message": format!("{error:#}") }] }),
        |(_, body)| body,
    );
    Seen {
        viewer,
        operation,
        body,
    }
}

/// An operation that is wrong in itself shows nothing.
fn broken(seen: &Seen) -> Option<String> {
    let codes = super::outcome::codes(&seen.body);
    // Values that were made up need not be good ones.
    let broken = codes
        .iter()
        .any(|code| super::outcome::refusal(code).is_none() && *code != "BAD_USER_INPUT");
    broken.then(|| {
        format!(
            "{}: {} {:.600}",
            seen.viewer,
            seen.operation,
            seen.body["errors"].to_string()
        )
    })
}

fn leaked<'a>(seen: &'a Seen, canaries: &'a [Canary]) -> impl Iterator<Item = String> + 'a {
    let found = leaks(seen.viewer, &seen.body, canaries);
    found.map(|name| format!("{} sees {name}: {}", seen.viewer, seen.operation))
}

/// Canaries in an answer to somebody they are not for.
pub fn leaks<'a>(
    viewer: &'a str,
    body: &Value,
    canaries: &'a [Canary],
) -> impl Iterator<Item = &'static str> + 'a {
    let text = body.to_string();
    let unique = |canary: &&Canary| canary.value.as_i64().is_none_or(|number| number >= UNIQUE);
    let hidden = canaries
        .iter()
        .filter(move |canary| !canary.seen_by.contains(&viewer));
    let found = hidden
        .filter(unique)
        .filter(move |canary| match canary.value.as_str() {
            // Written as JSON writes it.
            Some(value) => text.contains(json!(value).to_string().trim_matches('"')),
            None => text.contains(&canary.value.to_string()),
        });
    found.map(|canary| canary.name)
}

/// Whether a private field has a value for a stranger, or a canary for one who may not see it.
fn misplaced(seen: &Seen, field: &str, word: &str, value: &Value, world: &World) -> Option<String> {
    let complaint = || {
        Some(format!(
            "{} sees {field}: {value:.100} {}",
            seen.viewer, seen.operation
        ))
    };
    match word {
        "public" => None,
        // Nothing that can be read leads to it.
        "caller" => complaint(),
        _ if STRANGERS.contains(&seen.viewer) && says_something(value) => complaint(),
        _ => {
            let canary = world.canaries.iter().find(|canary| canary.name == word)?;
            (!canary.seen_by.contains(&seen.viewer) && has(value, canary)).then(complaint)?
        }
    }
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(said) => *said,
        Value::Number(number) => number.as_i64() != Some(0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => items.iter().any(says_something),
        Value::Object(fields) => fields
            .iter()
            .any(|(name, value)| name != "__typename" && says_something(value)),
    }
}

/// Whether a canary is in a value.
fn has(value: &Value, canary: &Canary) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| has(item, canary)),
        Value::Object(fields) => fields.values().any(|value| has(value, canary)),
        Value::String(text) => canary.value.as_str().is_some_and(|value| text.contains(value)),
        other => *other == canary.value,
    }
}
