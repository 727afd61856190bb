//! What providers sent, kept before anything is done about it.

use crate::provider::objects::Event;
use sqlx::PgExecutor;

/// Keeps an event once. False if it is there already.
pub async fn insert(
    db: impl PgExecutor<'_>,
    provider: &str,
    event: &Event,
    payload: &serde_json::Value,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into payments.webhook_inbox (provider, event_id, type, payload, provider_created_at)
        values ($1, $2, $3, $4, $5) on conflict do nothing",
        provider,
        event.id,
        event.kind,
        payload,
        event.created_at(),
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Locks an event that waits; `None` if it is done or somebody else has it.
pub async fn lock(
    db: impl PgExecutor<'_>,
    provider: &str,
    event_id: &str,
) -> sqlx::Result<Option<serde_json::Value>> {
    sqlx::query_scalar!(
        "select payload from payments.webhook_inbox
        where provider = $1 and event_id = $2 and processed_at is null for update skip locked",
        provider,
        event_id
    )
    .fetch_optional(db)
    .await
}

pub async fn done(
    db: impl PgExecutor<'_>,
    provider: &str,
    event_id: &str,
    outcome: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments.webhook_inbox set processed_at = pg_catalog.now(), outcome = $3, attempts = attempts + 1
        where provider = $1 and event_id = $2",
        provider,
        event_id,
        outcome,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Puts an event off: a little later each time, given up after three days.
pub async fn park(db: impl PgExecutor<'_>, provider: &str, event_id: &str, why: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments.webhook_inbox set attempts = attempts + 1, outcome = $3,
            next_at = pg_catalog.now() + least(interval '1 hour', interval '2 seconds' * power(2, least(attempts, 12))),
            processed_at = case when received_at < pg_catalog.now() - interval '3 days' then pg_catalog.now() end
        where provider = $1 and event_id = $2",
        provider,
        event_id,
        why,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Events that are due.
pub async fn due(db: impl PgExecutor<'_>, provider: &str) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        "select event_id from payments.webhook_inbox
        where provider = $1 and processed_at is null and next_at <= pg_catalog.now() order by next_at limit 50",
        provider
    )
    .fetch_all(db)
    .await
}

/// Makes parked events due: a payment they may be about is known now.
pub async fn wake(db: impl PgExecutor<'_>, provider: &str, reference: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments.webhook_inbox set next_at = pg_catalog.now()
        where provider = $1 and processed_at is null
            and (payload->'data'->'object'->>'id' = $2 or payload->'data'->'object'->>'payment_intent' = $2)",
        provider,
        reference
    )
    .execute(db)
    .await?;
    Ok(())
}
