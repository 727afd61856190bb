//! The publishing side. A fact goes to the bus right after its commit. Where there is no room for it, its row is picked
//! later by "not yet published", never by "greater than the last": sequences have gaps that fill later. In the end, rows
//! are confirmed by asking their consumers; what a consumer has not seen, whatever the reason, is sent again.

use super::{Envelope, Routes, bus::Bus, consumers};
use crate::{
    commands::Commands,
    db::{Db, Moment},
    error::Error,
    worker,
};
use sqlx::{AssertSqlSafe, PgConnection};
use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const BATCH: i64 = 500;
/// Facts that were left in the outbox, by this process or another, are found after this at the latest.
const POLL: Duration = Duration::from_secs(2);
const CONFIRM_EVERY: Duration = Duration::from_secs(5);
/// How often confirmed rows are looked for that have grown old: that reads the whole table.
const PURGE_EVERY: Duration = Duration::from_secs(600);
/// Seconds after which a published row that a consumer has not seen counts as lost.
const LOST_AFTER_SECONDS: f64 = 10.0;

/// Publishes, confirms and purges until `stop`.
pub async fn run(db: Db, bus: Bus, routes: Routes, commands: Commands, stop: CancellationToken) {
    let never = Notify::new();
    let outgoing = db.outgoing();
    tokio::join!(
        worker::run("outbox", &stop, &outgoing.fresh, POLL, || forward(
            &db, &bus, routes
        )),
        worker::run("outbox backlog", &stop, &outgoing.backlog, POLL, || publish(
            &db, &bus, routes
        )),
        worker::run("outbox confirmation", &stop, &never, CONFIRM_EVERY, || confirm(
            &db, &bus, routes, &commands
        )),
        worker::run("outbox purge", &stop, &never, PURGE_EVERY, || purge(&db)),
    );
}

/// Hands over what this process has committed since.
async fn forward(db: &Db, bus: &Bus, routes: Routes) -> Result<bool, Error> {
    let facts = db.outgoing().take();
    send(bus, routes, &facts, |_, _| true).await?;
    Ok(false)
}

/// A look costs one statement, a claim a transaction.
async fn any(db: &Db, condition: &str) -> Result<bool, Error> {
    let sql = format!(
        "select exists (select from {}.outbox where {condition})",
        db.schema()
    );
    Ok(sqlx::query_scalar(AssertSqlSafe(sql))
        .fetch_one(db.pool())
        .await?)
}

async fn publish(db: &Db, bus: &Bus, routes: Routes) -> Result<bool, Error> {
    let due = "published_at is null";
    if !any(db, due).await? {
        return Ok(false);
    }
    let mut tx = db.begin(Moment::LIVE).await?;
    let rows = select(&mut tx, db.schema(), due, BATCH).await?;
    send(bus, routes, &rows, |_, _| true).await?;
    let rows: Vec<&Envelope> = rows.iter().collect();
    mark(&mut tx, db.schema(), "published_at = now()", &rows).await?;
    tx.commit().await?;
    Ok(rows.len() as i64 == BATCH)
}

async fn confirm(db: &Db, bus: &Bus, routes: Routes, commands: &Commands) -> Result<bool, Error> {
    let due = format!(
        "confirmed_at is null and published_at < now() - make_interval(secs => {LOST_AFTER_SECONDS:.1})"
    );
    if !any(db, &due).await? {
        return Ok(false);
    }
    let mut tx = db.begin(Moment::LIVE).await?;
    let rows = select(&mut tx, db.schema(), &due, BATCH).await?;
    let mut lost: BTreeMap<&'static str, HashSet<Uuid>> = BTreeMap::new();
    for (consumer, ids) in by_consumer(routes, &rows) {
        let unseen: Vec<Uuid> = commands
            .post(consumer, "unseen", "/events/unseen", Moment::LIVE, &ids)
            .await?;
        lost.insert(consumer, unseen.into_iter().collect());
    }
    send(bus, routes, &rows, |consumer, id| {
        lost.get(consumer).is_some_and(|ids| ids.contains(&id))
    })
    .await?;
    let (again, seen): (Vec<_>, Vec<_>) = rows
        .iter()
        .partition(|row| lost.values().any(|ids| ids.contains(&row.id)));
    mark(&mut tx, db.schema(), "published_at = now()", &again).await?;
    mark(&mut tx, db.schema(), "confirmed_at = now()", &seen).await?;
    tx.commit().await?;
    Ok(rows.len() as i64 == BATCH)
}

/// Rows are kept for a week after their last consumer confirmed them.
async fn purge(db: &Db) -> Result<bool, Error> {
    let sql = format!(
        "delete from {0}.outbox where id in (select id from {0}.outbox \
         where confirmed_at < now() - interval '7 days' order by id limit 1000)",
        db.schema()
    );
    let deleted = sqlx::query(AssertSqlSafe(sql))
        .execute(db.pool())
        .await?
        .rows_affected();
    Ok(deleted == 1000)
}

async fn select(
    db: &mut PgConnection,
    schema: &str,
    condition: &str,
    limit: i64,
) -> Result<Vec<Envelope>, Error> {
    let sql = format!(
        "select id, topic, key, payload, origin, traceparent, occurred_at from {schema}.outbox \
         where {condition} order by id limit {limit} for update skip locked"
    );
    Ok(sqlx::query_as(AssertSqlSafe(sql)).fetch_all(db).await?)
}

async fn mark(db: &mut PgConnection, schema: &str, what: &str, rows: &[&Envelope]) -> Result<(), Error> {
    if !rows.is_empty() {
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let sql = format!("update {schema}.outbox set {what} where id = any($1)");
        sqlx::query(AssertSqlSafe(sql)).bind(ids).execute(db).await?;
    }
    Ok(())
}

fn by_consumer(routes: Routes, rows: &[Envelope]) -> BTreeMap<&'static str, Vec<Uuid>> {
    let mut asked: BTreeMap<&'static str, Vec<Uuid>> = BTreeMap::new();
    for row in rows {
        for consumer in consumers(routes, &row.topic) {
            asked.entry(consumer).or_default().push(row.id);
        }
    }
    asked
}

async fn send(
    bus: &Bus,
    routes: Routes,
    rows: &[Envelope],
    wanted: impl Fn(&str, Uuid) -> bool,
) -> Result<(), Error> {
    let mut outgoing: BTreeMap<&'static str, Vec<Envelope>> = BTreeMap::new();
    for row in rows {
        for consumer in consumers(routes, &row.topic)
            .iter()
            .filter(|consumer| wanted(consumer, row.id))
        {
            outgoing.entry(consumer).or_default().push(row.clone());
        }
    }
    for (consumer, envelopes) in outgoing {
        // A bus that is down loses nothing: the confirmation finds these rows again.
        if let Err(error) = bus.send(consumer, &envelopes).await {
            tracing::warn!(
                consumer,
                error = format!("{error:#}"),
                "the bus did not take events"
            );
        }
    }
    Ok(())
}
