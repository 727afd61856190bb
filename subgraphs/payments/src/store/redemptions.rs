//! Uses of coupons by orders.

use crate::domain::status::RedemptionStatus;
use chrono::{DateTime, Utc};
use platform::{
    Currency,
    ids::{CouponId, CouponRedemptionId, CustomerId, OrderId, uuids},
};
use sqlx::{PgConnection, PgExecutor};
use std::collections::HashMap;
use uuid::Uuid;

/// One use of a coupon. The discount is minor units of `currency`.
#[derive(Clone, Debug)]
pub struct RedemptionRow {
    pub id: CouponRedemptionId,
    pub coupon_id: CouponId,
    pub order_id: OrderId,
    pub customer_id: CustomerId,
    pub status: RedemptionStatus,
    pub discount: i64,
    pub currency: Currency,
    pub created_at: DateTime<Utc>,
}

macro_rules! redemptions {
    ($tail:tt $(, $arg:expr)*) => {
        sqlx::query_as!(
            RedemptionRow,
            r#"select r.id as "id: CouponRedemptionId", r.coupon_id as "coupon_id: CouponId",
                r.order_id as "order_id: OrderId", r.customer_id as "customer_id: CustomerId",
                r.status as "status: RedemptionStatus", r.discount, r.currency as "currency: Currency", r.created_at
            from payments.coupon_redemptions r "# + $tail
            $(, $arg)*
        )
    };
}

/// Locks where an order's coupons stand; `state` is what it becomes if there was nothing yet. Answers the state
/// before, or `None`.
pub async fn lock_order(db: &mut PgConnection, order: OrderId, state: &str) -> sqlx::Result<Option<String>> {
    let inserted = sqlx::query!(
        "insert into payments.order_coupons (order_id, state) values ($1, $2) on conflict do nothing",
        order.0,
        state
    )
    .execute(&mut *db)
    .await?;
    if inserted.rows_affected() == 1 {
        return Ok(None);
    }
    sqlx::query_scalar!(
        "select state from payments.order_coupons where order_id = $1 for update",
        order.0
    )
    .fetch_optional(db)
    .await
}

pub async fn set_order(db: impl PgExecutor<'_>, order: OrderId, state: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments.order_coupons set state = $2, updated_at = payments.now() where order_id = $1",
        order.0,
        state
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn insert(
    db: impl PgExecutor<'_>,
    coupon: CouponId,
    order: OrderId,
    customer: CustomerId,
    discount: i64,
    currency: Currency,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into payments.coupon_redemptions (id, coupon_id, order_id, customer_id, status, discount, currency)
        values ($1, $2, $3, $4, 'HELD', $5, $6)",
        CouponRedemptionId::new().0,
        coupon.0,
        order.0,
        customer.0,
        discount,
        currency.as_str(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Moves all of an order's uses that stand at `from`; answers their coupons.
pub async fn move_all(
    db: impl PgExecutor<'_>,
    order: OrderId,
    from: RedemptionStatus,
    to: RedemptionStatus,
) -> sqlx::Result<Vec<CouponId>> {
    sqlx::query_scalar!(
        r#"update payments.coupon_redemptions set status = $3, updated_at = payments.now()
        where order_id = $1 and status = $2 returning coupon_id as "coupon: CouponId""#,
        order.0,
        from as _,
        to as _,
    )
    .fetch_all(db)
    .await
}

/// The coupons of an order, in ID order.
pub async fn coupons_of(db: impl PgExecutor<'_>, order: OrderId) -> sqlx::Result<Vec<CouponId>> {
    sqlx::query_scalar!(
        r#"select coupon_id as "coupon: CouponId" from payments.coupon_redemptions where order_id = $1
        order by coupon_id"#,
        order.0
    )
    .fetch_all(db)
    .await
}

/// Held and redeemed uses of a customer, by coupon.
pub async fn own_uses(
    db: impl PgExecutor<'_>,
    customer: CustomerId,
    coupons: &[CouponId],
) -> sqlx::Result<HashMap<CouponId, i64>> {
    let rows = sqlx::query!(
        r#"select coupon_id as "coupon: CouponId", count(*) as "uses!" from payments.coupon_redemptions
        where customer_id = $1 and coupon_id = any($2) and status in ('HELD', 'REDEEMED') group by coupon_id"#,
        customer.0,
        &uuids(coupons)
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.coupon, row.uses)).collect())
}

/// Held and redeemed uses by customer and coupon.
pub async fn uses(
    db: impl PgExecutor<'_>,
    customers: &[CustomerId],
    coupons: &[CouponId],
) -> sqlx::Result<HashMap<(CustomerId, CouponId), i64>> {
    let rows = sqlx::query!(
        r#"select customer_id as "customer: CustomerId", coupon_id as "coupon: CouponId", count(*) as "uses!"
        from payments.coupon_redemptions
        where customer_id = any($1) and coupon_id = any($2) and status in ('HELD', 'REDEEMED')
        group by customer_id, coupon_id"#,
        &uuids(customers),
        &uuids(coupons)
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| ((row.customer, row.coupon), row.uses))
        .collect())
}

/// A page of the uses of each coupon, newest first.
pub async fn pages(
    db: impl PgExecutor<'_>,
    coupons: &[CouponId],
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> sqlx::Result<Vec<RedemptionRow>> {
    let (at, id) = after.unzip();
    redemptions!(
        "where r.id in (
            select x.id from unnest($1::uuid[]) as c(id) cross join lateral (
                select id from payments.coupon_redemptions
                where coupon_id = c.id and ($2::timestamptz is null or (created_at, id) < ($2, $3))
                order by created_at desc, id desc limit $4) x)
        order by r.created_at desc, r.id desc",
        &uuids(coupons),
        at,
        id,
        limit
    )
    .fetch_all(db)
    .await
}

pub async fn by_ids(db: impl PgExecutor<'_>, ids: &[CouponRedemptionId]) -> sqlx::Result<Vec<RedemptionRow>> {
    redemptions!("where r.id = any($1)", &uuids(ids))
        .fetch_all(db)
        .await
}
