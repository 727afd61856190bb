//! Low-stock alerts.

use crate::domain::alert::{AlertStatus, LowStockAlert};
use crate::store::Scope;
use chrono::{DateTime, Utc};
use platform::ids::{LowStockAlertId, VariantId, VendorId, WarehouseId};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// Compares the variants' stock with their reorder points. Alerts end only when stock is a fifth (and at least one
/// piece) above the point, so that stock that swings around it does not raise one after the other. Returns new ones.
pub async fn review(db: &mut PgConnection, variants: &[Uuid]) -> Result<Vec<LowStockAlert>, sqlx::Error> {
    sqlx::query_as!(
        LowStockAlert,
        r#"with stock as (
            select l.variant_id, l.warehouse_id, v.vendor_id, l.reorder_point,
                l.on_hand - l.reserved - l.allocated - l.safety_stock as available
            from inventory.stock_levels l join inventory.variants v on v.id = l.variant_id
            where l.variant_id = any($1)
        ), resolved as (
            update inventory.low_stock_alerts a set status = 'RESOLVED', resolved_at = inventory.now()
            from stock s
            where a.variant_id = s.variant_id and a.warehouse_id = s.warehouse_id and a.status <> 'RESOLVED'
                and (s.reorder_point = 0 or s.available > s.reorder_point + greatest(1, s.reorder_point / 5))
        )
        insert into inventory.low_stock_alerts (id, variant_id, warehouse_id, vendor_id, available, threshold)
        select gen_random_uuid(), s.variant_id, s.warehouse_id, s.vendor_id, s.available, s.reorder_point
        from stock s where s.reorder_point > 0 and s.available <= s.reorder_point
        on conflict (variant_id, warehouse_id) where status <> 'RESOLVED' do nothing
        returning id as "id: LowStockAlertId", variant_id as "variant_id: VariantId",
            warehouse_id as "warehouse_id: WarehouseId", vendor_id as "vendor_id: VendorId", available, threshold,
            status as "status: AlertStatus", raised_at"#,
        variants
    )
    .fetch_all(db)
    .await
}

macro_rules! alerts {
    ($tail:tt $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            LowStockAlert,
            r#"select id as "id: LowStockAlertId", variant_id as "variant_id: VariantId",
                warehouse_id as "warehouse_id: WarehouseId", vendor_id as "vendor_id: VendorId", available, threshold,
                status as "status: AlertStatus", raised_at
            from inventory.low_stock_alerts "# + $tail
            $(, $arg)*
        )
    };
}

/// The newest thousand, in these states.
pub async fn list(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    status: Option<&[String]>,
) -> Result<Vec<LowStockAlert>, sqlx::Error> {
    alerts!(
        "where ($1 or vendor_id = any($2)) and ($3::text[] is null or status = any($3))
        order by raised_at desc, id desc limit 1000",
        scope.staff,
        &scope.vendors,
        status
    )
    .fetch_all(db)
    .await
}

/// Unresolved alerts of vendors.
pub async fn by_vendors(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    vendors: &[Uuid],
) -> Result<Vec<LowStockAlert>, sqlx::Error> {
    alerts!(
        "where vendor_id = any($3) and ($1 or vendor_id = any($2)) and status <> 'RESOLVED'
        order by raised_at desc, id desc",
        scope.staff,
        &scope.vendors,
        vendors
    )
    .fetch_all(db)
    .await
}

pub async fn by_ids(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    ids: &[Uuid],
) -> Result<Vec<LowStockAlert>, sqlx::Error> {
    alerts!(
        "where id = any($3) and ($1 or vendor_id = any($2))",
        scope.staff,
        &scope.vendors,
        ids
    )
    .fetch_all(db)
    .await
}

/// Alerts raised at or after `since`, oldest first.
pub async fn since(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    vendor: Option<VendorId>,
    since: DateTime<Utc>,
) -> Result<Vec<LowStockAlert>, sqlx::Error> {
    alerts!(
        "where ($1 or vendor_id = any($2)) and ($3::uuid is null or vendor_id = $3) and raised_at >= $4
        order by raised_at, id limit 1000",
        scope.staff,
        &scope.vendors,
        vendor.map(|id| id.0),
        since
    )
    .fetch_all(db)
    .await
}

pub async fn lock(
    db: &mut PgConnection,
    scope: &Scope,
    id: LowStockAlertId,
) -> Result<Option<LowStockAlert>, sqlx::Error> {
    alerts!(
        "where id = $3 and ($1 or vendor_id = any($2)) for update",
        scope.staff,
        &scope.vendors,
        id.0
    )
    .fetch_optional(db)
    .await
}

pub async fn acknowledge(db: &mut PgConnection, id: LowStockAlertId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update inventory.low_stock_alerts set status = 'ACKNOWLEDGED' where id = $1",
        id.0
    )
    .execute(db)
    .await?;
    Ok(())
}
