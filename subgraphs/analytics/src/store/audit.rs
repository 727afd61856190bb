//! Audit chains.

use crate::domain::audit::Entry;
use platform::Tx;
use serde_json::Value;
use sqlx::PgExecutor;

/// Appends an entry and moves the head, which the caller has locked.
pub async fn append(tx: &mut Tx, entry: &Entry) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with entry as (
             insert into analytics.audit_entries (chain_id, seq, event_id, entity_id, entity_type, service, action,
                 actor, before, after, at, payload_hash, hash)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) returning chain_id, seq, hash)
         update analytics.audit_heads h set seq = entry.seq, hash = entry.hash from entry
         where h.chain_id = entry.chain_id",
        entry.chain,
        entry.seq,
        entry.event,
        entry.entity,
        entry.entity_type,
        entry.service,
        entry.action,
        entry.actor,
        entry.before,
        entry.after,
        entry.at,
        entry.payload_hash,
        entry.hash
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Entries of a chain, or those of one entity in its chain, after a position.
pub async fn page(
    db: impl PgExecutor<'_>,
    entity: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<Entry>, sqlx::Error> {
    sqlx::query_as!(
        Entry,
        "select chain_id as chain, seq, event_id as event, entity_id as entity, entity_type, service, action, actor,
                before, after, at, payload_hash, hash
         from analytics.audit_entries
         where (chain_id = $1 or (entity_id = $1 and entity_id <> chain_id)) and seq > $2 order by seq limit $3",
        entity,
        after,
        limit
    )
    .fetch_all(db)
    .await
}

/// The newest entries of several chains, oldest first.
pub async fn of_chains(
    db: impl PgExecutor<'_>,
    chains: &[String],
    limit: i64,
) -> Result<Vec<Entry>, sqlx::Error> {
    sqlx::query_as!(
        Entry,
        r#"select e.chain_id as "chain!", e.seq as "seq!", e.event_id as "event!", e.entity_id as "entity!",
                  e.entity_type as "entity_type!", e.service as "service!", e.action as "action!",
                  e.actor as "actor!", e.before, e.after, e.at as "at!", e.payload_hash as "payload_hash!",
                  e.hash as "hash!"
           from unnest($1::text[]) as asked (chain) cross join lateral (
               select * from analytics.audit_entries where chain_id = asked.chain order by seq desc limit $2) e
           order by e.chain_id, e.seq"#,
        chains,
        limit
    )
    .fetch_all(db)
    .await
}

/// Name and head of the chain an entity belongs to.
pub struct Head {
    pub chain: String,
    pub seq: i64,
    pub hash: Vec<u8>,
}

pub async fn head(db: impl PgExecutor<'_>, entity: &str) -> Result<Option<Head>, sqlx::Error> {
    sqlx::query_as!(
        Head,
        "select chain_id as chain, seq, hash from analytics.audit_heads
         where chain_id = $1
            or chain_id = (select chain_id from analytics.audit_entries where entity_id = $1 and entity_id <> chain_id limit 1)
         order by chain_id = $1 desc limit 1",
        entity
    )
    .fetch_optional(db)
    .await
}

/// An entry and the payload it was made of.
pub struct Evidence {
    pub entry: Entry,
    pub payload: Option<Value>,
}

/// The next entries of a chain with their payloads.
pub async fn evidence(
    db: impl PgExecutor<'_>,
    chain: &str,
    after: i64,
    up_to: i64,
) -> Result<Vec<Evidence>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select a.chain_id, seq, event_id, entity_id, entity_type, service, action, actor, before, after, at,
                  payload_hash, hash, e.payload as "payload?"
           from analytics.audit_entries a left join analytics.events e on e.id = event_id
           where chain_id = $1 and seq > $2 and seq <= $3 order by seq limit 500"#,
        chain,
        after,
        up_to
    )
    .fetch_all(db)
    .await?;
    let rows = rows.into_iter().map(|r| Evidence {
        entry: Entry {
            chain: r.chain_id,
            seq: r.seq,
            event: r.event_id,
            entity: r.entity_id,
            entity_type: r.entity_type,
            service: r.service,
            action: r.action,
            actor: r.actor,
            before: r.before,
            after: r.after,
            at: r.at,
            payload_hash: r.payload_hash,
            hash: r.hash,
        },
        payload: r.payload,
    });
    Ok(rows.collect())
}
