//! The consuming side: inbox row and effect in one transaction. A batch shares a transaction; if one of its facts
//! fails, each is tried alone, and the one that keeps failing ends as a dead letter while the others flow on.

use super::{
    Envelope, Event, Received,
    bus::{BATCH, Bus, Receiver},
};
use crate::{
    db::{Db, Moment, Tx, set_moment},
    error::Error,
    telemetry::RequestTrace,
};
use futures::future::BoxFuture;
use sqlx::AssertSqlSafe;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Pause after a batch that was not full. The first fact after a silence is handled at once.
const BREATH: Duration = Duration::from_millis(20);
/// Failed tries after which a fact is set aside.
const MAX_ATTEMPTS: i32 = 5;

type Handle =
    Arc<dyn for<'a> Fn(&'a mut Tx, &'a [Envelope]) -> BoxFuture<'a, Result<(), Error>> + Send + Sync>;

/// A fact as its consumer sees it.
fn received<E: Event>(envelope: &Envelope) -> Result<Received<E>, Error> {
    Ok(Received {
        id: envelope.id,
        occurred_at: envelope.occurred_at,
        origin: envelope.origin,
        event: serde_json::from_value(envelope.payload.clone())?,
    })
}

/// The handlers of one service, by topic.
#[derive(Clone, Default)]
pub struct Handlers(HashMap<&'static str, Handle>);

impl Handlers {
    /// Registers the handler of a topic. Its effect must go through the transaction it gets.
    pub fn on<E, F>(&mut self, handler: F)
    where
        E: Event + 'static,
        F: for<'a> Fn(&'a mut Tx, Received<E>) -> BoxFuture<'a, Result<(), Error>> + Send + Sync + 'static,
    {
        let handler = Arc::new(handler);
        let handle: Handle = Arc::new(move |tx, run| {
            let handler = handler.clone();
            Box::pin(async move {
                for envelope in run {
                    let trace = RequestTrace::from_header(envelope.traceparent.as_deref());
                    trace.scope(handler(tx, received(envelope)?)).await?;
                }
                Ok(())
            })
        });
        self.0.insert(E::TOPIC, handle);
    }

    /// The same for a handler that takes facts that follow one another together, in their order.
    pub fn on_many<E, F>(&mut self, handler: F)
    where
        E: Event + 'static,
        F: for<'a> Fn(&'a mut Tx, Vec<Received<E>>) -> BoxFuture<'a, Result<(), Error>>
            + Send
            + Sync
            + 'static,
    {
        let handle: Handle = Arc::new(move |tx, run| match run.iter().map(received).collect() {
            Ok(facts) => {
                let first = run.first().and_then(|envelope| envelope.traceparent.as_deref());
                Box::pin(RequestTrace::from_header(first).scope(handler(tx, facts)))
            }
            Err(error) => Box::pin(std::future::ready(Err(error))),
        });
        self.0.insert(E::TOPIC, handle);
    }

    pub fn topics(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }
}

/// Consumes until `stop`.
pub async fn run(db: Db, bus: Bus, handlers: Handlers, stop: CancellationToken) -> anyhow::Result<()> {
    let mut receiver: Receiver = bus.receiver(db.schema()).await?;
    loop {
        let batch = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            batch = receiver.receive() => batch,
        };
        if !batch.is_empty() {
            let full = batch.len() == BATCH;
            process(&db, &handlers, batch).await;
            receiver.acknowledge().await;
            if !full {
                // What comes in the meantime shares the next transaction.
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

/// Gives every envelope its effect, or leaves it to be found again.
pub async fn process(db: &Db, handlers: &Handlers, batch: Vec<Envelope>) {
    let Err(error) = apply(db, handlers, &batch).await else {
        return;
    };
    if batch.len() == 1 {
        return failed(db, &batch[0], &error).await;
    }
    for envelope in batch {
        if let Err(error) = apply(db, handlers, std::slice::from_ref(&envelope)).await {
            failed(db, &envelope, &error).await;
        }
    }
}

async fn apply(db: &Db, handlers: &Handlers, batch: &[Envelope]) -> Result<(), Error> {
    let mut tx = db.begin(Moment::LIVE).await?;
    let mut claimed: HashSet<Uuid> = claim(&mut tx, batch).await?.into_iter().collect();
    // Removed, not looked up: a batch may have a fact twice.
    let fresh: Vec<Envelope> = batch
        .iter()
        .filter(|envelope| claimed.remove(&envelope.id))
        .cloned()
        .collect();
    for run in fresh.chunk_by(|a, b| a.topic == b.topic && a.moment() == b.moment()) {
        let Some(first) = run.first() else { continue };
        let Some(handle) = handlers.0.get(first.topic.as_str()) else {
            continue;
        };
        switch(&mut tx, first.moment()).await?;
        handle(&mut tx, run).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn switch(tx: &mut Tx, moment: Moment) -> Result<(), Error> {
    if tx.moment() != moment {
        match moment.at() {
            Some(at) => set_moment(tx, at).await?,
            None => {
                sqlx::query("select set_config('agora.now', '', true)")
                    .execute(&mut **tx)
                    .await?;
            }
        }
        tx.set_moment(moment);
    }
    Ok(())
}

/// Inserts inbox rows; returns the IDs that were not there. Waits for another process that handles the same fact.
async fn claim(tx: &mut Tx, batch: &[Envelope]) -> Result<Vec<Uuid>, Error> {
    let mut rows: Vec<(Uuid, &str)> = batch.iter().map(|e| (e.id, e.topic.as_str())).collect();
    // In one order everywhere, so that two batches cannot wait for each other.
    rows.sort_unstable();
    let (ids, topics): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
    let sql = format!(
        "insert into {}.inbox (event_id, topic) select * from unnest($1::uuid[], $2::text[]) \
         on conflict do nothing returning event_id",
        tx.schema()
    );
    Ok(sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(ids)
        .bind(topics)
        .fetch_all(&mut **tx)
        .await?)
}

async fn failed(db: &Db, envelope: &Envelope, error: &Error) {
    let cause = error.describe();
    tracing::error!(topic = envelope.topic, event = %envelope.id, cause, "an event handler failed");
    if let Err(error) = record_failure(db, envelope, &cause).await {
        tracing::error!(error = error.describe(), "cannot record a failed event");
    }
}

async fn record_failure(db: &Db, envelope: &Envelope, cause: &str) -> Result<(), Error> {
    let schema = db.schema();
    let mut tx = db.begin(Moment::LIVE).await?;
    let attempts: i32 = sqlx::query_scalar(AssertSqlSafe(format!(
        "insert into {schema}.dead_letters (event_id, envelope, error) values ($1, $2, $3) \
         on conflict (event_id) do update set attempts = dead_letters.attempts + 1, error = $3, failed_at = now() \
         returning attempts"
    )))
    .bind(envelope.id)
    .bind(serde_json::to_value(envelope)?)
    .bind(cause)
    .fetch_one(&mut *tx)
    .await?;
    if attempts >= MAX_ATTEMPTS {
        sqlx::query(AssertSqlSafe(format!(
            "update {schema}.dead_letters set dead_at = now() where event_id = $1"
        )))
        .bind(envelope.id)
        .execute(&mut *tx)
        .await?;
        claim(&mut tx, std::slice::from_ref(envelope)).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Which of `ids` have had no effect here.
pub async fn unseen(db: &Db, ids: Vec<Uuid>) -> Result<Vec<Uuid>, Error> {
    let sql = format!(
        "select id from unnest($1::uuid[]) as asked(id) where not exists \
         (select from {}.inbox where event_id = asked.id)",
        db.schema()
    );
    Ok(sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(ids)
        .fetch_all(db.pool())
        .await?)
}
