//! What each order counts for: points and spend.

use crate::store::customers;
use chrono::{DateTime, TimeDelta, Utc};
use platform::ids::{CustomerId, OrderId, VendorId, uuids};
use sqlx::{PgConnection, PgExecutor, PgPool};

/// An order, locked. A refund or a delivery may be heard of before the sale: then `total` is still unknown.
#[derive(Debug)]
pub struct OrderPoints {
    /// Whose points they are: the account's, where a guest has become part of one.
    pub customer: CustomerId,
    pub total: Option<i64>,
    pub earned: i32,
    pub refunded: i64,
    pub reversed: i32,
    pub return_days: Option<i32>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
    pub canceled: bool,
    pub matured_at: Option<DateTime<Utc>>,
}

impl OrderPoints {
    /// When its points become available: when its return window ends.
    pub fn matures_at(&self) -> Option<DateTime<Utc>> {
        self.total?;
        let days = TimeDelta::days(self.return_days?.into());
        self.completed_at
            .or_else(|| self.delivered_at.map(|delivered| delivered + days))
    }

    /// Money that went back, as far as it is known.
    pub fn given_back(&self) -> i64 {
        match self.total {
            Some(total) if self.canceled => total,
            _ => self.refunded,
        }
    }
}

/// The order's row, made if it is not there yet, under the lock of whoever it counts for. `None`: there is no such
/// customer.
pub async fn lock(
    db: &mut PgConnection,
    order: OrderId,
    customer: CustomerId,
    currency: &str,
) -> Result<Option<OrderPoints>, sqlx::Error> {
    let owner = customers::owner(db, customer).await?;
    sqlx::query!(
        "insert into users.loyalty_orders (order_id, customer_id, currency)
        select $1, id, $3 from users.customers where id = $2 on conflict do nothing",
        order.0,
        owner.0,
        currency
    )
    .execute(&mut *db)
    .await?;
    sqlx::query_as!(
        OrderPoints,
        r#"select customer_id as "customer: CustomerId", total, earned, refunded, reversed, return_days, delivered_at,
            completed_at, canceled, matured_at
        from users.loyalty_orders where order_id = $1 for update"#,
        order.0
    )
    .fetch_optional(db)
    .await
}

pub async fn store(db: &mut PgConnection, order: OrderId, row: &OrderPoints) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.loyalty_orders set total = $2, earned = $3, refunded = $4, reversed = $5, return_days = $6,
            delivered_at = $7, completed_at = $8, canceled = $9, matures_at = $10,
            confirmed_at = coalesce(confirmed_at, case when $2::bigint is not null then users.now() end)
        where order_id = $1",
        order.0,
        row.total,
        row.earned,
        row.given_back(),
        row.reversed,
        row.return_days,
        row.delivered_at,
        row.completed_at,
        row.canceled,
        row.matures_at()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The orders of a guest count for the account that it has become part of.
pub async fn hand_over(
    db: &mut PgConnection,
    guest: CustomerId,
    account: CustomerId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.loyalty_orders set customer_id = $2 where customer_id = $1",
        guest.0,
        account.0
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The longest return window of these vendors, in days.
pub async fn return_days(db: impl PgExecutor<'_>, vendors: &[VendorId]) -> Result<Option<i32>, sqlx::Error> {
    sqlx::query_scalar!(
        "select max(return_policy_days) from users.vendors where id = any($1)",
        &uuids(vendors)
    )
    .fetch_one(db)
    .await
}

/// Points that can be spent from now on.
#[derive(Debug)]
pub struct Ripe {
    pub order: OrderId,
    pub customer: CustomerId,
    pub points: i32,
    pub at: DateTime<Utc>,
}

/// Marks orders whose return window is over; other processes do theirs. Answers with what is left of their points.
pub async fn claim_ripe(db: &mut PgConnection, most: i64) -> Result<Vec<Ripe>, sqlx::Error> {
    sqlx::query_as!(
        Ripe,
        r#"update users.loyalty_orders set matured_at = matures_at where order_id in (
            select order_id from users.loyalty_orders where matured_at is null and matures_at <= users.now()
            order by matures_at, order_id limit $1 for update skip locked)
        returning order_id as "order: OrderId", customer_id as "customer: CustomerId", earned - reversed as "points!",
            matures_at as "at!""#,
        most
    )
    .fetch_all(db)
    .await
}

/// Net spend of customers over the membership period that ends at the given times: position, currency, minor units;
/// most first.
pub async fn spend(
    db: impl PgExecutor<'_>,
    customers: &[CustomerId],
    until: &[DateTime<Utc>],
) -> Result<Vec<(CustomerId, String, i64)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select k.customer_id as "customer!: CustomerId", o.currency,
            least(sum(greatest(o.total - o.refunded, 0)), 9007199254740991)::bigint as "spend!"
        from unnest($1::uuid[], $2::timestamptz[]) as k (customer_id, until)
        cross join users.loyalty_programme p
        join users.loyalty_orders o on o.customer_id = k.customer_id and o.total is not null
            and o.confirmed_at > k.until - make_interval(days => p.membership_days) and o.confirmed_at <= k.until
        group by k.customer_id, o.currency order by k.customer_id, 3 desc, o.currency"#,
        &uuids(customers),
        until
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.customer, row.currency, row.spend))
        .collect())
}

/// The same over the period that ends now.
pub async fn spend_now(
    pool: &PgPool,
    customers: &[CustomerId],
) -> Result<Vec<(CustomerId, String, i64)>, sqlx::Error> {
    let now: DateTime<Utc> = sqlx::query_scalar!(r#"select users.now() as "now!""#)
        .fetch_one(pool)
        .await?;
    spend(pool, customers, &vec![now; customers.len()]).await
}
