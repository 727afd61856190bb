//! What inventory knows of the catalogue, and the locks of the variants.

use crate::domain::level::StockState;
use chrono::{DateTime, Utc};
use platform::ids::{ProductId, VariantId, VendorId};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// A variant and whose it is.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    pub id: VariantId,
    pub product: ProductId,
    pub vendor: VendorId,
}

/// A variant as it is told to subscribers.
#[derive(Clone, Copy, Debug)]
pub struct VariantState {
    pub id: VariantId,
    pub product: ProductId,
    pub vendor: VendorId,
    pub state: StockState,
    pub seq: i32,
    /// It was out of stock before, and is not now.
    pub returned: bool,
}

/// Locks the variants in key order, so that two commands cannot wait for each other; until the commit nobody else
/// changes their stock. Unknown ones are missing.
pub async fn lock(db: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Variant>, sqlx::Error> {
    sqlx::query_as!(
        Variant,
        r#"select id as "id: VariantId", product_id as "product: ProductId", vendor_id as "vendor: VendorId"
        from inventory.variants where id = any($1) order by id for no key update"#,
        ids
    )
    .fetch_all(db)
    .await
}

/// Which of `ids` are not known.
pub async fn unknown(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<VariantId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select distinct asked.id as "id!: VariantId" from unnest($1::uuid[]) as asked(id)
        where not exists (select from inventory.variants v where v.id = asked.id)"#,
        ids
    )
    .fetch_all(db)
    .await
}

/// Adds variants that are not known yet; what is known already stays. Rows go in in key order, as locks do.
pub async fn learn(
    db: impl PgExecutor<'_>,
    variants: &[Variant],
    skus: &[String],
) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = variants.iter().map(|v| v.id.0).collect();
    let products: Vec<Uuid> = variants.iter().map(|v| v.product.0).collect();
    let vendors: Vec<Uuid> = variants.iter().map(|v| v.vendor.0).collect();
    sqlx::query!(
        "insert into inventory.variants (id, product_id, vendor_id, sku)
        select distinct on (n.id) n.id, n.product_id, n.vendor_id, nullif(n.sku, '')
        from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[]) as n(id, product_id, vendor_id, sku)
        order by n.id
        on conflict do nothing",
        &ids,
        &products,
        &vendors,
        skus
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What the catalogue said about products, each once, and when.
#[derive(Debug, Default)]
pub struct Told {
    pub products: Vec<(ProductId, DateTime<Utc>)>,
    /// All variants of these products.
    pub ids: Vec<Uuid>,
    pub skus: Vec<String>,
    pub active: Vec<bool>,
}

/// Takes over what the catalogue said; rows that know something newer stay. Variants of the products that are not named
/// are gone.
pub async fn change(db: &mut PgConnection, told: &Told) -> Result<(), sqlx::Error> {
    let (products, moments): (Vec<Uuid>, Vec<DateTime<Utc>>) =
        told.products.iter().map(|(id, at)| (id.0, *at)).unzip();
    sqlx::query!(
        "with told as (select * from unnest($3::uuid[], $4::text[], $5::bool[]) as t(id, sku, active))
        update inventory.variants v
        set sku = coalesce(t.sku, v.sku), active = coalesce(t.active, false), changed_at = t.at
        from (
            select k.id, told.sku, told.active, p.at
            from inventory.variants k join unnest($1::uuid[], $2::timestamptz[]) as p(id, at) on p.id = k.product_id
            left join told on told.id = k.id
            where k.changed_at <= p.at
            order by k.id for no key update of k
        ) t
        where v.id = t.id",
        &products,
        &moments,
        &told.ids,
        &told.skus,
        &told.active
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Compares the stock of variants with the state that was last told; stores and returns the differences. The caller
/// holds the variants' locks.
pub async fn restate(db: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<VariantState>, sqlx::Error> {
    sqlx::query_as!(
        VariantState,
        r#"with stock as (
            select l.variant_id, sum(greatest(l.on_hand - l.reserved - l.allocated - l.safety_stock, 0)) as available,
                sum(l.reorder_point) as threshold
            from inventory.stock_levels l join inventory.warehouses w on w.id = l.warehouse_id and w.active
            where l.variant_id = any($1) group by l.variant_id
        ), judged as (
            select k.id, k.state as before, case when coalesce(s.available, 0) <= 0 then 'OUT_OF_STOCK'
                when s.available <= s.threshold then 'LOW_STOCK' else 'IN_STOCK' end as state
            from inventory.variants k left join stock s on s.variant_id = k.id where k.id = any($1)
        )
        update inventory.variants v set state = j.state, seq = v.seq + 1 from judged j
        where v.id = j.id and v.state <> j.state
        returning v.id as "id: VariantId", v.product_id as "product: ProductId", v.vendor_id as "vendor: VendorId",
            v.state as "state: StockState", v.seq, j.before = 'OUT_OF_STOCK' as "returned!""#,
        ids
    )
    .fetch_all(db)
    .await
}

/// The states of variants, for subscribers.
pub async fn states(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<VariantState>, sqlx::Error> {
    sqlx::query_as!(
        VariantState,
        r#"select id as "id: VariantId", product_id as "product: ProductId", vendor_id as "vendor: VendorId",
            state as "state: StockState", seq, false as "returned!"
        from inventory.variants where id = any($1) order by id"#,
        ids
    )
    .fetch_all(db)
    .await
}
