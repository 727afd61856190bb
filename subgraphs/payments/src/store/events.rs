//! What was heard of payments.

use crate::domain::fold::Fact;
use chrono::{DateTime, Utc};
use platform::ids::{PaymentEventId, PaymentId, uuids};
use sqlx::PgExecutor;
use sqlx::types::Json;

/// Something heard, whatever came of it.
#[derive(Clone, Debug)]
pub struct EventRow {
    pub id: PaymentEventId,
    pub payment_id: PaymentId,
    pub kind: String,
    pub source: String,
    pub provider_event_id: Option<String>,
    pub amount: Option<i64>,
    pub currency: String,
    pub provider_created_at: Option<DateTime<Utc>>,
    pub received_at: DateTime<Utc>,
    pub applied: bool,
    pub ignored_reason: Option<String>,
}

pub struct NewEvent<'a> {
    pub payment: PaymentId,
    pub kind: &'a str,
    pub source: &'static str,
    pub provider_event_id: Option<&'a str>,
    pub fact: Option<&'a Fact>,
    pub amount: Option<i64>,
    pub provider_created_at: Option<DateTime<Utc>>,
    pub applied: bool,
    pub ignored_reason: Option<&'a str>,
}

/// False if this event of the provider is there already.
pub async fn insert(db: impl PgExecutor<'_>, new: &NewEvent<'_>) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into payments.payment_events (id, payment_id, type, source, provider_event_id, fact, amount,
            provider_created_at, applied, ignored_reason)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing",
        PaymentEventId::new().0,
        new.payment.0,
        new.kind,
        new.source,
        new.provider_event_id,
        new.fact.map(Json) as _,
        new.amount,
        new.provider_created_at,
        new.applied,
        new.ignored_reason,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// All facts of a payment, in the order they came; the fold does not care.
pub async fn facts(db: impl PgExecutor<'_>, payment: PaymentId) -> sqlx::Result<Vec<Fact>> {
    let rows = sqlx::query_scalar!(
        r#"select fact as "fact!: Json<Fact>" from payments.payment_events
        where payment_id = $1 and fact is not null order by id"#,
        payment.0
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|Json(fact)| fact).collect())
}

pub async fn of_payments(db: impl PgExecutor<'_>, ids: &[PaymentId]) -> sqlx::Result<Vec<EventRow>> {
    sqlx::query_as!(
        EventRow,
        r#"select e.id as "id: PaymentEventId", payment_id as "payment_id: PaymentId", type as kind, source,
            provider_event_id, e.amount, p.currency, provider_created_at, received_at, applied, ignored_reason
        from payments.payment_events e join payments.payments p on p.id = e.payment_id
        where payment_id = any($1) order by e.id"#,
        &uuids(ids)
    )
    .fetch_all(db)
    .await
}
