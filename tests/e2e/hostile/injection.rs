//! Every text of every input, filled with texts that hurt careless code, as nobody, a customer, a vendor and an admin:
//! there is always an answer, it never tells of the database, and the database never does what it was told.

use super::{
    payloads::{INJECTIONS, OTHERS, SLEEP_SECONDS},
    probes::{self, Probe},
};
use crate::{
    authorization::{
        outcome::codes,
        schema::Schema,
        state,
        table::{self, Row},
        viewers::VIEWERS,
        world::World,
    },
    support::process::Up,
};
use futures::{StreamExt, stream};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// Texts that are sent in one request: the router allows fifteen aliases.
const AT_ONCE: usize = 8;
/// Everybody who tries, beside somebody who is allowed to.
const TRIES: [&str; 4] = ["anonymous", "owner", "vendor", "admin"];
/// What of a database or of the code no answer may have.
const LOUD: [&str; 22] = [
    "sqlstate",
    "syntax error",
    "sqlx",
    "error returned from database",
    "unterminated",
    "at or near",
    "relation \"",
    "column \"",
    "invalid byte sequence",
    "out of range for type",
    "violates ",
    "duplicate key",
    "tsquery",
    "pg_catalog",
    "panicked",
    "backtrace",
    ".rs:",
    "/src/",
    "postgres",
    "deadlock",
    "malformed array",
    "invalid input syntax",
];

/// Fails if an answer tells of the database or of the code.
pub fn assert_silent(answer: &str, what: &str) {
    let loud = loud(answer);
    assert_eq!(loud, None, "{what}: {answer}");
}

fn loud(answer: &str) -> Option<&'static str> {
    let answer = answer.to_lowercase();
    LOUD.into_iter().find(|word| answer.contains(word))
}

/// All of them instead of some for each place: `AGORA_HOSTILE=all`.
#[expect(clippy::disallowed_methods, reason = "a switch of this test, like UPDATE_SDL")]
fn thorough() -> bool {
    std::env::var("AGORA_HOSTILE").is_ok_and(|what| what == "all")
}

/// One request of one viewer.
struct Try<'a> {
    probe: &'a Probe,
    viewer: &'static str,
    payloads: Vec<&'static str>,
}

/// Somebody who may; whose token stays good.
fn allowed(row: Option<&Row>) -> &'static str {
    let viewers = ["owner", "vendor", "staff", "admin", "guest"];
    let may = |viewer: &&str| {
        let column = VIEWERS.iter().position(|name| name == viewer);
        row.zip(column)
            .is_some_and(|(row, column)| row.outcomes[column] == "ok")
    };
    viewers.into_iter().find(may).unwrap_or("staff")
}

/// The tries for a place: of the texts, in turn, some by somebody who may, and a few by others.
fn tries<'a>(number: usize, probe: &'a Probe, allowed: &'static str) -> Vec<Try<'a>> {
    let texts = || INJECTIONS.into_iter().chain(OTHERS);
    let all: Vec<&str> = texts().collect();
    if thorough() {
        let everybody = TRIES.into_iter().chain([allowed]);
        let chunks = |viewer| {
            all.chunks(AT_ONCE)
                .map(move |part| Try {
                    probe,
                    viewer,
                    payloads: part.to_vec(),
                })
                .collect::<Vec<_>>()
        };
        return everybody.flat_map(chunks).collect();
    }
    let some = |from: usize, count: usize| texts().cycle().skip(from % all.len()).take(count).collect();
    vec![
        Try {
            probe,
            viewer: allowed,
            payloads: some(number * AT_ONCE, AT_ONCE),
        },
        Try {
            probe,
            viewer: TRIES[number % TRIES.len()],
            payloads: some(number * 3 + 40, 2),
        },
    ]
}

async fn complaint(world: &World, tried: Try<'_>) -> Option<String> {
    let column = VIEWERS.iter().position(|name| *name == tried.viewer)?;
    let (query, variables) = tried.probe.document(&world.pool.of(column), &tried.payloads);
    let began = Instant::now();
    let sent = world.client(tried.viewer).send(&query, variables.clone()).await;
    let slow = began.elapsed() >= Duration::from_secs(SLEEP_SECONDS);
    let what = match sent {
        Err(error) => format!("{error:#}"),
        Ok((status, body)) => {
            let bad = ["INTERNAL", "UNKNOWN", "DOWNSTREAM_SERVICE_ERROR"];
            let bad = codes(&body)
                .into_iter()
                .find(|code| bad.contains(code))
                .map(str::to_owned);
            let heard = without(&body.to_string(), &tried.payloads);
            match (status >= 500, bad, loud(&heard), slow) {
                (false, None, None, false) => return None,
                _ => format!("{status} {body}"),
            }
        }
    };
    let (place, viewer) = (&tried.probe.place, tried.viewer);
    Some(format!(
        "{place} {viewer} {:?}: {what}\n    {query} {variables}",
        began.elapsed()
    ))
}

/// What was sent may come back, and is no news.
fn without(answer: &str, payloads: &[&str]) -> String {
    payloads
        .iter()
        .filter(|payload| payload.len() > 3)
        .fold(answer.to_owned(), |answer, payload| {
            let quoted = Value::from(*payload).to_string();
            answer.replace(quoted.trim_matches('"'), "")
        })
}

async fn complaints(world: &World, tries: Vec<Try<'_>>, at_once: usize) -> Vec<String> {
    let answers = stream::iter(tries).map(|tried| complaint(world, tried));
    answers
        .buffer_unordered(at_once)
        .filter_map(async |complaint| complaint)
        .collect()
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_of_any_input_reaches_what_it_should_not() {
    platform::http::use_ring();
    let up = Up::start("injection", &[]).unwrap();
    let (schema, rows) = (Schema::public(), table::read());
    let world = World::new(up.shop()).await;
    let (queries, mutations) = all_probes(schema, &rows);
    assert!(
        queries.len() > 150 && mutations.len() > 400,
        "{} {}",
        queries.len(),
        mutations.len()
    );
    let run = async |probes: &WithViewer, at_once| {
        let probes = probes.iter().enumerate();
        let tries = probes.flat_map(|(number, (probe, allowed))| tries(number, probe, allowed));
        complaints(&world, tries.collect(), at_once).await
    };

    let before = state::at_rest(&world.shop).await;
    let objects = state::objects(&world.shop).await;
    let mut wrong = run(&queries, 8).await;
    let after = state::at_rest(&world.shop).await;
    let changed = state::changed(&before, &after);
    if !changed.is_empty() {
        wrong.push(format!("reading has changed {changed:?}"));
    }
    let rows_before = state::counts(&world.shop).await;
    wrong.extend(run(&mutations, 4).await);
    let rows_after = state::counts(&world.shop).await;
    let emptied = rows_before
        .iter()
        .filter(|(table, count)| **count > 0 && rows_after.get(*table).is_none_or(|count| *count == 0));
    let emptied: Vec<_> = emptied.map(|(table, _)| table).collect();
    if !emptied.is_empty() {
        wrong.push(format!("these tables were emptied: {emptied:?}"));
    }
    if state::objects(&world.shop).await != objects {
        wrong.push("the database has other tables, functions or roles".to_owned());
    }
    assert!(
        wrong.is_empty(),
        "{} are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    up.stop();
}

type WithViewer = Vec<(Probe, &'static str)>;

/// Probes of queries and of mutations, with somebody who may.
fn all_probes(schema: &Schema, rows: &BTreeMap<String, Row>) -> (WithViewer, WithViewer) {
    let of_rows = rows.values().filter(|row| !row.last).flat_map(|row| {
        let allowed = allowed(Some(row));
        probes::of_row(schema, row)
            .into_iter()
            .map(move |probe| (probe, allowed))
    });
    let open = probes::of_open_fields(schema, |field| rows.contains_key(field));
    let open = open.into_iter().map(|probe| (probe, "staff"));
    of_rows.chain(open).partition(|(probe, _)| probe.kind == "query")
}
