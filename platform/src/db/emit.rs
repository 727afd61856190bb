//! Facts go into the outbox with the change that they tell of, and to the bus right after its commit.

use super::{Moment, Tx};
use crate::{
    events::{Envelope, Event, Origin},
    telemetry,
};
use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, Error};
use uuid::Uuid;

/// A fact before the database has dated it.
struct Draft {
    id: Uuid,
    key: String,
    payload: serde_json::Value,
    origin: Origin,
    at: Option<DateTime<Utc>>,
}

impl Draft {
    fn new<E: Event>(event: &E, origin: Origin, at: Option<DateTime<Utc>>) -> Result<Self, Error> {
        Ok(Self {
            id: Uuid::now_v7(),
            key: event.key(),
            payload: serde_json::to_value(event).map_err(|e| Error::Encode(e.into()))?,
            origin,
            at,
        })
    }

    fn dated(self, topic: &str, traceparent: Option<String>, occurred_at: DateTime<Utc>) -> Envelope {
        Envelope {
            id: self.id,
            topic: topic.to_owned(),
            key: self.key,
            payload: self.payload,
            origin: self.origin,
            traceparent,
            occurred_at,
        }
    }
}

impl Tx {
    /// Records a fact for other services; it leaves with the commit or not at all.
    pub async fn emit<E: Event>(&mut self, event: &E) -> Result<(), Error> {
        self.emit_all(std::slice::from_ref(event)).await
    }

    /// Records many facts of one kind, in their order, in one statement.
    pub async fn emit_all<E: Event>(&mut self, events: &[E]) -> Result<(), Error> {
        // The business time may have moved within the moment: `now()` knows.
        let origin = self.moment.origin();
        let drafts: Result<Vec<_>, _> = events
            .iter()
            .map(|event| Draft::new(event, origin, None))
            .collect();
        self.write(E::TOPIC, drafts?).await
    }

    /// Records facts that happened at moments of their own.
    pub async fn emit_at<E: Event>(&mut self, events: &[(Moment, E)]) -> Result<(), Error> {
        let drafts: Result<Vec<_>, _> = events
            .iter()
            .map(|(moment, event)| Draft::new(event, moment.origin(), moment.at()))
            .collect();
        self.write(E::TOPIC, drafts?).await
    }

    async fn write(&mut self, topic: &'static str, drafts: Vec<Draft>) -> Result<(), Error> {
        if drafts.is_empty() {
            return Ok(());
        }
        // Whoever hands it to the bus right after the commit need not look it up and write that down.
        let direct = self.db.outgoing.has_room();
        let traceparent = telemetry::traceparent();
        let column = |of: fn(&Draft) -> &str| drafts.iter().map(of).collect::<Vec<_>>();
        let times: Vec<DateTime<Utc>> = sqlx::query_scalar(AssertSqlSafe(self.db.insert_outbox.to_string()))
            .bind(drafts.iter().map(|draft| draft.id).collect::<Vec<_>>())
            .bind(column(|draft| &draft.key))
            .bind(drafts.iter().map(|draft| &draft.payload).collect::<Vec<_>>())
            .bind(column(|draft| draft.origin.as_str()))
            .bind(drafts.iter().map(|draft| draft.at).collect::<Vec<_>>())
            .bind(topic)
            .bind(&traceparent)
            .bind(direct)
            .fetch_all(&mut *self.inner)
            .await?;
        if direct {
            let dated = drafts.into_iter().zip(times);
            self.outgoing
                .extend(dated.map(|(draft, at)| draft.dated(topic, traceparent.clone(), at)));
        } else {
            self.left = true;
        }
        Ok(())
    }
}
