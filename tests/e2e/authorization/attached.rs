//! Something of the owner's named together with something of one's own: the answer is the one for what there is not.

use super::{
    outcome,
    pool::{self, Pool},
    table::Row,
    world::{World, rivals::Rival},
};
use serde_json::json;
use std::collections::BTreeMap;

/// Complaints about mutations that tell a difference, or do what they are told.
pub async fn complaints(world: &World, rows: &BTreeMap<String, Row>) -> Vec<String> {
    let rivals = [
        ("other", world.other_customer().await),
        ("other-vendor", world.other_vendor().await),
    ];
    let mut wrong = Vec::new();
    for (viewer, rival) in &rivals {
        let rows = rows
            .values()
            .filter(|row| !row.last && row.coordinate.starts_with("Mutation."));
        for row in rows {
            for theirs in private(&world.pool, rival, row) {
                wrong.extend(told(world, viewer, rival, row, theirs).await);
            }
        }
    }
    wrong
}

/// What is the owner's in an operation that also names something of the rival's.
fn private(pool: &Pool, rival: &Rival, row: &Row) -> Vec<&'static str> {
    let used = pool.used(&row.operation);
    let theirs = used
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| !pool::is_public(name));
    let attached = |name: &&str| {
        used.iter()
            .any(|(other, _)| other != name && rival.objects.contains_key(other))
    };
    theirs.filter(attached).collect()
}

async fn told(world: &World, viewer: &str, rival: &Rival, row: &Row, theirs: &'static str) -> Option<String> {
    // The versions of what they have: nothing is refused for being stale.
    let version = if row.operation.contains("$cart") {
        rival.version
    } else {
        1
    };
    let row = Row {
        operation: row.operation.replace("999999", &version.to_string()),
        ..row.clone()
    };
    let mut pool = world.pool.clone();
    pool.objects
        .extend(rival.objects.iter().map(|(name, id)| (*name, id.clone())));
    let values = pool.values(&row.operation);
    let client = world.client(viewer);
    let ask = async |id: &str| {
        let mut variables = values.clone();
        variables.insert(theirs.to_owned(), json!(id));
        let answer = outcome::run(&client, &row, variables).await;
        (answer.word, answer.body.to_string().replace(id, "ID"))
    };
    let ((word, found), (_, missing)) = (
        ask(&world.pool.objects[theirs]).await,
        ask(&pool::missing(theirs)).await,
    );
    let done = word == "ok" && !found.contains("\"code\"");
    (found != missing || done).then(|| {
        format!(
            "{}: {viewer} names ${theirs}: {found:.300} {missing:.300}",
            row.coordinate
        )
    })
}
