//! The append-only record of everything that happened.

use crate::domain::{fact::Told, track::Tracked};
use chrono::{DateTime, Utc};
use platform::{Tx, ids::EventRecordId};
use serde_json::Value;
use sqlx::PgExecutor;
use uuid::Uuid;

#[derive(Debug, Clone)]
pub struct Row {
    pub id: EventRecordId,
    pub kind: String,
    pub occurred_at: DateTime<Utc>,
    pub actor_id: Option<String>,
    pub session_id: Option<String>,
    pub subject_id: Option<String>,
    pub payload: Value,
}

/// Records a fact and locks the head of its audit chain, in one statement. `None`: it was recorded before.
pub async fn record(
    tx: &mut Tx,
    id: Uuid,
    topic: &str,
    occurred_at: DateTime<Utc>,
    told: &Told,
    payload: &Value,
) -> Result<Option<(i64, Vec<u8>)>, sqlx::Error> {
    let head = sqlx::query!(
        r#"with recorded as (
               insert into analytics.events (id, type, occurred_at, actor_id, subject_id, payload)
               values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning id)
           insert into analytics.audit_heads (chain_id) select $7 from recorded
           on conflict (chain_id) do update set chain_id = excluded.chain_id
           returning seq, hash"#,
        id,
        topic,
        occurred_at,
        told.person,
        told.entity,
        payload,
        told.chain
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(head.map(|head| (head.seq, head.hash)))
}

/// Which of the tracked events were new: their type, subject, day and time.
pub struct Fresh {
    pub kind: String,
    pub subject_id: Option<String>,
    pub occurred_at: DateTime<Utc>,
}

/// Stores what storefronts tracked; an event that is there already changes nothing.
pub async fn track(tx: &mut Tx, actor: Option<&str>, events: &[Tracked]) -> Result<Vec<Fresh>, sqlx::Error> {
    let ids: Vec<Uuid> = events.iter().map(|_| Uuid::now_v7()).collect();
    let kinds: Vec<String> = events.iter().map(|e| e.kind.clone()).collect();
    let times: Vec<DateTime<Utc>> = events.iter().map(|e| e.occurred_at).collect();
    let sessions: Vec<String> = events.iter().map(|e| e.session.clone()).collect();
    let subjects: Vec<Option<String>> = events.iter().map(|e| e.subject.clone()).collect();
    let payloads: Vec<Value> = events.iter().map(|e| e.payload.clone()).collect();
    let clients: Vec<String> = events.iter().map(|e| e.event.clone()).collect();
    sqlx::query_as!(
        Fresh,
        r#"insert into analytics.events
               (id, type, occurred_at, actor_id, session_id, subject_id, payload, client_event_id, tracked)
           select id, type, occurred_at, $8, session_id, subject_id, payload, client_event_id, true
           from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::jsonb[], $7::text[])
                as sent (id, type, occurred_at, session_id, subject_id, payload, client_event_id)
           on conflict do nothing returning type as kind, subject_id, occurred_at"#,
        &ids,
        &kinds,
        &times,
        &sessions,
        &subjects as &[Option<String>],
        &payloads,
        &clients,
        actor
    )
    .fetch_all(&mut **tx)
    .await
}

/// Which events are wanted.
#[derive(Debug, Default)]
pub struct Filter {
    pub types: Option<Vec<String>>,
    pub subject: Option<String>,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    pub after: Option<(DateTime<Utc>, Uuid)>,
}

/// Events, newest first.
pub async fn list(db: impl PgExecutor<'_>, filter: &Filter, limit: i64) -> Result<Vec<Row>, sqlx::Error> {
    let (at, id) = filter.after.unzip();
    sqlx::query_as!(
        Row,
        r#"select id as "id: EventRecordId", type as kind, occurred_at, actor_id, session_id, subject_id, payload
           from analytics.events
           where ($1::text[] is null or type = any($1)) and ($2::text is null or subject_id = $2)
             and ($3::timestamptz is null or occurred_at >= $3) and ($4::timestamptz is null or occurred_at < $4)
             and ($5::timestamptz is null or (occurred_at, id) < ($5, $6))
           order by occurred_at desc, id desc limit $7"#,
        filter.types.as_deref(),
        filter.subject,
        filter.from,
        filter.to,
        at,
        id,
        limit
    )
    .fetch_all(db)
    .await
}

pub async fn by_ids(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: EventRecordId", type as kind, occurred_at, actor_id, session_id, subject_id, payload
           from analytics.events where id = any($1)"#,
        ids
    )
    .fetch_all(db)
    .await
}
