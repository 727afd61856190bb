//! Authorization as one table, `table.txt`: every field with a rule, and what each kind of viewer gets. The first test
//! compares the table with the schemas, the second with a running shop.

mod absurd;
mod entities;
mod outcome;
mod pool;
mod schema;
mod state;
mod subscription;
mod table;
mod viewers;
mod world;

use crate::support::{Shop, process::Up};
use agora::{client::Client, services::{SERVICES, port_offset}};
use futures::{StreamExt, stream};
use schema::Schema;
use serde_json::{Map, json};
use std::collections::BTreeMap;
use table::Row;
use viewers::VIEWERS;
use world::World;

/// Words that say no.
const REFUSED: [&str; 5] = ["login", "forbidden", "missing", "null", "401"];

#[expect(clippy::disallowed_methods, reason = "a switch of this test, like UPDATE_SDL")]
fn updating() -> bool {
    std::env::var_os("UPDATE_AUTHORIZATION").is_some()
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
    if updating() {
        return;
    }
    let (needed, rows) = (needed(), table::read());
    let without_row: Vec<_> = needed.keys().filter(|field| !rows.contains_key(*field)).collect();
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
    if updating() {
        update(World::new(up.shop()).await, rows).await;
    } else {
        check(World::new(up.shop()).await, rows).await;
    }
    up.stop();
}

async fn check(world: World, rows: BTreeMap<String, Row>) {
    let before = state::at_rest(&world.shop).await;
    let mut wrong = refused(&world, &rows).await;
    let after = state::at_rest(&world.shop).await;
    let changed = state::changed(&before, &after);
    if !changed.is_empty() {
        wrong.push(format!("refused callers have changed {changed:?}"));
    }
    wrong.extend(allowed(&world, &rows).await);
    wrong.extend(absurd::complaints(&world, &Schema::public(), &rows).await);
    wrong.extend(run_last(&world, &rows).await);
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
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
        let Row { coordinate, operation, .. } = self.row;
        let (viewer, expected) = (VIEWERS[self.column], self.expected());
        (observed != expected).then(|| format!("{coordinate}: {viewer} expects {expected}, gets {observed}   {operation}"))
    }
}

fn cells<'a>(rows: impl Iterator<Item = &'a Row>) -> Vec<Cell<'a>> {
    rows.flat_map(|row| (0..VIEWERS.len()).map(move |column| Cell { row, column })).collect()
}

/// All who shall be refused, at once and first, while everything is there. Where they shall not tell an object of
/// somebody else from a missing one, they ask for both.
async fn refused(world: &World, rows: &BTreeMap<String, Row>) -> Vec<String> {
    let cells = cells(rows.values()).into_iter().filter(|cell| REFUSED.contains(&cell.expected()));
    let tries = stream::iter(cells.collect::<Vec<_>>()).map(async |cell| {
        let observed = observe(world, cell.row, cell.column, Some(cell.expected())).await;
        match cell.complaint(&observed) {
            None => same_as_missing(world, &cell).await,
            complaint => complaint,
        }
    });
    tries.buffer_unordered(8).filter_map(async |complaint| complaint).collect().await
}

/// A complaint if the answer about an object differs from that about a missing one.
async fn same_as_missing(world: &World, cell: &Cell<'_>) -> Option<String> {
    let Cell { row, column } = *cell;
    let used = world.pool.used(&row.operation);
    let secret = used.iter().any(|(name, _)| !pool::is_public(name));
    let asks = !row.coordinate.starts_with("Subscription.") && !row.coordinate.contains(':');
    // That there is a public object, and that it is not the caller's, is no secret.
    if !asks || used.is_empty() || cell.expected() == "401" || cell.expected() == "forbidden" && !secret {
        return None;
    }
    let client = &world.callers[column].client;
    let values = world.pool.values(&row.operation);
    let mut nothing = values.clone();
    for (name, _) in &used {
        nothing.insert((*name).to_owned(), json!(pool::missing(name)));
    }
    let answers = [outcome::run(client, row, values).await, outcome::run(client, row, nothing).await];
    let [found, nothing] = answers.map(|answer| outcome::anonymized(&answer, &used));
    (found != nothing).then(|| {
        let (field, viewer) = (&row.coordinate, VIEWERS[column]);
        format!("{field}: {viewer} can tell an object from a missing one: {found} {nothing}")
    })
}

/// All who are allowed. Reads go at once; each write waits for the one before.
async fn allowed(world: &World, rows: &BTreeMap<String, Row>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (writes, at_once) in [(false, 8), (true, 1)] {
        let rows = rows.values().filter(|row| !row.last && row.coordinate.starts_with("Mutation.") == writes);
        let cells = cells(rows).into_iter().filter(|cell| !REFUSED.contains(&cell.expected()));
        let tries = stream::iter(cells.collect::<Vec<_>>()).map(async |cell| {
            let observed = observe(world, cell.row, cell.column, Some(cell.expected())).await;
            cell.complaint(&observed)
        });
        let complaints = tries.buffer_unordered(at_once).filter_map(async |complaint| complaint);
        wrong.extend(complaints.collect::<Vec<_>>().await);
    }
    wrong
}

/// What ends sessions and accounts.
async fn run_last(world: &World, rows: &BTreeMap<String, Row>) -> Vec<String> {
    let mut wrong = Vec::new();
    for row in rows.values().filter(|row| row.last) {
        let callers = viewers::all(&world.shop).await;
        for cell in cells([row].into_iter()) {
            let client = &callers[cell.column].client;
            let answer = outcome::run(client, row, world.pool.values(&row.operation)).await;
            wrong.extend(cell.complaint(&answer.word));
        }
    }
    wrong
}

/// What a viewer gets for a row.
async fn observe(world: &World, row: &Row, column: usize, expected: Option<&str>) -> String {
    let caller = &world.callers[column];
    if let Some((service, _)) = row.coordinate.split_once(':') {
        let service = direct(&world.shop, service, caller);
        let schema = Schema::of_service(row.coordinate.split(':').next().unwrap_or_default());
        return entities::run(&service, &schema, row, &world.pool).await;
    }
    let variables: Map<_, _> = world.pool.values(&row.operation);
    if row.coordinate.starts_with("Subscription.") {
        return subscription::run(&world.shop, caller, row, variables, expected).await;
    }
    outcome::run(&caller.client, row, variables).await.word
}

/// A service without the router in front, asked by the same caller.
fn direct(shop: &Shop, service: &str, caller: &viewers::Caller) -> Client {
    let url = format!("http://127.0.0.1:{}/graphql", shop.port + port_offset(service));
    let client = Client::new(url).unwrap();
    match &caller.token {
        Some(token) => client.with_token(token),
        None => client,
    }
}

/// Writes rows for new fields with what is observed, and drops those of fields that are gone.
async fn update(world: World, mut rows: BTreeMap<String, Row>) {
    let needed = needed();
    rows.retain(|field, _| needed.contains_key(field));
    let mut new: Vec<Row> = needed
        .into_iter()
        .filter(|(field, _)| !rows.contains_key(field))
        .map(|(coordinate, operation)| Row { coordinate, operation, outcomes: Vec::new(), last: false })
        .collect();
    // Reads before writes: a write may end what the next one needs.
    new.sort_by_key(|row| row.coordinate.starts_with("Mutation."));
    for mut row in new {
        for column in 0..VIEWERS.len() {
            let word = observe(&world, &row, column, None).await;
            row.outcomes.push(word);
        }
        println!("{}  {:?}  {}", row.coordinate, row.outcomes, row.operation);
        rows.insert(row.coordinate.clone(), row);
    }
    table::write(&rows);
}
