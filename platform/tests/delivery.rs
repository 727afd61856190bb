//! Outbox to inbox over a real Postgres: every fact has its effect once, whatever the bus loses or doubles.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use futures::future::BoxFuture;
use platform::{
    Commands, Db, Error, Moment, Tx,
    error::UserError,
    events::{Envelope, Event, Origin, Received, Routes, bus::Bus, inbox, relay},
    idempotency::{self, Claimed},
    testing::{TestDb, viewer},
    token::ServiceKey,
    viewer::Role,
};
use serde::{Deserialize, Serialize};
use sqlx::migrate::Migrator;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

static NOTHING: Migrator = Migrator::DEFAULT;

#[derive(Serialize, Deserialize)]
struct Told {
    text: String,
}

impl Event for Told {
    const TOPIC: &'static str = "test.told";
    fn key(&self) -> String {
        self.text.clone()
    }
}

async fn database() -> Db {
    let test = TestDb::new("demo", &NOTHING).await.unwrap();
    sqlx::query("create table demo.effects (text text not null, at timestamptz not null default demo.now())")
        .execute(test.db.pool())
        .await
        .unwrap();
    test.db
}

fn effect(tx: &mut Tx, received: Received<Told>) -> BoxFuture<'_, Result<(), Error>> {
    Box::pin(async move {
        if received.event.text == "poison" {
            return Err(Error::BadInput("poison".to_owned()));
        }
        sqlx::query("insert into demo.effects (text) values ($1)")
            .bind(received.event.text)
            .execute(&mut **tx)
            .await?;
        Ok(())
    })
}

fn handlers() -> inbox::Handlers {
    let mut handlers = inbox::Handlers::default();
    handlers.on(effect);
    handlers
}

async fn outbox(db: &Db) -> Vec<Envelope> {
    let sql = "select id, topic, key, payload, origin, traceparent, occurred_at from demo.outbox order by id";
    sqlx::query_as(sql).fetch_all(db.pool()).await.unwrap()
}

async fn effects(db: &Db) -> Vec<String> {
    sqlx::query_scalar("select text from demo.effects order by text")
        .fetch_all(db.pool())
        .await
        .unwrap()
}

async fn tell(db: &Db, moment: Moment, text: &str) {
    let mut tx = db.begin(moment).await.unwrap();
    tx.emit(&Told {
        text: text.to_owned(),
    })
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_fact_has_its_effect_once_and_poison_stops_nobody() {
    let db = database().await;
    for text in ["a", "poison", "b"] {
        tell(&db, Moment::LIVE, text).await;
    }
    let facts = outbox(&db).await;
    for _ in 0..6 {
        // Doubled within a batch and over batches.
        let batch = facts.iter().chain(&facts).cloned().collect();
        inbox::process(&db, &handlers(), batch).await;
    }
    assert_eq!(effects(&db).await, ["a", "b"]);
    assert!(
        inbox::unseen(&db, facts.iter().map(|fact| fact.id).collect())
            .await
            .unwrap()
            .is_empty()
    );
    let dead: Vec<Uuid> =
        sqlx::query_scalar("select event_id from demo.dead_letters where dead_at is not null")
            .fetch_all(db.pool())
            .await
            .unwrap();
    assert_eq!(dead, [facts[1].id]);
}

/// Takes all facts of a run with one statement, which says how many there were.
fn effects_of_a_run(tx: &mut Tx, run: Vec<Received<Told>>) -> BoxFuture<'_, Result<(), Error>> {
    Box::pin(async move {
        let texts: Vec<String> = run.into_iter().map(|fact| fact.event.text).collect();
        if texts.iter().any(|text| text == "poison") {
            return Err(Error::BadInput("poison".to_owned()));
        }
        let size = texts.len();
        sqlx::query(
            "insert into demo.effects (text) select text || $2 from unnest($1::text[]) as told(text)",
        )
        .bind(texts)
        .bind(format!(" of {size}"))
        .execute(&mut **tx)
        .await?;
        Ok(())
    })
}

#[tokio::test]
async fn facts_that_follow_one_another_are_taken_together_each_once() {
    let db = database().await;
    let mut handlers = inbox::Handlers::default();
    handlers.on_many(effects_of_a_run);
    let at = "2010-12-01T08:26:00Z".parse().unwrap();
    for (moment, text) in [
        (Moment::LIVE, "a"),
        (Moment::LIVE, "b"),
        (Moment::imported(at), "history"),
        (Moment::LIVE, "c"),
    ] {
        tell(&db, moment, text).await;
    }
    let facts = outbox(&db).await;
    for _ in 0..2 {
        let doubled = facts.iter().flat_map(|fact| [fact.clone(), fact.clone()]);
        inbox::process(&db, &handlers, doubled.collect()).await;
    }
    assert_eq!(effects(&db).await, ["a of 2", "b of 2", "c of 1", "history of 1"]);
    // One that fails does not keep the others of its run back.
    for text in ["poison", "d"] {
        tell(&db, Moment::LIVE, text).await;
    }
    let more = outbox(&db).await.split_off(facts.len());
    inbox::process(&db, &handlers, more).await;
    assert_eq!(
        effects(&db).await,
        ["a of 2", "b of 2", "c of 1", "d of 1", "history of 1"]
    );
}

#[tokio::test]
async fn nothing_is_told_without_a_commit() {
    let db = database().await;
    let mut tx = db.begin(Moment::LIVE).await.unwrap();
    tx.emit(&Told {
        text: "never".to_owned(),
    })
    .await
    .unwrap();
    drop(tx);
    assert!(outbox(&db).await.is_empty());
}

#[tokio::test]
async fn an_imported_fact_keeps_its_moment_through_its_effects() {
    let db = database().await;
    let at = "2010-12-01T08:26:00Z".parse().unwrap();
    tell(&db, Moment::imported(at), "history").await;
    tell(&db, Moment::LIVE, "news").await;
    let facts = outbox(&db).await;
    assert_eq!((facts[0].origin, facts[0].occurred_at), (Origin::Import, at));
    inbox::process(&db, &handlers(), facts).await;
    let old: Vec<String> = sqlx::query_scalar("select text from demo.effects where at = $1")
        .bind(at)
        .fetch_all(db.pool())
        .await
        .unwrap();
    assert_eq!(old, ["history"], "the moment of one fact is not the next one's");
}

#[tokio::test]
async fn of_many_equal_requests_one_does_the_work_and_all_get_its_result() {
    let db = database().await;
    let buyer = viewer(Role::Customer);
    let tries = (0..20).map(|n| {
        let (db, buyer) = (db.clone(), buyer.clone());
        tokio::spawn(async move {
            let mut tx = db.begin(Moment::LIVE).await.unwrap();
            match idempotency::claim::<u32, UserError>(&mut tx, &buyer, "buy", "key", &"same")
                .await
                .unwrap()
            {
                Claimed::Replay(result) => (result, false),
                Claimed::Fresh(claim) => {
                    claim.store(&mut tx, &n).await.unwrap();
                    tx.commit().await.unwrap();
                    (n, true)
                }
            }
        })
    });
    let results: Vec<(u32, bool)> = futures::future::join_all(tries)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(results.iter().filter(|(_, worked)| *worked).count(), 1);
    assert!(results.iter().all(|(result, _)| *result == results[0].0));

    let mut tx = db.begin(Moment::LIVE).await.unwrap();
    let other = idempotency::claim::<u32, UserError>(&mut tx, &buyer, "buy", "key", &"other").await;
    assert!(matches!(
        other,
        Err(platform::Fault::User(UserError::IdempotencyError(_)))
    ));
}

#[tokio::test]
async fn facts_are_handed_over_after_their_commit_and_those_left_in_the_outbox_follow() {
    const ROUTES: Routes = &[(Told::TOPIC, &["demo"])];
    let db = database().await;
    let bus = Bus::local();
    let mut receiver = bus.receiver("demo").await.unwrap();
    // Nobody is there to hand it over: it waits as if the process had died before.
    let left = "insert into demo.outbox (id, topic, key, payload, origin, occurred_at)
        values ($1, 'test.told', 'left', '{\"text\": \"left\"}', 'live', now())";
    sqlx::query(left)
        .bind(Uuid::now_v7())
        .execute(db.pool())
        .await
        .unwrap();
    let mut tx = db.begin(Moment::LIVE).await.unwrap();
    tx.emit_all(&["a", "b"].map(|text| Told {
        text: text.to_owned(),
    }))
    .await
    .unwrap();
    let commands = Commands::new("demo", ServiceKey::new("key"), Arc::default()).unwrap();
    let stop = CancellationToken::new();
    let relay = tokio::spawn(relay::run(db.clone(), bus, ROUTES, commands, stop.clone()));
    tx.commit().await.unwrap();
    let mut keys = Vec::new();
    while keys.len() < 3 {
        keys.extend(receiver.receive().await.into_iter().map(|fact| fact.key));
    }
    stop.cancel();
    relay.await.unwrap();
    let handed: Vec<&str> = keys
        .iter()
        .map(String::as_str)
        .filter(|key| *key != "left")
        .collect();
    assert_eq!(handed, ["a", "b"], "in their order");
    let waiting: i64 = sqlx::query_scalar("select count(*) from demo.outbox where published_at is null")
        .fetch_one(db.pool())
        .await
        .unwrap();
    assert_eq!(waiting, 0);
}
