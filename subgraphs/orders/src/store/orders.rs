//! Orders.

use crate::domain::{
    order::{OrderRow, OrderStatus},
    quote::Sums,
};
use chrono::{DateTime, Utc};
use platform::{
    Currency, PostalAddress,
    ids::{CartId, CouponId, CustomerId, OrderId, VendorId, uuids},
};
use sqlx::{PgConnection, PgExecutor, types::Json};
use uuid::Uuid;

macro_rules! orders {
    ($where:literal $(, $arg:expr)*) => {
        sqlx::query_as!(OrderRow,
            r#"select id as "id: OrderId", number, customer_id as "customer_id: CustomerId", cart_id as "cart_id: CartId",
               status as "status: OrderStatus", currency as "currency: Currency", subtotal, discount, loyalty, shipping, tax,
               total, refunded_total, refund_approved, shipping_address as "shipping_address: Json<PostalAddress>",
               billing_address as "billing_address: Json<PostalAddress>", coupon_ids as "coupon_ids: Vec<CouponId>",
               loyalty_points, version, placed_at from orders.orders o "# + $where $(, $arg)*)
    };
}

/// Orders that the viewer may see: all, a customer's own, or those with a part of one of `vendors`.
pub async fn visible(db: impl PgExecutor<'_>, ids: &[OrderId], eyes: &Eyes) -> sqlx::Result<Vec<OrderRow>> {
    orders!("where id = any($1) and ($2 or customer_id = $3 or id = any($5) or exists (
        select from orders.vendor_orders v where v.order_id = o.id and v.vendor_id = any($4) and v.status <> 'PENDING'))",
        &uuids(ids), eyes.all, eyes.customer, &eyes.vendors, &eyes.shown).fetch_all(db).await
}

pub async fn visible_by_number(
    db: impl PgExecutor<'_>,
    numbers: &[String],
    eyes: &Eyes,
) -> sqlx::Result<Vec<OrderRow>> {
    orders!("where number = any($1) and ($2 or customer_id = $3 or id = any($5) or exists (
        select from orders.vendor_orders v where v.order_id = o.id and v.vendor_id = any($4) and v.status <> 'PENDING'))",
        numbers, eyes.all, eyes.customer, &eyes.vendors, &eyes.shown).fetch_all(db).await
}

/// How somebody looks at orders.
#[derive(Clone, Debug)]
pub struct Eyes {
    pub all: bool,
    pub customer: Option<Uuid>,
    pub vendors: Vec<Uuid>,
    /// Orders shown to them by other means.
    pub shown: Vec<Uuid>,
}

pub async fn by_ids(db: impl PgExecutor<'_>, ids: &[OrderId]) -> sqlx::Result<Vec<OrderRow>> {
    orders!("where id = any($1)", &uuids(ids)).fetch_all(db).await
}

pub async fn lock(db: &mut PgConnection, id: OrderId) -> sqlx::Result<Option<OrderRow>> {
    orders!("where id = $1 for update", id.0).fetch_optional(db).await
}

/// What a list of orders is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub customer: Option<Uuid>,
    pub statuses: Option<Vec<String>>,
    pub number: Option<String>,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
}

/// Newest first.
pub async fn page(
    db: impl PgExecutor<'_>,
    filter: &Filter,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> sqlx::Result<Vec<OrderRow>> {
    let (at, id) = after.unzip();
    orders!("where ($1::uuid is null or customer_id = $1) and ($2::text[] is null or status = any($2))
        and ($3::text is null or number = $3) and ($4::timestamptz is null or placed_at >= $4)
        and ($5::timestamptz is null or placed_at < $5) and ($6::timestamptz is null or (placed_at, id) < ($6, $7::uuid))
        order by placed_at desc, id desc limit $8",
        filter.customer, filter.statuses.as_deref(), filter.number, filter.from, filter.to, at, id, limit).fetch_all(db).await
}

pub async fn count(db: impl PgExecutor<'_>, filter: &Filter, max: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "n!" from (select from orders.orders where ($1::uuid is null or customer_id = $1)
           and ($2::text[] is null or status = any($2)) and ($3::text is null or number = $3)
           and ($4::timestamptz is null or placed_at >= $4) and ($5::timestamptz is null or placed_at < $5) limit $6) t"#,
        filter.customer, filter.statuses.as_deref(), filter.number, filter.from, filter.to, max
    )
    .fetch_one(db)
    .await
}

/// The next number for people.
pub async fn next_number(db: impl PgExecutor<'_>) -> sqlx::Result<String> {
    let n = sqlx::query_scalar!(r#"select nextval('orders.order_numbers') as "n!""#)
        .fetch_one(db)
        .await?;
    Ok(format!("A-{n}"))
}

/// What a new order consists of, beside its parts.
#[derive(Debug)]
pub struct NewOrder<'a> {
    pub id: OrderId,
    pub number: &'a str,
    pub customer: CustomerId,
    pub cart: Option<CartId>,
    pub import: Option<(&'a str, &'a str)>,
    pub currency: Currency,
    pub sums: Sums,
    pub shipping_address: &'a PostalAddress,
    pub billing_address: &'a PostalAddress,
    pub coupons: Vec<Uuid>,
    pub points: i32,
}

pub async fn insert(db: &mut PgConnection, order: &NewOrder<'_>) -> sqlx::Result<()> {
    let sums = order.sums;
    sqlx::query!(
        "insert into orders.orders (id, number, customer_id, cart_id, source, reference, status, currency, subtotal, discount,
         loyalty, shipping, tax, total, shipping_address, billing_address, coupon_ids, loyalty_points)
         values ($1, $2, coalesce((select a.customer_id from orders.customer_aliases a where a.alias_id = $3), $3), $4,
         $5, $6, 'PENDING_PAYMENT', $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        order.id.0, order.number, order.customer.0, order.cart.map(|id| id.0), order.import.map(|i| i.0),
        order.import.map(|i| i.1), order.currency.as_str(), sums.subtotal, sums.discount, sums.loyalty, sums.shipping,
        sums.tax, sums.total, Json(order.shipping_address) as _, Json(order.billing_address) as _, &order.coupons, order.points
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn set_status(
    db: &mut PgConnection,
    id: OrderId,
    status: OrderStatus,
    reason: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update orders.orders set status = $2, cancel_reason = coalesce($3, cancel_reason), version = version + 1,
         updated_at = orders.now() where id = $1",
        id.0, status.as_str(), reason
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Adds to the money that refunds were approved for and that has gone back.
pub async fn add_refund(
    db: &mut PgConnection,
    id: OrderId,
    approved: i64,
    refunded: i64,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update orders.orders set refund_approved = refund_approved + $2, refunded_total = refunded_total + $3,
         version = version + 1, updated_at = orders.now() where id = $1",
        id.0, approved, refunded
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Orders with their vendors, for other services.
pub async fn vendors_of(db: impl PgExecutor<'_>, ids: &[OrderId]) -> sqlx::Result<Vec<(OrderId, VendorId)>> {
    let rows = sqlx::query!(
        r#"select order_id as "order_id: OrderId", vendor_id as "vendor_id: VendorId" from orders.vendor_orders
           where order_id = any($1) order by order_id, position"#, &uuids(ids)
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.order_id, row.vendor_id))
        .collect())
}

/// How many events the customer's latest orders have.
pub async fn event_counts(
    db: impl PgExecutor<'_>,
    customer: CustomerId,
) -> sqlx::Result<Vec<(OrderId, i64)>> {
    let rows = sqlx::query!(
        r#"select id as "id: OrderId", event_seq from orders.orders where customer_id = $1
           order by placed_at desc, id desc limit 200"#,
        customer.0
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.event_seq)).collect())
}
