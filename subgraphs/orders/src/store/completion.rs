//! Return windows of vendors' parts, and the parts whose window is over.

use chrono::{DateTime, Utc};
use platform::ids::{OrderId, VendorId, VendorOrderId, uuids};
use sqlx::{PgConnection, PgExecutor};

/// Delivered parts whose return window is unknown, with their vendors.
pub async fn windowless(db: impl PgExecutor<'_>, limit: i64) -> sqlx::Result<Vec<(VendorOrderId, VendorId)>> {
    let rows = sqlx::query!(
        r#"select id as "id: VendorOrderId", vendor_id as "vendor: VendorId" from orders.vendor_orders
           where status = 'DELIVERED' and completes_at is null order by id limit $1"#,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.vendor)).collect())
}

/// Gives parts their windows; one that has a window keeps it.
pub async fn set_windows(db: impl PgExecutor<'_>, parts: &[VendorOrderId], days: &[i32]) -> sqlx::Result<()> {
    sqlx::query!(
        "update orders.vendor_orders v set return_days = w.days, completes_at = v.delivered_at + make_interval(days => w.days)
         from unnest($1::uuid[], $2::int[]) as w (id, days)
         where v.id = w.id and v.status = 'DELIVERED' and v.completes_at is null",
        &uuids(parts),
        days
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Locks orders of which a part can be completed; another process has the others. What waits for a decision about
/// money, or is stopped, is not over.
pub async fn lock_due(db: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<OrderId>> {
    sqlx::query_scalar!(
        r#"select o.id as "id: OrderId" from orders.orders o where o.id in (
               select v.order_id from orders.vendor_orders v
               where v.status = 'DELIVERED' and v.completes_at <= orders.now()
                   and not exists (select from orders.refunds r where r.order_id = v.order_id
                       and r.status in ('REQUESTED', 'APPROVED', 'PROCESSING'))
                   and not exists (select from orders.orders h where h.id = v.order_id and h.status = 'ON_HOLD')
               order by v.completes_at limit $1)
           order by o.id for update skip locked"#,
        limit
    )
    .fetch_all(db)
    .await
}

/// A part that is over.
#[derive(Debug)]
pub struct Over {
    pub id: VendorOrderId,
    pub order: OrderId,
    /// Present for a sale that was imported: the end of its window. It is history, not news.
    pub at: Option<DateTime<Utc>>,
}

/// Completes the parts of locked orders whose window is over.
pub async fn complete_parts(db: &mut PgConnection, orders: &[OrderId]) -> sqlx::Result<Vec<Over>> {
    sqlx::query_as!(
        Over,
        r#"update orders.vendor_orders v set status = 'COMPLETED', version = v.version + 1
           from orders.orders o
           where o.id = v.order_id and o.id = any($1) and v.status = 'DELIVERED' and v.completes_at <= orders.now()
               and not exists (select from orders.refunds r where r.order_id = v.order_id
                   and r.status in ('REQUESTED', 'APPROVED', 'PROCESSING'))
           returning v.id as "id: VendorOrderId", o.id as "order: OrderId",
               case when o.source is not null then v.completes_at end as "at""#,
        &uuids(orders)
    )
    .fetch_all(db)
    .await
}

/// Moves locked orders on, one state for each position.
pub async fn set_statuses(
    db: &mut PgConnection,
    orders: &[OrderId],
    statuses: &[&str],
    steps: &[i32],
) -> sqlx::Result<()> {
    sqlx::query!(
        "update orders.orders o set status = m.status, version = o.version + m.steps, updated_at = orders.now()
         from unnest($1::uuid[], $2::text[], $3::int[]) as m (id, status, steps) where o.id = m.id",
        &uuids(orders),
        statuses as &[&str],
        steps
    )
    .execute(db)
    .await?;
    Ok(())
}
