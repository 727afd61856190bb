//! Authorization as one table, `table.txt`: every field with a rule, and what each kind of viewer gets. The first test
//! compares the table with the schemas, the second with a running shop.

mod absurd;
mod attached;
mod crawl;
mod entities;
mod leaks;
mod malformed;
mod mixups;
pub mod outcome;
pub mod pool;
pub mod schema;
pub mod state;
mod subscription;
pub mod table;
mod update;
pub mod viewers;
pub mod world;

use crate::support::process::Up;
use agora::services::SERVICES;
use futures::{StreamExt, stream};
use outcome::Answer;
pub use outcome::without_traces;
use schema::Schema;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use table::Row;
use viewers::VIEWERS;
use world::World;

/// Words that say no.
const REFUSED: [&str; 5] = ["login", "forbidden", "missing", "null", "401"];
/// Who have objects that the table names. What they may not do with them need not be a secret to them.
const OWNERS: [&str; 4] = ["owner", "vendor", "staff", "admin"];

/// What an operation gets that is wrong in itself.
const BROKEN: [&str; 4] = [
    "error:GRAPHQL_VALIDATION_FAILED",
    "error:GRAPHQL_PARSE_FAILED",
    "error:DOWNSTREAM_SERVICE_ERROR",
    "error:INTERNAL",
];

/// `1`: make rows for new fields. `all`: observe all rows anew.
#[expect(clippy::disallowed_methods, reason = "a switch of this test, like UPDATE_SDL")]
fn updating() -> Option<String> {
    std::env::var("UPDATE_AUTHORIZATION").ok()
}

/// Everything that needs a row, with an operation to begin with.
fn needed() -> BTreeMap<String, String> {
    let mut needed = Schema::public().coordinates();
    for service in &SERVICES {
        needed.extend(Schema::of_service(service.name).entities(service.name));
    }
    needed
}

#[test]
fn every_field_with_a_rule_has_a_row() {
    if updating().is_some() {
        return;
    }
    let (needed, rows) = (needed(), table::read());
    let without_row: Vec<_> = needed.keys().filter(|field| !rows.contains_key(*field)).collect();
    let broken = |row: &&Row| row.outcomes.iter().any(|word| BROKEN.contains(&word.as_str()));
    let broken: Vec<_> = rows.values().filter(broken).map(|row| &row.coordinate).collect();
    assert!(
        broken.is_empty(),
        "the operations of these rows of table.txt do not work: {broken:#?}"
    );
    let without_field: Vec<_> = rows.keys().filter(|field| !needed.contains_key(*field)).collect();
    assert!(
        without_row.is_empty() && without_field.is_empty(),
        "table.txt has no row for {without_row:#?}\nand rows for what there is no more: {without_field:#?}\n\
         UPDATE_AUTHORIZATION=1 makes the rows; review what they say"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_what_the_table_says() {
    platform::http::use_ring();
    let up = Up::start("authorization", &[]).unwrap();
    let rows = table::read();
    let world = World::new(up.shop()).await;
    match updating() {
        Some(what) => update::run(world, rows, what == "all").await,
        None => check(world, rows).await,
    }
    up.stop();
}

async fn check(world: World, rows: BTreeMap<String, Row>) {
    let before = state::at_rest(&world.shop).await;
    let mut wrong = refused(&world, &rows).await;
    wrong.extend(malformed::complaints(&world, Schema::public(), &rows).await);
    let after = state::at_rest(&world.shop).await;
    let changed = state::changed(&before, &after);
    if !changed.is_empty() {
        wrong.push(format!("refused callers have changed {changed:?}"));
    }
    wrong.extend(leaks::complaints(&world).await);
    wrong.extend(allowed(&world, &rows).await);
    wrong.extend(attached::complaints(&world, &rows).await);
    wrong.extend(mixups::complaints(&world, &rows).await);
    wrong.extend(absurd::complaints(&world, Schema::public(), &rows).await);
    wrong.extend(run_last(&world, &rows).await);
    assert!(
        wrong.is_empty(),
        "{} are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// One try: what was expected, and what came.
struct Cell<'a> {
    row: &'a Row,
    column: usize,
}

impl Cell<'_> {
    fn expected(&self) -> &str {
        &self.row.outcomes[self.column]
    }

    fn complaint(&self, observed: &str) -> Option<String> {
        let Row {
            coordinate,
            operation,
            ..
        } = self.row;
        let (viewer, expected) = (VIEWERS[self.column], self.expected());
        (observed != expected)
            .then(|| format!("{coordinate}: {viewer} expects {expected}, gets {observed}   {operation}"))
    }
}

fn cells<'a>(rows: impl Iterator<Item = &'a Row>) -> Vec<Cell<'a>> {
    rows.flat_map(|row| (0..VIEWERS.len()).map(move |column| Cell { row, column }))
        .collect()
}

/// All who shall be refused, at once and first, while everything is there. Where they shall not tell an object of
/// somebody else from a missing one, they ask for both.
async fn refused(world: &World, rows: &BTreeMap<String, Row>) -> Vec<String> {
    let cells = cells(rows.values())
        .into_iter()
        .filter(|cell| REFUSED.contains(&cell.expected()));
    let tries = stream::iter(cells.collect::<Vec<_>>()).map(async |cell| {
        let answer = observe(world, cell.row, cell.column, Some(cell.expected())).await;
        match cell.complaint(&answer.word) {
            None => same_as_missing(world, &cell, &answer).await,
            complaint => complaint,
        }
    });
    tries
        .buffer_unordered(8)
        .filter_map(async |complaint| complaint)
        .collect()
        .await
}

/// A complaint if the answer about an object differs from that about a missing one.
async fn same_as_missing(world: &World, cell: &Cell<'_>, answer: &Answer) -> Option<String> {
    let Cell { row, column } = *cell;
    let pool = world.pool.of(column);
    let used = pool.used(&row.operation);
    let public = used.iter().all(|(name, _)| pool::is_public(name));
    let compares = match cell.expected() {
        "missing" | "null" => true,
        // That there is a public object, and that it is not the caller's, is no secret.
        "forbidden" | "login" | "silent" => !public && !OWNERS.contains(&VIEWERS[column]),
        _ => false,
    };
    // Entities compare by themselves.
    if !compares || used.is_empty() || row.coordinate.contains(':') {
        return None;
    }
    let mut nothing = pool.values(&row.operation);
    let told = |name: &str| matches!(cell.expected(), "missing" | "null") || !pool::is_public(name);
    for (name, _) in used.iter().filter(|(name, _)| told(name)) {
        nothing.insert((*name).to_owned(), json!(pool::missing(name)));
    }
    let nothing = ask(world, row, column, nothing, Some(cell.expected())).await;
    let [found, nothing] = [answer, &nothing].map(|answer| outcome::anonymized(answer, &used));
    (found != nothing).then(|| {
        let (field, viewer) = (&row.coordinate, VIEWERS[column]);
        format!("{field}: {viewer} can tell an object from a missing one: {found} {nothing}")
    })
}

/// All who are allowed. Reads go at once; each write waits for the one before.
async fn allowed(world: &World, rows: &BTreeMap<String, Row>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (writes, at_once) in [(false, 8), (true, 1)] {
        let rows = rows
            .values()
            .filter(|row| !row.last && row.coordinate.starts_with("Mutation.") == writes);
        let cells = cells(rows)
            .into_iter()
            .filter(|cell| !REFUSED.contains(&cell.expected()));
        let tries = stream::iter(cells.collect::<Vec<_>>()).map(async |cell| {
            let answer = observe(world, cell.row, cell.column, Some(cell.expected())).await;
            match cell.complaint(&answer.word) {
                None => same_as_missing(world, &cell, &answer).await,
                complaint => complaint,
            }
        });
        let complaints = tries
            .buffer_unordered(at_once)
            .filter_map(async |complaint| complaint);
        wrong.extend(complaints.collect::<Vec<_>>().await);
    }
    wrong
}

/// What ends sessions and accounts.
async fn run_last(world: &World, rows: &BTreeMap<String, Row>) -> Vec<String> {
    let mut wrong = Vec::new();
    for row in rows.values().filter(|row| row.last) {
        let words = words_of_last(world, row).await;
        let cells = cells([row].into_iter()).into_iter().zip(&words);
        wrong.extend(cells.filter_map(|(cell, word)| cell.complaint(word)));
    }
    wrong
}

/// What each viewer gets who has just logged in.
async fn words_of_last(world: &World, row: &Row) -> Vec<String> {
    let callers = viewers::all(&world.shop).await;
    let mut words = Vec::new();
    for (column, caller) in callers.iter().enumerate() {
        let variables = world.pool.of(column).values(&row.operation);
        words.push(outcome::run(&caller.client, row, variables).await.word);
    }
    words
}

/// What a viewer gets for a row, from the router, or from a service without the router in front.
async fn observe(world: &World, row: &Row, column: usize, expected: Option<&str>) -> Answer {
    let pool = world.pool.of(column);
    match row.coordinate.split_once(':') {
        Some((service, _)) => entities::run(&world.direct(service, column), row, &pool).await,
        None => ask(world, row, column, pool.values(&row.operation), expected).await,
    }
}

async fn ask(
    world: &World,
    row: &Row,
    column: usize,
    variables: Map<String, Value>,
    expected: Option<&str>,
) -> Answer {
    let caller = &world.callers[column];
    match row.coordinate.starts_with("Subscription.") {
        true => subscription::run(&world.shop, caller, row, variables, expected).await,
        false => outcome::run(&caller.client, row, variables).await,
    }
}
