//! Facts go into the outbox with the change that they tell of.

use super::{Moment, Tx};
use crate::{
    events::{Event, Origin},
    telemetry,
};
use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

impl Tx {
    /// Records a fact for other services; it leaves with the commit or not at all.
    pub async fn emit<E: Event>(&mut self, event: &E) -> Result<(), sqlx::Error> {
        let payload = serde_json::to_value(event).map_err(|e| sqlx::Error::Encode(e.into()))?;
        sqlx::query(AssertSqlSafe(self.db.insert_outbox.to_string()))
            .bind(Uuid::now_v7())
            .bind(E::TOPIC)
            .bind(event.key())
            .bind(payload)
            .bind(self.moment.origin())
            .bind(telemetry::traceparent())
            .execute(&mut *self.inner)
            .await?;
        self.emitted = true;
        Ok(())
    }

    /// Records many facts of one kind, in their order, in one statement.
    pub async fn emit_all<E: Event>(&mut self, events: &[E]) -> Result<(), sqlx::Error> {
        // The business time may have moved within the moment: `now()` knows.
        let origin = self.moment.origin();
        self.insert_outbox(events.iter().map(|event| (origin, None, event)))
            .await
    }

    /// Records facts that happened at moments of their own.
    pub async fn emit_at<E: Event>(&mut self, events: &[(Moment, E)]) -> Result<(), sqlx::Error> {
        let dated = events
            .iter()
            .map(|(moment, event)| (moment.origin(), moment.at(), event));
        self.insert_outbox(dated).await
    }

    async fn insert_outbox<'e, E: Event + 'e>(
        &mut self,
        events: impl Iterator<Item = (Origin, Option<DateTime<Utc>>, &'e E)>,
    ) -> Result<(), sqlx::Error> {
        let (mut ids, mut keys, mut payloads) = (Vec::new(), Vec::new(), Vec::new());
        let (mut origins, mut times) = (Vec::new(), Vec::new());
        for (origin, at, event) in events {
            ids.push(Uuid::now_v7());
            keys.push(event.key());
            payloads.push(serde_json::to_value(event).map_err(|e| sqlx::Error::Encode(e.into()))?);
            origins.push(origin.as_str());
            times.push(at);
        }
        if ids.is_empty() {
            return Ok(());
        }
        let schema = self.db.schema;
        sqlx::query(AssertSqlSafe(format!(
            "insert into {schema}.outbox (id, topic, key, payload, origin, traceparent, occurred_at) \
             select e.id, $6, e.key, e.payload, e.origin, $7, coalesce(e.at, {schema}.now()) \
             from unnest($1::uuid[], $2::text[], $3::jsonb[], $4::text[], $5::timestamptz[]) \
                 as e(id, key, payload, origin, at)"
        )))
        .bind(ids)
        .bind(keys)
        .bind(payloads)
        .bind(origins)
        .bind(times)
        .bind(E::TOPIC)
        .bind(telemetry::traceparent())
        .execute(&mut *self.inner)
        .await?;
        self.emitted = true;
        Ok(())
    }
}
