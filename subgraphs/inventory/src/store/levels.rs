//! Stock levels: reading them, and the settings that are not counters.

use crate::domain::{level::StockLevel, plan::Source};
use crate::store::Scope;
use platform::{
    Country,
    ids::{StockLevelId, VariantId, VendorId, WarehouseId},
};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

macro_rules! levels {
    ($tail:tt $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            StockLevel,
            r#"select l.id as "id: StockLevelId", l.variant_id as "variant_id: VariantId",
                l.warehouse_id as "warehouse_id: WarehouseId", v.vendor_id as "vendor_id: VendorId", l.on_hand,
                l.reserved, l.allocated, l.safety_stock, l.reorder_point, l.version,
                coalesce((
                    select sum(pl.quantity - pl.received_quantity)::int
                    from inventory.purchase_order_lines pl
                    join inventory.purchase_orders po on po.id = pl.purchase_order_id
                    where pl.variant_id = l.variant_id and pl.received_quantity < pl.quantity
                        and po.warehouse_id = l.warehouse_id and po.status in ('ORDERED', 'PARTIALLY_RECEIVED')
                ), 0) as "incoming!"
            from inventory.stock_levels l join inventory.variants v on v.id = l.variant_id "# + $tail
            $(, $arg)*
        )
    };
}

/// Free pieces in the active warehouses that serve `country`, preferred warehouses first.
pub async fn sources(
    db: &mut PgConnection,
    variants: &[Uuid],
    country: Option<Country>,
) -> Result<Vec<Source>, sqlx::Error> {
    sqlx::query_as!(
        Source,
        r#"select l.variant_id as "variant: VariantId", l.warehouse_id as "warehouse: WarehouseId",
            l.on_hand - l.reserved - l.allocated - l.safety_stock as "free!"
        from inventory.stock_levels l join inventory.warehouses w on w.id = l.warehouse_id
        where l.variant_id = any($1) and w.active
            and ($2::text is null or w.serves_countries = '{}' or $2 = any(w.serves_countries))
            and l.on_hand - l.reserved - l.allocated - l.safety_stock > 0
        order by w.priority, w.id"#,
        variants,
        country.as_ref().map(Country::as_str)
    )
    .fetch_all(db)
    .await
}

/// Makes sure that the levels exist. The caller holds the variants' locks.
pub async fn ensure(db: &mut PgConnection, pairs: &[(Uuid, Uuid)]) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = pairs.iter().map(|_| Uuid::now_v7()).collect();
    let (variants, warehouses): (Vec<Uuid>, Vec<Uuid>) = pairs.iter().copied().unzip();
    sqlx::query!(
        "insert into inventory.stock_levels (id, variant_id, warehouse_id)
        select * from unnest($1::uuid[], $2::uuid[], $3::uuid[])
        on conflict (variant_id, warehouse_id) do nothing",
        &ids,
        &variants,
        &warehouses
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The levels of exactly these pairs.
pub async fn of_pairs(db: &mut PgConnection, pairs: &[(Uuid, Uuid)]) -> Result<Vec<StockLevel>, sqlx::Error> {
    let (variants, warehouses): (Vec<Uuid>, Vec<Uuid>) = pairs.iter().copied().unzip();
    levels!(
        "where (l.variant_id, l.warehouse_id) in (select * from unnest($1::uuid[], $2::uuid[]))",
        &variants,
        &warehouses
    )
    .fetch_all(db)
    .await
}

/// Sets when stock counts as low and what is never sold.
pub async fn set_thresholds(
    db: &mut PgConnection,
    id: StockLevelId,
    reorder_point: i32,
    safety_stock: i32,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update inventory.stock_levels set reorder_point = $2, safety_stock = $3, version = version + 1 where id = $1",
        id.0,
        reorder_point,
        safety_stock
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn by_ids(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    ids: &[Uuid],
) -> Result<Vec<StockLevel>, sqlx::Error> {
    levels!(
        "where l.id = any($3) and ($1 or v.vendor_id = any($2)) order by l.id",
        scope.staff,
        &scope.vendors,
        ids
    )
    .fetch_all(db)
    .await
}

pub async fn by_variants(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    variants: &[Uuid],
) -> Result<Vec<StockLevel>, sqlx::Error> {
    levels!(
        "where l.variant_id = any($3) and ($1 or v.vendor_id = any($2)) order by l.id",
        scope.staff,
        &scope.vendors,
        variants
    )
    .fetch_all(db)
    .await
}

/// Oldest level first. `low_only`: at or below the reorder point.
pub async fn list(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    variants: Option<&[Uuid]>,
    warehouse: Option<WarehouseId>,
    low_only: bool,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<StockLevel>, sqlx::Error> {
    levels!(
        "where ($1 or v.vendor_id = any($2)) and ($3::uuid[] is null or l.variant_id = any($3))
            and ($4::uuid is null or l.warehouse_id = $4) and ($5::uuid is null or l.id > $5)
            and (not $6 or l.on_hand - l.reserved - l.allocated - l.safety_stock <= l.reorder_point)
        order by l.id limit $7",
        scope.staff,
        &scope.vendors,
        variants,
        warehouse.map(|id| id.0),
        after,
        low_only,
        limit
    )
    .fetch_all(db)
    .await
}

/// Which page of which warehouse's levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slice {
    pub warehouse: WarehouseId,
    pub low_only: bool,
    pub after: Option<Uuid>,
    pub limit: i64,
}

/// The IDs of the levels on each page, with the page's position in `slices`.
pub async fn slices(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    slices: &[Slice],
) -> Result<Vec<(usize, Uuid)>, sqlx::Error> {
    let warehouses: Vec<Uuid> = slices.iter().map(|s| s.warehouse.0).collect();
    let low: Vec<bool> = slices.iter().map(|s| s.low_only).collect();
    let after: Vec<Uuid> = slices.iter().map(|s| s.after.unwrap_or(Uuid::nil())).collect();
    let limits: Vec<i64> = slices.iter().map(|s| s.limit).collect();
    let rows = sqlx::query!(
        r#"select asked.n as "n!", page.id as "id!"
        from unnest($3::uuid[], $4::bool[], $5::uuid[], $6::bigint[]) with ordinality
            as asked(warehouse_id, low_only, after, size, n)
        cross join lateral (
            select l.id from inventory.stock_levels l join inventory.variants v on v.id = l.variant_id
            where l.warehouse_id = asked.warehouse_id and ($1 or v.vendor_id = any($2)) and l.id > asked.after
                and (not asked.low_only or l.on_hand - l.reserved - l.allocated - l.safety_stock <= l.reorder_point)
            order by l.id limit asked.size
        ) page order by asked.n, page.id"#,
        scope.staff,
        &scope.vendors,
        &warehouses,
        &low,
        &after,
        &limits
    );
    let rows = rows.fetch_all(db).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| Some((usize::try_from(row.n).ok()?.checked_sub(1)?, row.id)))
        .collect())
}
