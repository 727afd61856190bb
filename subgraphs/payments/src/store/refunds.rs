//! Refunds as movements of money.

use crate::domain::status::PaymentRefundStatus;
use chrono::{DateTime, Utc};
use contracts::payments::RefundPart;
use platform::{
    Currency,
    ids::{OrderId, PaymentId, PaymentRefundId, RefundId, uuids},
};
use sqlx::{PgExecutor, types::Json};

/// A movement of money back to the payer. The amount is minor units of `currency`.
#[derive(Clone, Debug)]
pub struct PaymentRefundRow {
    pub id: PaymentRefundId,
    pub payment_id: PaymentId,
    pub refund_id: Option<RefundId>,
    pub order_id: OrderId,
    pub amount: i64,
    pub currency: Currency,
    pub status: PaymentRefundStatus,
    pub provider_ref: Option<String>,
    pub parts: Json<Vec<RefundPart>>,
    pub failure_reason: Option<String>,
    pub tries: i32,
    pub created_at: DateTime<Utc>,
}

macro_rules! refunds {
    ($tail:tt $(, $arg:expr)*) => {
        sqlx::query_as!(
            PaymentRefundRow,
            r#"select r.id as "id: PaymentRefundId", r.payment_id as "payment_id: PaymentId",
                r.refund_id as "refund_id: RefundId", r.order_id as "order_id: OrderId", r.amount,
                r.currency as "currency: Currency", r.status as "status: PaymentRefundStatus", r.provider_ref,
                r.parts as "parts: Json<Vec<RefundPart>>", r.failure_reason, r.tries, r.created_at
            from payments.payment_refunds r "# + $tail
            $(, $arg)*
        )
    };
}

pub struct NewRefund<'a> {
    pub id: PaymentRefundId,
    pub payment: PaymentId,
    pub order: OrderId,
    pub refund: Option<RefundId>,
    pub amount: i64,
    pub currency: Currency,
    pub status: PaymentRefundStatus,
    pub provider_ref: Option<&'a str>,
    pub parts: &'a [RefundPart],
}

pub async fn insert(db: impl PgExecutor<'_>, new: &NewRefund<'_>) -> sqlx::Result<PaymentRefundRow> {
    sqlx::query_as!(
        PaymentRefundRow,
        r#"insert into payments.payment_refunds
            (id, payment_id, refund_id, order_id, amount, currency, status, provider_ref, parts)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        returning id as "id: PaymentRefundId", payment_id as "payment_id: PaymentId",
            refund_id as "refund_id: RefundId", order_id as "order_id: OrderId", amount,
            currency as "currency: Currency", status as "status: PaymentRefundStatus", provider_ref,
            parts as "parts: Json<Vec<RefundPart>>", failure_reason, tries, created_at"#,
        new.id.0,
        new.payment.0,
        new.refund.map(|refund| refund.0),
        new.order.0,
        new.amount,
        new.currency.as_str(),
        new.status.name(),
        new.provider_ref,
        Json(new.parts) as _,
    )
    .fetch_one(db)
    .await
}

pub async fn by_id(db: impl PgExecutor<'_>, id: PaymentRefundId) -> sqlx::Result<Option<PaymentRefundRow>> {
    refunds!("where r.id = $1", id.0).fetch_optional(db).await
}

pub async fn by_ids(db: impl PgExecutor<'_>, ids: &[PaymentRefundId]) -> sqlx::Result<Vec<PaymentRefundRow>> {
    refunds!("where r.id = any($1)", &uuids(ids)).fetch_all(db).await
}

pub async fn of_payments(db: impl PgExecutor<'_>, ids: &[PaymentId]) -> sqlx::Result<Vec<PaymentRefundRow>> {
    refunds!(
        "where r.payment_id = any($1) order by r.created_at, r.id",
        &uuids(ids)
    )
    .fetch_all(db)
    .await
}

pub async fn of_refunds(db: impl PgExecutor<'_>, ids: &[RefundId]) -> sqlx::Result<Vec<PaymentRefundRow>> {
    refunds!(
        "where r.refund_id = any($1) order by r.created_at, r.id",
        &uuids(ids)
    )
    .fetch_all(db)
    .await
}

/// The row for a decision; the payment must be locked.
pub async fn of_refund(db: impl PgExecutor<'_>, refund: RefundId) -> sqlx::Result<Option<PaymentRefundRow>> {
    refunds!("where r.refund_id = $1", refund.0)
        .fetch_optional(db)
        .await
}

/// The row the provider means, by its reference or by the ID we gave it along; the payment must be locked.
pub async fn meant(
    db: impl PgExecutor<'_>,
    payment: PaymentId,
    reference: &str,
    id: Option<PaymentRefundId>,
) -> sqlx::Result<Option<PaymentRefundRow>> {
    refunds!(
        "where r.payment_id = $1 and (r.provider_ref = $2 or (r.id = $3 and r.provider_ref is null))
        order by r.provider_ref = $2 desc nulls last limit 1",
        payment.0,
        reference,
        id.map(|id| id.0)
    )
    .fetch_optional(db)
    .await
}

/// Money that may be on its way back.
pub async fn under_way(db: impl PgExecutor<'_>, payment: PaymentId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select coalesce(sum(amount), 0)::bigint as "sum!" from payments.payment_refunds
        where payment_id = $1 and status in ('PENDING', 'SUBMITTED')"#,
        payment.0
    )
    .fetch_one(db)
    .await
}

pub async fn set_status(
    db: impl PgExecutor<'_>,
    id: PaymentRefundId,
    status: PaymentRefundStatus,
    provider_ref: Option<&str>,
    failure_reason: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments.payment_refunds set status = $2, provider_ref = coalesce($3, provider_ref),
            failure_reason = $4, tried_at = pg_catalog.now(), updated_at = payments.now()
        where id = $1",
        id.0,
        status.name(),
        provider_ref,
        failure_reason,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Begins anew, under another key and without the object that failed.
pub async fn begin_again(db: impl PgExecutor<'_>, id: PaymentRefundId) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments.payment_refunds set status = 'PENDING', provider_ref = null, failure_reason = null,
            tries = tries + 1, tried_at = pg_catalog.now(), updated_at = payments.now()
        where id = $1",
        id.0
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Another key for the same try: the provider has spoilt the last one.
pub async fn next_key(db: impl PgExecutor<'_>, id: PaymentRefundId) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments.payment_refunds set tries = tries + 1 where id = $1",
        id.0
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Claims refunds whose end is not known.
pub async fn claim_due(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<PaymentRefundId>> {
    sqlx::query_scalar!(
        r#"update payments.payment_refunds set tried_at = pg_catalog.now()
        where id in (
            select id from payments.payment_refunds
            where (status = 'PENDING' and tried_at < pg_catalog.now() - interval '15 seconds')
                or (status = 'SUBMITTED' and tried_at < pg_catalog.now() - interval '60 seconds')
            order by tried_at limit 20 for update skip locked)
        returning id as "id: PaymentRefundId""#
    )
    .fetch_all(db)
    .await
}
