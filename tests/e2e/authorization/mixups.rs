//! IDs of something else where an ID is wanted: the answer is the one for an ID that nothing has.

use super::{
    absurd::allowed,
    leaks, outcome,
    pool::{self, Pool},
    table::Row,
    world::World,
};
use futures::{StreamExt, stream};
use serde_json::json;
use std::collections::BTreeMap;

/// Words of operations that are no IDs.
const WORDS: [&str; 6] = ["now", "email", "slug", "key", "number", "sku"];
const LONG: usize = 10_000;

/// Complaints about answers that differ from that about a missing object, fail, or tell of somebody else.
pub async fn complaints(world: &World, rows: &BTreeMap<String, Row>) -> Vec<String> {
    let rows = rows.values().filter(|row| {
        !row.last && !row.coordinate.contains(':') && !row.coordinate.starts_with("Subscription.")
    });
    let places = rows.flat_map(|row| {
        let names = pool::variables(&row.operation).into_iter();
        let ids = names.filter(|name| !WORDS.contains(&name.as_str()));
        ids.map(move |name| (row, name))
    });
    let answers =
        stream::iter(places.collect::<Vec<_>>()).map(async |(row, name)| of_place(world, row, &name).await);
    answers.buffer_unordered(8).collect::<Vec<_>>().await.concat()
}

async fn of_place(world: &World, row: &Row, name: &str) -> Vec<String> {
    let viewer = allowed(row);
    let client = world.client(viewer);
    // The same keys for all, or they would be told by them.
    let values = world.pool.of(0).values(&row.operation);
    let mut wrong = Vec::new();
    for (id, like) in others(&world.pool, name, row) {
        let mut texts = Vec::new();
        for id in [Some(&id), like.as_ref()].into_iter().flatten() {
            let mut variables = values.clone();
            variables.insert(name.to_owned(), json!(id));
            let answer = outcome::run(&client, row, variables).await;
            let failed = answer.status >= 500 || outcome::codes(&answer.body).contains(&"INTERNAL");
            let seen = leaks::leaks(viewer, &answer.body, &world.canaries);
            let seen = seen.chain(failed.then_some("a failure"));
            wrong.extend(
                seen.map(|what| format!("{}: {viewer} sees {what} for ${name} = {id:.60}", row.coordinate)),
            );
            texts.push(
                json!([answer.status, answer.body])
                    .to_string()
                    .replace(id.as_str(), "ID"),
            );
        }
        texts.dedup();
        if let [found, missing] = &texts[..] {
            wrong.push(format!(
                "{}: {viewer}, ${name} = {id:.60}: {found:.300} {missing:.300}",
                row.coordinate
            ));
        }
    }
    wrong
}

/// IDs of other types, the same behind the right prefix, each with one that nothing has and that must be answered
/// alike; and one that is far too long. Which ones, the row's name says.
fn others(pool: &Pool, name: &str, row: &Row) -> Vec<(String, Option<String>)> {
    let missing = pool::missing(name);
    let prefix = missing.split('_').next().unwrap_or_default();
    let other = |id: &String| id.contains('_') && !id.starts_with(&format!("{prefix}_"));
    let others: Vec<_> = pool.objects.iter().filter(|(_, id)| other(id)).collect();
    let pick = |number: usize| others[(row.coordinate.len() * 7 + number * 5) % others.len()];
    let long = (format!("{prefix}_{}", "0".repeat(LONG)), None);
    let mut pairs = vec![long];
    for number in 0..2 {
        let (other, id) = pick(number);
        let disguised = format!("{prefix}_{}", id.split('_').nth(1).unwrap_or_default());
        pairs.push((disguised, Some(missing.clone())));
        // These may be of any type.
        let any = row.operation.starts_with("node")
            || ["entityId", "subjectId"]
                .iter()
                .any(|name| row.operation.contains(name));
        if !any {
            pairs.push((id.clone(), Some(pool::missing(other))));
        }
    }
    pairs
}
