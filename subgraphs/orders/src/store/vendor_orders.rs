//! Vendors' parts of orders.

use crate::domain::{
    quote::QuotedVendor,
    saga::PlanVendor,
    vendor_order::{VendorOrderRow, VendorOrderStatus},
};
use chrono::{DateTime, Utc};
use platform::{
    Currency,
    ids::{CustomerId, OrderId, ShippingMethodId, VendorId, VendorOrderId, uuids},
};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

macro_rules! vendor_orders {
    ($where:literal $(, $arg:expr)*) => {
        sqlx::query_as!(VendorOrderRow,
            r#"select v.id as "id: VendorOrderId", v.order_id as "order_id: OrderId",
               o.customer_id as "customer_id: CustomerId", v.number, v.position, v.vendor_id as "vendor_id: VendorId",
               v.status as "status: VendorOrderStatus", v.method_id as "method_id: ShippingMethodId",
               v.currency as "currency: Currency", v.subtotal, v.platform_discount, v.vendor_discount, v.loyalty, v.shipping,
               v.shipping_refunded, v.tax, v.tax_included, v.total, v.commission, v.vendor_net, v.accept_by, v.version,
               v.placed_at, v.opened_at from orders.vendor_orders v join orders.orders o on o.id = v.order_id "#
               + $where $(, $arg)*)
    };
}

pub async fn by_ids(db: impl PgExecutor<'_>, ids: &[VendorOrderId]) -> sqlx::Result<Vec<VendorOrderRow>> {
    vendor_orders!("where v.id = any($1)", &uuids(ids))
        .fetch_all(db)
        .await
}

pub async fn of_orders(db: impl PgExecutor<'_>, ids: &[OrderId]) -> sqlx::Result<Vec<VendorOrderRow>> {
    vendor_orders!(
        "where v.order_id = any($1) order by v.order_id, v.position",
        &uuids(ids)
    )
    .fetch_all(db)
    .await
}

/// What a list of a vendor's orders is narrowed to.
#[derive(Clone, Debug)]
pub struct Filter {
    pub vendor: Uuid,
    pub statuses: Option<Vec<String>>,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
}

/// Newest first. Parts of unpaid orders are not the vendor's business yet.
pub async fn page(
    db: impl PgExecutor<'_>,
    filter: &Filter,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> sqlx::Result<Vec<VendorOrderRow>> {
    let (at, id) = after.unzip();
    vendor_orders!(
        "where v.vendor_id = $1 and v.opened_at is not null and ($2::text[] is null or v.status = any($2))
        and ($3::timestamptz is null or v.placed_at >= $3) and ($4::timestamptz is null or v.placed_at < $4)
        and ($5::timestamptz is null or (v.placed_at, v.id) < ($5, $6::uuid))
        order by v.placed_at desc, v.id desc limit $7",
        filter.vendor,
        filter.statuses.as_deref(),
        filter.from,
        filter.to,
        at,
        id,
        limit
    )
    .fetch_all(db)
    .await
}

pub async fn count(db: impl PgExecutor<'_>, filter: &Filter, max: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "n!" from (select from orders.vendor_orders where vendor_id = $1 and opened_at is not null
           and ($2::text[] is null or status = any($2)) and ($3::timestamptz is null or placed_at >= $3)
           and ($4::timestamptz is null or placed_at < $4) limit $5) t"#,
        filter.vendor, filter.statuses.as_deref(), filter.from, filter.to, max
    )
    .fetch_one(db)
    .await
}

/// The vendor's orders opened since then.
pub async fn opened_since(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    since: DateTime<Utc>,
) -> sqlx::Result<Vec<VendorOrderRow>> {
    vendor_orders!(
        "where v.vendor_id = $1 and v.opened_at >= $2 order by v.opened_at, v.id limit 500",
        vendor.0,
        since
    )
    .fetch_all(db)
    .await
}

/// How many parts a vendor still has to fulfil.
pub async fn count_open(db: impl PgExecutor<'_>, vendor: VendorId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from orders.vendor_orders v join orders.orders o on o.id = v.order_id
           where v.vendor_id = $1 and (v.status in ('AWAITING_ACCEPTANCE', 'ACCEPTED', 'PROCESSING', 'PARTIALLY_SHIPPED',
               'SHIPPED') or (v.status = 'PENDING' and o.status in ('CONFIRMED', 'ON_HOLD')))"#,
        vendor.0
    )
    .fetch_one(db)
    .await
}

/// Parts whose vendors did not answer in time.
pub async fn unanswered(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<VendorOrderId>> {
    sqlx::query_scalar!(
        r#"select id as "id: VendorOrderId" from orders.vendor_orders
           where status = 'AWAITING_ACCEPTANCE' and accept_by < orders.now() order by accept_by limit 50"#
    )
    .fetch_all(db)
    .await
}

pub async fn insert(
    db: &mut PgConnection,
    order: OrderId,
    number: &str,
    currency: Currency,
    parts: &[(PlanVendor, &QuotedVendor)],
) -> sqlx::Result<()> {
    macro_rules! column {
        ($of:expr) => {
            parts.iter().map($of).collect::<Vec<_>>()
        };
    }
    sqlx::query!(
        "insert into orders.vendor_orders (id, order_id, number, position, vendor_id, status, method_id, return_days, currency,
         subtotal, platform_discount, vendor_discount, loyalty, shipping, tax, tax_included, total)
         select id, $1, $2 || '-' || position, position, vendor, 'PENDING', method, days, $3, subtotal, platform_discount,
         vendor_discount, loyalty, shipping, tax, tax_included, total
         from unnest($4::uuid[], $5::uuid[], $6::uuid[], $7::int[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[],
         $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[]) with ordinality as p (id, vendor, method, days, subtotal,
         platform_discount, vendor_discount, loyalty, shipping, tax, tax_included, total, position)",
        order.0, number, currency.as_str(), &column!(|p| p.0.vendor_order.0), &column!(|p| p.0.vendor.0),
        &column!(|p| p.1.method.map(|m| m.0)) as &[Option<Uuid>], &column!(|p| p.0.return_days) as &[Option<i32>],
        &column!(|p| p.1.sums.subtotal), &column!(|p| p.1.platform_discount), &column!(|p| p.1.vendor_discount),
        &column!(|p| p.1.sums.loyalty), &column!(|p| p.1.sums.shipping), &column!(|p| p.1.sums.tax),
        &column!(|p| p.1.tax_included), &column!(|p| p.1.sums.total)
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn set_status(
    db: &mut PgConnection,
    id: VendorOrderId,
    status: VendorOrderStatus,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update orders.vendor_orders set status = $2, version = version + 1,
             delivered_at = case when $3 then orders.now() else delivered_at end,
             completes_at = case when $3 then orders.now() + make_interval(days => return_days) else completes_at end
         where id = $1",
        id.0,
        status.as_str(),
        status == VendorOrderStatus::Delivered
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The vendor's clock starts.
pub async fn open(
    db: &mut PgConnection,
    id: VendorOrderId,
    commission: Option<i64>,
    net: Option<i64>,
    hours: i64,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update orders.vendor_orders set status = 'AWAITING_ACCEPTANCE', commission = $2, vendor_net = $3,
         accept_by = orders.now() + make_interval(secs => $4), opened_at = orders.now(), version = version + 1 where id = $1",
        id.0, commission, net, (hours * 3600) as f64
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn add_shipping_refund(db: &mut PgConnection, id: VendorOrderId, amount: i64) -> sqlx::Result<()> {
    sqlx::query!(
        "update orders.vendor_orders set shipping_refunded = shipping_refunded + $2, version = version + 1 where id = $1",
        id.0, amount
    )
    .execute(db)
    .await?;
    Ok(())
}
