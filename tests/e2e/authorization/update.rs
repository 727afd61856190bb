//! The generator: rows for fields that have none, with what is observed. A human reviews the diff.

use super::{
    needed, observe,
    table::{self, Row},
    viewers::VIEWERS,
    words_of_last,
    world::World,
};
use std::collections::BTreeMap;

/// Parts of names of mutations after which the caller cannot go on.
const ENDS: [&str; 5] = ["logout", "sessionsRevoke", "rase", "accountDelet", "accountClose"];

impl Row {
    /// A row for a field that has none yet.
    fn new(coordinate: String, operation: String) -> Self {
        let last = ENDS
            .iter()
            .any(|part| coordinate.starts_with("Mutation.") && coordinate.contains(part));
        Self {
            coordinate,
            operation,
            outcomes: Vec::new(),
            last,
        }
    }
}

/// What each viewer gets, one after the other.
async fn words(world: &World, row: &Row) -> Vec<String> {
    let mut words = Vec::new();
    for column in 0..VIEWERS.len() {
        words.push(observe(world, row, column, None).await.word);
    }
    words
}

/// Writes rows for new fields with what is observed, and drops those of fields that are gone.
pub async fn run(world: World, mut rows: BTreeMap<String, Row>, all: bool) {
    let needed = needed();
    rows.retain(|field, _| needed.contains_key(field));
    let new = needed.into_iter().filter(|(field, _)| !rows.contains_key(field));
    let mut observed: Vec<Row> = new.map(|(field, operation)| Row::new(field, operation)).collect();
    if all {
        observed.extend(rows.values().cloned());
    }
    // Reads before writes: a write may end what the next one needs.
    observed.sort_by_key(|row| {
        (
            row.last,
            row.coordinate.starts_with("Mutation."),
            row.coordinate.clone(),
        )
    });
    for row in &mut observed {
        row.outcomes = match row.last {
            true => words_of_last(&world, row).await,
            false => words(&world, row).await,
        };
    }
    rows.extend(observed.into_iter().map(|row| (row.coordinate.clone(), row)));
    table::write(&rows);
}
