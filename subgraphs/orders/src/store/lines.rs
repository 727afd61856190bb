//! Lines of orders; always all lines of an order in one statement.

use crate::domain::{delivery::Counters, order::OrderLineRow};
use contracts::orders::DeliveredOrder;
use platform::{
    Currency,
    ids::{CustomerId, OrderId, OrderLineId, ProductId, VariantId, VendorId, VendorOrderId, uuids},
};
use sqlx::{PgConnection, PgExecutor};

macro_rules! lines {
    ($where:literal $(, $arg:expr)*) => {
        sqlx::query_as!(OrderLineRow,
            r#"select l.id as "id: OrderLineId", l.order_id as "order_id: OrderId",
               l.vendor_order_id as "vendor_order_id: VendorOrderId", v.vendor_id as "vendor_id: VendorId",
               v.currency as "currency: Currency", l.position, l.product_id as "product_id: ProductId",
               l.variant_id as "variant_id: VariantId", l.product_name, l.variant_name, l.sku, l.image_url, l.quantity,
               l.fulfilled_quantity, l.delivered_quantity, l.returned_quantity, l.refunded_quantity, l.canceled_quantity,
               l.unit_price, l.platform_discount, l.vendor_discount, l.loyalty, l.tax, l.total, l.refunded_amount
               from orders.order_lines l join orders.vendor_orders v on v.id = l.vendor_order_id "# + $where $(, $arg)*)
    };
}

pub async fn by_ids(db: impl PgExecutor<'_>, ids: &[OrderLineId]) -> sqlx::Result<Vec<OrderLineRow>> {
    lines!("where l.id = any($1)", &uuids(ids)).fetch_all(db).await
}

pub async fn of_orders(db: impl PgExecutor<'_>, ids: &[OrderId]) -> sqlx::Result<Vec<OrderLineRow>> {
    lines!(
        "where l.order_id = any($1) order by l.order_id, l.position",
        &uuids(ids)
    )
    .fetch_all(db)
    .await
}

pub async fn of_vendor_orders(
    db: impl PgExecutor<'_>,
    ids: &[VendorOrderId],
) -> sqlx::Result<Vec<OrderLineRow>> {
    lines!(
        "where l.vendor_order_id = any($1) order by l.vendor_order_id, l.position",
        &uuids(ids)
    )
    .fetch_all(db)
    .await
}

pub async fn insert(db: &mut PgConnection, lines: &[OrderLineRow]) -> sqlx::Result<()> {
    macro_rules! column {
        ($of:expr) => {
            lines.iter().map($of).collect::<Vec<_>>()
        };
    }
    sqlx::query!(
        "insert into orders.order_lines (id, order_id, vendor_order_id, position, product_id, variant_id, product_name,
         variant_name, sku, image_url, quantity, unit_price, platform_discount, vendor_discount, loyalty, tax, total)
         select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::uuid[], $6::uuid[], $7::text[], $8::text[],
         $9::text[], $10::text[], $11::int[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[],
         $17::bigint[])",
        &column!(|l| l.id.0), &column!(|l| l.order_id.0), &column!(|l| l.vendor_order_id.0), &column!(|l| l.position),
        &column!(|l| l.product_id.0), &column!(|l| l.variant_id.0), &column!(|l| l.product_name.clone()),
        &column!(|l| l.variant_name.clone()), &column!(|l| l.sku.clone()),
        &column!(|l| l.image_url.clone()) as &[Option<String>], &column!(|l| l.quantity), &column!(|l| l.unit_price),
        &column!(|l| l.platform_discount), &column!(|l| l.vendor_discount), &column!(|l| l.loyalty), &column!(|l| l.tax),
        &column!(|l| l.total)
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn set_counters(db: &mut PgConnection, counters: &[Counters]) -> sqlx::Result<()> {
    let ids: Vec<_> = counters.iter().map(|c| c.line.0).collect();
    let fulfilled: Vec<_> = counters.iter().map(|c| c.fulfilled).collect();
    let delivered: Vec<_> = counters.iter().map(|c| c.delivered).collect();
    sqlx::query!(
        "update orders.order_lines l set fulfilled_quantity = c.fulfilled, delivered_quantity = c.delivered
         from unnest($1::uuid[], $2::int[], $3::int[]) as c (id, fulfilled, delivered) where l.id = c.id",
        &ids,
        &fulfilled,
        &delivered
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Calls off whatever of these vendor orders was not shipped. Returns the lines and how many pieces.
pub async fn cancel(
    db: &mut PgConnection,
    vendor_orders: &[VendorOrderId],
) -> sqlx::Result<Vec<(OrderLineId, i32)>> {
    let rows = sqlx::query!(
        r#"update orders.order_lines l set canceled_quantity = l.quantity - l.fulfilled_quantity
           from (select id, quantity - fulfilled_quantity - canceled_quantity as n from orders.order_lines
                 where vendor_order_id = any($1) order by id for update) old
           where l.id = old.id and old.n > 0 returning l.id as "id: OrderLineId", old.n as "n!""#,
        &uuids(vendor_orders)
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.n)).collect())
}

/// Counts pieces and money that refunds were approved for.
pub async fn add_refunds(
    db: &mut PgConnection,
    refunds: &[(OrderLineId, i32, i64, i32)],
) -> sqlx::Result<()> {
    let ids: Vec<_> = refunds.iter().map(|r| r.0.0).collect();
    let pieces: Vec<_> = refunds.iter().map(|r| r.1).collect();
    let amounts: Vec<_> = refunds.iter().map(|r| r.2).collect();
    let returned: Vec<_> = refunds.iter().map(|r| r.3).collect();
    sqlx::query!(
        "update orders.order_lines l set refunded_quantity = refunded_quantity + r.pieces,
         refunded_amount = refunded_amount + r.amount,
         returned_quantity = least(fulfilled_quantity, returned_quantity + r.returned)
         from unnest($1::uuid[], $2::int[], $3::bigint[], $4::int[]) as r (id, pieces, amount, returned) where l.id = r.id",
        &ids, &pieces, &amounts, &returned
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Products of orders of which pieces have arrived.
pub async fn delivered(db: impl PgExecutor<'_>, numbers: &[String]) -> sqlx::Result<Vec<DeliveredOrder>> {
    sqlx::query_as!(
        DeliveredOrder,
        r#"select o.number, o.customer_id as "customer: CustomerId",
               coalesce(array_agg(distinct l.product_id) filter (where l.delivered_quantity > 0), '{}')
                   as "products!: Vec<ProductId>"
           from orders.orders o join orders.order_lines l on l.order_id = o.id
           where o.number = any($1) group by o.id"#,
        numbers
    )
    .fetch_all(db)
    .await
}
