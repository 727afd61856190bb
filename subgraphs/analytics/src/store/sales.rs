//! Sales facts and their rollups by hour.

use crate::domain::sales::{Part, Span};
use chrono::{DateTime, Utc};
use contracts::events::{OrderConfirmed, RefundStatusChanged};
use platform::{
    Currency, Tx,
    ids::{CustomerId, VendorId, uuids},
};
use sqlx::PgExecutor;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Stores a sale. False: it was stored before.
pub async fn insert(tx: &mut Tx, order: &OrderConfirmed, at: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "insert into analytics.sales (order_id, customer_id, currency, total, at) values ($1, $2, $3, $4, $5)
         on conflict do nothing",
        order.order.0,
        order.customer.0,
        order.currency.as_str(),
        order.total,
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Stores the parts of a sale and adds them to the rollups.
pub async fn insert_parts(
    tx: &mut Tx,
    order: &OrderConfirmed,
    parts: &BTreeMap<VendorId, Part>,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let vendors: Vec<Uuid> = uuids(parts.keys());
    let column = |of: fn(&Part) -> i64| parts.values().map(of).collect::<Vec<i64>>();
    // In the order of vendors, so that two transactions cannot wait for each other.
    sqlx::query!(
        "with part as (
             insert into analytics.sale_parts (order_id, vendor_id, currency, units, discount, total, at)
             select $1, vendor, $2, units, discount, total, $3
             from unnest($4::uuid[], $5::bigint[], $6::bigint[], $7::bigint[]) as p (vendor, units, discount, total)
             returning vendor_id, units, discount, total)
         insert into analytics.sales_hours (vendor_id, currency, hour, orders, units, gross, discounts)
         select vendor_id, $2, date_trunc('hour', $3::timestamptz, 'UTC'), 1, units, total, discount
         from part order by vendor_id
         on conflict (vendor_id, currency, hour) do update set orders = sales_hours.orders + 1,
             units = sales_hours.units + excluded.units, gross = sales_hours.gross + excluded.gross,
             discounts = sales_hours.discounts + excluded.discounts",
        order.order.0,
        order.currency.as_str(),
        at,
        &vendors,
        &column(|p| p.units),
        &column(|p| p.discount),
        &column(|p| p.total)
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Stores the lines of a sale and counts their products.
pub async fn insert_lines(tx: &mut Tx, order: &OrderConfirmed, at: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let lines = &order.lines;
    let ids: Vec<Uuid> = lines.iter().map(|l| l.line.0).collect();
    let vendors: Vec<Uuid> = lines.iter().map(|l| l.vendor.0).collect();
    let products: Vec<Uuid> = lines.iter().map(|l| l.product.0).collect();
    let variants: Vec<Uuid> = lines.iter().map(|l| l.variant.0).collect();
    let quantities: Vec<i32> = lines.iter().map(|l| l.quantity).collect();
    let totals: Vec<i64> = lines.iter().map(|l| l.total).collect();
    sqlx::query!(
        "with line as (
             insert into analytics.sale_lines
                 (line_id, order_id, vendor_id, product_id, variant_id, currency, quantity, total, at)
             select line, $1, vendor, product, variant, $2, quantity, total, $3
             from unnest($4::uuid[], $5::uuid[], $6::uuid[], $7::uuid[], $8::int[], $9::bigint[])
                  as l (line, vendor, product, variant, quantity, total)
             returning product_id, quantity)
         insert into analytics.product_days (product_id, day, units)
         select product_id, ($3::timestamptz at time zone 'UTC')::date, sum(quantity) from line
         group by product_id order by product_id
         on conflict (product_id, day) do update set units = product_days.units + excluded.units",
        order.order.0,
        order.currency.as_str(),
        at,
        &ids,
        &vendors,
        &products,
        &variants,
        &quantities,
        &totals
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Stores a refund whose money has moved, and adds it to the rollups. Nothing if it was stored before.
pub async fn insert_refund(
    tx: &mut Tx,
    refund: &RefundStatusChanged,
    parts: &BTreeMap<VendorId, i64>,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let vendors: Vec<Uuid> = uuids(parts.keys());
    let totals: Vec<i64> = parts.values().copied().collect();
    let fresh = sqlx::query!(
        "insert into analytics.refunds (refund_id, order_id, customer_id, currency, total, at)
         values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
        refund.refund.0,
        refund.order.0,
        refund.customer.0,
        refund.currency.as_str(),
        refund.total,
        at
    )
    .execute(&mut **tx)
    .await?;
    if fresh.rows_affected() == 0 {
        return Ok(());
    }
    sqlx::query!(
        "with part as (
             insert into analytics.refund_parts (refund_id, vendor_id, currency, total, at)
             select $1, vendor, $2, total, $3 from unnest($4::uuid[], $5::bigint[]) as p (vendor, total)
             returning vendor_id, total)
         insert into analytics.sales_hours (vendor_id, currency, hour, refunds)
         select vendor_id, $2, date_trunc('hour', $3::timestamptz, 'UTC'), total from part order by vendor_id
         on conflict (vendor_id, currency, hour) do update set refunds = sales_hours.refunds + excluded.refunds",
        refund.refund.0,
        refund.currency.as_str(),
        at,
        &vendors,
        &totals
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Figures of one vendor, or of the marketplace, in one bucket of time.
#[derive(Debug, Clone)]
pub struct Figures {
    pub vendor: VendorId,
    /// Start of the bucket; absent where the whole span is one.
    pub at: Option<DateTime<Utc>>,
    pub orders: i64,
    pub units: i64,
    pub gross: i64,
    pub discounts: i64,
    pub refunds: i64,
}

/// Sums a span: whole hours from the rollups, both ends from the facts. With `bucket` (`hour`, `day`, `week`,
/// `month`, in UTC) one row for each that has any.
pub async fn figures(
    db: impl PgExecutor<'_>,
    vendors: &[VendorId],
    currency: Currency,
    span: Span,
    bucket: Option<&str>,
) -> Result<Vec<Figures>, sqlx::Error> {
    sqlx::query_as!(
        Figures,
        r#"with facts as (
               select vendor_id, hour as at, orders, units, gross, discounts, refunds from analytics.sales_hours
               where vendor_id = any($1) and currency = $2 and hour >= $5 and hour < $6
               union all
               select vendor_id, at, 1, units, total, discount, 0 from analytics.sale_parts
               where vendor_id = any($1) and currency = $2
                 and ((at >= $3 and at < least($5, $4)) or (at >= $6 and at < $4))
               union all
               select vendor_id, at, 0, 0, 0, 0, total from analytics.refund_parts
               where vendor_id = any($1) and currency = $2
                 and ((at >= $3 and at < least($5, $4)) or (at >= $6 and at < $4)))
           select vendor_id as "vendor!: VendorId",
                  case when $7::text is not null then date_trunc($7, at, 'UTC') end as "at?",
                  sum(orders)::bigint as "orders!", sum(units)::bigint as "units!", sum(gross)::bigint as "gross!",
                  sum(discounts)::bigint as "discounts!", sum(refunds)::bigint as "refunds!"
           from facts group by 1, 2 order by 1, 2"#,
        &uuids(vendors),
        currency.as_str(),
        span.from,
        span.to,
        span.first_hour,
        span.end_hour,
        bucket
    )
    .fetch_all(db)
    .await
}

/// What customers paid less what they got back, in one currency.
pub async fn lifetime(
    db: impl PgExecutor<'_>,
    customers: &[CustomerId],
    currency: Currency,
) -> Result<Vec<(CustomerId, i64)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select customer_id as "customer!: CustomerId", sum(total)::bigint as "total!" from (
               select customer_id, total from analytics.sales where customer_id = any($1) and currency = $2
               union all
               select customer_id, -total from analytics.refunds where customer_id = any($1) and currency = $2) moved
           group by 1"#,
        &uuids(customers),
        currency.as_str()
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.customer, row.total)).collect())
}

/// What was sold in the last minute and hour.
pub async fn live(db: impl PgExecutor<'_>) -> Result<(i64, Vec<(Currency, i64)>), sqlx::Error> {
    let rows = sqlx::query!(
        r#"select currency as "currency: Currency", sum(total)::bigint as "gross!",
                  count(*) filter (where at > now() - interval '1 minute') as "minute!"
           from analytics.sale_parts
           where vendor_id = '00000000-0000-0000-0000-000000000000' and at > now() - interval '1 hour'
           group by currency order by currency"#
    )
    .fetch_all(db)
    .await?;
    let minute = rows.iter().map(|row| row.minute).sum();
    Ok((
        minute,
        rows.into_iter().map(|row| (row.currency, row.gross)).collect(),
    ))
}
