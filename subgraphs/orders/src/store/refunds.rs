//! Refunds, their lines and their parts by vendor order.

use crate::domain::refund::{Part, RefundLineRow, RefundReason, RefundRow, RefundStatus};
use platform::{
    Currency,
    ids::{OrderId, OrderLineId, RefundId, VendorId, VendorOrderId, uuids},
};
use sqlx::{PgConnection, PgExecutor};

macro_rules! refunds {
    ($where:literal $(, $arg:expr)*) => {
        sqlx::query_as!(RefundRow,
            r#"select id as "id: RefundId", order_id as "order_id: OrderId", vendor_order_id as "vendor_order_id: VendorOrderId",
               status as "status: RefundStatus", reason as "reason: RefundReason", shipping, total,
               currency as "currency: Currency", requested_by, note, version, created_at from orders.refunds "#
               + $where $(, $arg)*)
    };
}

pub async fn by_ids(db: impl PgExecutor<'_>, ids: &[RefundId]) -> sqlx::Result<Vec<RefundRow>> {
    refunds!("where id = any($1)", &uuids(ids)).fetch_all(db).await
}

pub async fn of_orders(db: impl PgExecutor<'_>, ids: &[OrderId]) -> sqlx::Result<Vec<RefundRow>> {
    refunds!("where order_id = any($1) order by created_at, id", &uuids(ids))
        .fetch_all(db)
        .await
}

pub async fn lock(db: &mut PgConnection, id: RefundId) -> sqlx::Result<Option<RefundRow>> {
    refunds!("where id = $1 for update", id.0)
        .fetch_optional(db)
        .await
}

/// The order of a refund, to lock it first.
pub async fn order_of(db: impl PgExecutor<'_>, id: RefundId) -> sqlx::Result<Option<OrderId>> {
    sqlx::query_scalar!(
        r#"select order_id as "id: OrderId" from orders.refunds where id = $1"#,
        id.0
    )
    .fetch_optional(db)
    .await
}

pub async fn imported(
    db: impl PgExecutor<'_>,
    source: &str,
    reference: &str,
) -> sqlx::Result<Option<RefundRow>> {
    refunds!("where source = $1 and reference = $2", source, reference)
        .fetch_optional(db)
        .await
}

/// Newest first.
pub async fn list(
    db: impl PgExecutor<'_>,
    statuses: Option<&[String]>,
    limit: i64,
) -> sqlx::Result<Vec<RefundRow>> {
    refunds!(
        "where ($1::text[] is null or status = any($1)) order by created_at desc, id desc limit $2",
        statuses,
        limit
    )
    .fetch_all(db)
    .await
}

pub async fn lines(db: impl PgExecutor<'_>, ids: &[RefundId]) -> sqlx::Result<Vec<RefundLineRow>> {
    sqlx::query_as!(RefundLineRow,
        r#"select refund_id as "refund_id: RefundId", order_line_id as "order_line_id: OrderLineId", quantity, amount, restock
           from orders.refund_lines where refund_id = any($1) order by order_line_id"#, &uuids(ids))
    .fetch_all(db)
    .await
}

pub async fn parts(db: impl PgExecutor<'_>, id: RefundId) -> sqlx::Result<Vec<Part>> {
    sqlx::query_as!(Part,
        r#"select vendor_order_id as "vendor_order: VendorOrderId", vendor_id as "vendor: VendorId", amount, shipping
           from orders.refund_parts where refund_id = $1 order by vendor_order_id"#, id.0)
    .fetch_all(db)
    .await
}

/// Vendors that have a part in refunds.
pub async fn vendors_of(
    db: impl PgExecutor<'_>,
    ids: &[RefundId],
) -> sqlx::Result<Vec<(RefundId, VendorId)>> {
    let rows = sqlx::query!(
        r#"select refund_id as "refund_id: RefundId", vendor_id as "vendor_id: VendorId" from orders.refund_parts
           where refund_id = any($1)"#, &uuids(ids)
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.refund_id, row.vendor_id))
        .collect())
}

pub async fn insert(
    db: &mut PgConnection,
    refund: &RefundRow,
    import: Option<(&str, &str)>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into orders.refunds (id, order_id, vendor_order_id, status, reason, shipping, total, currency, requested_by, note,
         source, reference) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        refund.id.0, refund.order_id.0, refund.vendor_order_id.map(|id| id.0), refund.status.as_str(), refund.reason as _,
        refund.shipping, refund.total, refund.currency.as_str(), refund.requested_by, refund.note, import.map(|i| i.0),
        import.map(|i| i.1)
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Replaces lines and parts: amounts are worked out when asked for and again when approved.
pub async fn put_details(
    db: &mut PgConnection,
    refund: &RefundRow,
    lines: &[RefundLineRow],
    parts: &[Part],
) -> sqlx::Result<()> {
    let id = refund.id.0;
    sqlx::query!("delete from orders.refund_lines where refund_id = $1", id)
        .execute(&mut *db)
        .await?;
    sqlx::query!("delete from orders.refund_parts where refund_id = $1", id)
        .execute(&mut *db)
        .await?;
    let ids: Vec<_> = lines.iter().map(|l| l.order_line_id.0).collect();
    let quantities: Vec<_> = lines.iter().map(|l| l.quantity).collect();
    let amounts: Vec<_> = lines.iter().map(|l| l.amount).collect();
    let restock: Vec<_> = lines.iter().map(|l| l.restock).collect();
    sqlx::query!(
        "insert into orders.refund_lines (refund_id, order_line_id, quantity, amount, restock)
         select $1, * from unnest($2::uuid[], $3::int[], $4::bigint[], $5::bool[])",
        id,
        &ids,
        &quantities,
        &amounts,
        &restock
    )
    .execute(&mut *db)
    .await?;
    let orders: Vec<_> = parts.iter().map(|p| p.vendor_order.0).collect();
    let vendors: Vec<_> = parts.iter().map(|p| p.vendor.0).collect();
    let amounts: Vec<_> = parts.iter().map(|p| p.amount).collect();
    let shipping: Vec<_> = parts.iter().map(|p| p.shipping).collect();
    sqlx::query!(
        "insert into orders.refund_parts (refund_id, vendor_order_id, vendor_id, amount, shipping)
         select $1, * from unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[])",
        id,
        &orders,
        &vendors,
        &amounts,
        &shipping
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "update orders.refunds set total = $2, shipping = $3 where id = $1",
        id,
        refund.total,
        refund.shipping
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn set_status(
    db: &mut PgConnection,
    id: RefundId,
    status: RefundStatus,
    note: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update orders.refunds set status = $2, note = coalesce($3, note), version = version + 1 where id = $1",
        id.0, status.as_str(), note
    )
    .execute(db)
    .await?;
    Ok(())
}
