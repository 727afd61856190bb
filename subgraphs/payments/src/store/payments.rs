//! Payments.

use crate::{
    domain::{fold::Standing, status::PaymentStatus},
    provider::{PaymentProvider, objects::Card},
};
use chrono::{DateTime, Utc};
use platform::{
    Currency, Money, Viewer,
    ids::{CustomerId, OrderId, PaymentId, uuids},
};
use sqlx::{PgConnection, PgExecutor};

/// A payment. Amounts are minor units of `currency`.
#[derive(Clone, Debug)]
pub struct Payment {
    pub id: PaymentId,
    pub order_id: OrderId,
    pub attempt: i32,
    pub order_number: String,
    pub customer_id: CustomerId,
    pub provider: PaymentProvider,
    pub provider_ref: Option<String>,
    pub status: PaymentStatus,
    pub amount: i64,
    pub authorized: i64,
    pub captured: i64,
    pub refunded: i64,
    pub currency: Currency,
    pub client_secret: Option<String>,
    pub redirect_url: Option<String>,
    pub return_url: Option<String>,
    pub decline_code: Option<String>,
    pub method_brand: Option<String>,
    pub method_last4: Option<String>,
    pub method_exp_month: Option<i32>,
    pub method_exp_year: Option<i32>,
    pub method_wallet: Option<String>,
    pub expires_at: DateTime<Utc>,
    pub authorization_expires_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub version: i32,
}

impl Payment {
    pub fn money(&self, amount: i64) -> Money {
        Money::new(amount, self.currency)
    }

    pub fn visible_to(&self, viewer: &Viewer) -> bool {
        viewer.acts_for(self.customer_id)
    }
}

macro_rules! payments {
    ($tail:tt $(, $arg:expr)*) => {
        sqlx::query_as!(
            Payment,
            r#"select p.id as "id: PaymentId", p.order_id as "order_id: OrderId", p.attempt, p.order_number,
                p.customer_id as "customer_id: CustomerId", p.provider as "provider: PaymentProvider",
                p.provider_ref, p.status as "status: PaymentStatus", p.amount, p.authorized, p.captured, p.refunded,
                p.currency as "currency: Currency", p.client_secret, p.redirect_url, p.return_url, p.decline_code,
                p.method_brand, p.method_last4, p.method_exp_month, p.method_exp_year, p.method_wallet, p.expires_at,
                p.authorization_expires_at, p.created_at, p.version
            from payments.payments p "# + $tail
            $(, $arg)*
        )
    };
}

/// What a new payment needs.
pub struct NewPayment<'a> {
    pub order: OrderId,
    pub order_number: &'a str,
    pub attempt: i32,
    pub customer: CustomerId,
    pub provider: PaymentProvider,
    pub amount: i64,
    pub currency: Currency,
    pub return_url: Option<&'a str>,
    pub expires_at: DateTime<Utc>,
}

/// Inserts the payment of this order and attempt unless there is one; answers it locked, and whether it is new.
pub async fn insert_or_lock(db: &mut PgConnection, new: &NewPayment<'_>) -> sqlx::Result<(Payment, bool)> {
    let inserted = sqlx::query!(
        "insert into payments.payments
            (id, order_id, attempt, order_number, customer_id, provider, amount, currency, return_url, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (order_id, attempt) do nothing",
        PaymentId::new().0,
        new.order.0,
        new.attempt,
        new.order_number,
        new.customer.0,
        new.provider as _,
        new.amount,
        new.currency.as_str(),
        new.return_url,
        new.expires_at,
    )
    .execute(&mut *db)
    .await?;
    let payment = payments!(
        "where p.order_id = $1 and p.attempt = $2 for update",
        new.order.0,
        new.attempt
    )
    .fetch_one(db)
    .await?;
    Ok((payment, inserted.rows_affected() == 1))
}

pub async fn lock(db: impl PgExecutor<'_>, id: PaymentId) -> sqlx::Result<Payment> {
    payments!("where p.id = $1 for update", id.0).fetch_one(db).await
}

pub async fn by_id(db: impl PgExecutor<'_>, id: PaymentId) -> sqlx::Result<Option<Payment>> {
    payments!("where p.id = $1", id.0).fetch_optional(db).await
}

pub async fn by_ids(db: impl PgExecutor<'_>, ids: &[PaymentId]) -> sqlx::Result<Vec<Payment>> {
    payments!("where p.id = any($1)", &uuids(ids)).fetch_all(db).await
}

/// Oldest attempt first.
pub async fn of_orders(db: impl PgExecutor<'_>, orders: &[OrderId]) -> sqlx::Result<Vec<Payment>> {
    payments!(
        "where p.order_id = any($1) order by p.order_id, p.attempt",
        &uuids(orders)
    )
    .fetch_all(db)
    .await
}

pub async fn unresolved(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<Payment>> {
    payments!("where p.status = 'UNRESOLVED' order by p.created_at, p.id limit 100")
        .fetch_all(db)
        .await
}

/// The payment that the provider means, by its reference or by the ID we gave it along.
pub async fn lock_meant(
    db: impl PgExecutor<'_>,
    provider: PaymentProvider,
    reference: &str,
    id: Option<PaymentId>,
) -> sqlx::Result<Option<Payment>> {
    payments!(
        "where p.provider = $1 and (p.provider_ref = $2 or p.id = $3)
        order by p.provider_ref = $2 desc nulls last limit 1 for update",
        provider as _,
        reference,
        id.map(|id| id.0)
    )
    .fetch_optional(db)
    .await
}

/// Remembers the provider's object; the first one stays.
pub async fn adopt(
    db: impl PgExecutor<'_>,
    id: PaymentId,
    reference: &str,
    client_secret: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments.payments set provider_ref = $2, client_secret = coalesce($3, client_secret),
            updated_at = payments.now()
        where id = $1 and (provider_ref is null or provider_ref = $2)",
        id.0,
        reference,
        client_secret,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Stores the result of the fold.
pub async fn set_standing(
    db: impl PgExecutor<'_>,
    id: PaymentId,
    standing: &Standing,
    decline_code: Option<&str>,
) -> sqlx::Result<i32> {
    sqlx::query_scalar!(
        "update payments.payments set status = $2, authorized = $3, captured = $4, refunded = $5, decline_code = $6,
            authorization_expires_at = case when $2 = 'AUTHORIZED' and provider = 'STRIPE'
                then coalesce(authorization_expires_at, payments.now() + interval '7 days') end,
            version = version + 1, updated_at = payments.now()
        where id = $1 returning version",
        id.0,
        standing.status.name(),
        standing.authorized,
        standing.captured,
        standing.refunded,
        decline_code,
    )
    .fetch_one(db)
    .await
}

pub async fn set_redirect(db: impl PgExecutor<'_>, id: PaymentId, url: Option<&str>) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments.payments set redirect_url = $2 where id = $1 and redirect_url is distinct from $2",
        id.0,
        url
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn set_reference(db: impl PgExecutor<'_>, id: PaymentId, reference: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments.payments set reference = $2 where id = $1",
        id.0,
        reference
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn set_card(db: impl PgExecutor<'_>, id: PaymentId, card: &Card) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments.payments set method_brand = $2, method_last4 = $3, method_exp_month = $4,
            method_exp_year = $5, method_wallet = $6
        where id = $1",
        id.0,
        card.brand,
        card.last4,
        card.exp_month,
        card.exp_year,
        card.wallet.as_ref().map(|wallet| wallet.kind.as_str()),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Claims payments the provider has to be asked about: open ones every minute, superseded ones too, authorized ones
/// every hour. An unpaid one is asked about until some time after its end.
pub async fn claim_due(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<PaymentId>> {
    sqlx::query_scalar!(
        r#"update payments.payments set synced_at = pg_catalog.now()
        where id in (
            select id from payments.payments
            where provider = 'STRIPE' and (
                (status in ('CREATED', 'REQUIRES_ACTION', 'PROCESSING', 'FAILED') and provider_ref is not null
                    and synced_at < pg_catalog.now() - interval '60 seconds'
                    and expires_at > pg_catalog.now() - interval '1 hour')
                or (status = 'AUTHORIZED' and synced_at < pg_catalog.now() - interval '1 hour'))
            order by synced_at limit 20 for update skip locked)
        returning id as "id: PaymentId""#
    )
    .fetch_all(db)
    .await
}

/// Claims payments nobody waits for any more: unpaid after their end, or followed by another attempt.
pub async fn claim_abandoned(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<PaymentId>> {
    sqlx::query_scalar!(
        r#"update payments.payments set synced_at = pg_catalog.now()
        where id in (
            select id from payments.payments p
            where p.status in ('CREATED', 'REQUIRES_ACTION', 'FAILED') and p.provider = 'STRIPE'
                and p.synced_at < pg_catalog.now() - interval '20 seconds'
                and p.expires_at > pg_catalog.now() - interval '2 days'
                and not exists (select from payments.payment_events e
                    where e.payment_id = p.id and e.fact->>'fact' in ('voided', 'given_up'))
                and (p.expires_at < pg_catalog.now() - interval '10 minutes' or exists (
                    select from payments.payments l where l.order_id = p.order_id and l.attempt > p.attempt))
            order by p.synced_at limit 20 for update skip locked)
        returning id as "id: PaymentId""#
    )
    .fetch_all(db)
    .await
}
