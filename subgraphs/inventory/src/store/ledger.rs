//! The only place where counters change: one statement moves them and writes the ledger.

use crate::domain::ledger::{Cause, Change, InventoryTransaction, InventoryTxType};
use crate::store::Scope;
use chrono::{DateTime, Utc};
use platform::ids::{InventoryTransactionId, StockLevelId, VariantId, WarehouseId};
use sqlx::{PgConnection, PgExecutor};
use std::collections::HashSet;
use uuid::Uuid;

/// Applies `changes`, which may name a level several times; each becomes a row of the ledger with the counters as
/// they were after it. With `guarded`, no level may give more than it has free. The caller holds the variants' locks
/// and knows that the levels exist; anything else is an error, and nothing must be committed then.
pub async fn apply(
    db: &mut PgConnection,
    changes: &[Change],
    cause: &Cause<'_>,
    guarded: bool,
) -> Result<Vec<StockLevelId>, sqlx::Error> {
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = changes.iter().map(|_| Uuid::now_v7()).collect();
    let variants: Vec<Uuid> = changes.iter().map(|c| c.variant).collect();
    let warehouses: Vec<Uuid> = changes.iter().map(|c| c.warehouse).collect();
    let on_hand: Vec<i32> = changes.iter().map(|c| c.on_hand).collect();
    let reserved: Vec<i32> = changes.iter().map(|c| c.reserved).collect();
    let allocated: Vec<i32> = changes.iter().map(|c| c.allocated).collect();
    let references: Vec<String> = changes
        .iter()
        .map(|c| c.reference.clone().unwrap_or_default())
        .collect();
    let changed = sqlx::query_scalar!(
        r#"with change as (
            select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::int[], $6::int[], $7::text[])
                with ordinality as c(id, variant_id, warehouse_id, on_hand, reserved, allocated, ref_id, n)
        ), total as (
            select variant_id, warehouse_id, sum(on_hand)::int as on_hand, sum(reserved)::int as reserved,
                sum(allocated)::int as allocated
            from change group by variant_id, warehouse_id
        ), changed as (
            update inventory.stock_levels l
            set on_hand = l.on_hand + t.on_hand, reserved = l.reserved + t.reserved,
                allocated = l.allocated + t.allocated, version = l.version + 1
            from total t
            where l.variant_id = t.variant_id and l.warehouse_id = t.warehouse_id
                and (not $8 or l.on_hand - l.reserved - l.allocated - l.safety_stock >= t.reserved)
            returning l.id, l.variant_id, l.warehouse_id, l.on_hand - t.on_hand as on_hand,
                l.reserved - t.reserved as reserved, l.allocated - t.allocated as allocated
        ), logged as (
            insert into inventory.inventory_transactions (id, type, variant_id, warehouse_id, on_hand_delta,
                reserved_delta, allocated_delta, on_hand_after, reserved_after, allocated_after, ref_type, ref_id,
                reason, actor)
            select c.id, $9, c.variant_id, c.warehouse_id, c.on_hand, c.reserved, c.allocated,
                b.on_hand + sum(c.on_hand) over level, b.reserved + sum(c.reserved) over level,
                b.allocated + sum(c.allocated) over level, $10, nullif(c.ref_id, ''), $11, $12
            from change c join changed b on b.variant_id = c.variant_id and b.warehouse_id = c.warehouse_id
            window level as (partition by c.variant_id, c.warehouse_id order by c.n)
        )
        select id as "id: StockLevelId" from changed"#,
        &ids,
        &variants,
        &warehouses,
        &on_hand,
        &reserved,
        &allocated,
        &references,
        guarded,
        cause.kind as InventoryTxType,
        cause.ref_type,
        cause.reason,
        cause.actor,
    )
    .fetch_all(db)
    .await?;
    let levels: HashSet<_> = changes.iter().map(|c| (c.variant, c.warehouse)).collect();
    match changed.len() == levels.len() {
        true => Ok(changed),
        // The plan was made under the same locks: this cannot happen, and if it does, nothing is kept.
        false => Err(sqlx::Error::RowNotFound),
    }
}

/// What to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub variant: Option<VariantId>,
    pub warehouse: Option<WarehouseId>,
    pub kinds: Option<Vec<InventoryTxType>>,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
}

macro_rules! transactions {
    ($tail:tt $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            InventoryTransaction,
            r#"select t.id as "id: InventoryTransactionId", t.type as "kind: InventoryTxType",
                t.variant_id as "variant_id: VariantId", t.warehouse_id as "warehouse_id: WarehouseId",
                case when t.type in ('RESERVE', 'RELEASE') then t.reserved_delta
                    when t.type in ('ALLOCATE', 'DEALLOCATE') then t.allocated_delta
                    else t.on_hand_delta end as "delta!",
                t.on_hand_after, t.reserved_after, t.ref_type, t.ref_id, t.reason, t.actor, t.at
            from inventory.inventory_transactions t join inventory.variants v on v.id = t.variant_id "# + $tail
            $(, $arg)*
        )
    };
}

/// Newest first.
pub async fn list(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    filter: &Filter,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<InventoryTransaction>, sqlx::Error> {
    let kinds = filter.kinds.as_deref().map(super::names);
    let (after_at, after_id) = after.unzip();
    transactions!(
        "where ($1 or v.vendor_id = any($2)) and ($3::uuid is null or t.variant_id = $3)
            and ($4::uuid is null or t.warehouse_id = $4) and ($5::text[] is null or t.type = any($5))
            and ($6::timestamptz is null or t.at >= $6) and ($7::timestamptz is null or t.at < $7)
            and ($8::timestamptz is null or (t.at, t.id) < ($8, $9::uuid))
        order by t.at desc, t.id desc limit $10",
        scope.staff,
        &scope.vendors,
        filter.variant.map(|id| id.0),
        filter.warehouse.map(|id| id.0),
        kinds.as_deref(),
        filter.from,
        filter.to,
        after_at,
        after_id,
        limit
    )
    .fetch_all(db)
    .await
}

pub async fn by_ids(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    ids: &[Uuid],
) -> Result<Vec<InventoryTransaction>, sqlx::Error> {
    transactions!(
        "where t.id = any($3) and ($1 or v.vendor_id = any($2))",
        scope.staff,
        &scope.vendors,
        ids
    )
    .fetch_all(db)
    .await
}
