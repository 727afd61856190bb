//! What can be ordered: sums over the warehouses that serve a country.

use contracts::inventory::Available;
use platform::{
    Country, Date,
    ids::{ProductId, VariantId, VendorId},
};
use sqlx::PgExecutor;
use uuid::Uuid;

/// A variant's stock for shoppers of a country.
#[derive(Clone, Debug)]
pub struct VariantStock {
    /// Position of the question.
    pub n: i64,
    /// `None`: the variant is not known.
    pub vendor: Option<VendorId>,
    pub available: i32,
    /// The warehouses' reorder points together.
    pub threshold: i32,
    /// When the next pieces should come from a supplier; asked for variants only.
    pub expected: Option<Date>,
}

/// Stock per question. A question without country counts all warehouses.
pub async fn variants(
    db: impl PgExecutor<'_>,
    asked: &[(VariantId, Option<Country>)],
) -> Result<Vec<VariantStock>, sqlx::Error> {
    let ids: Vec<Uuid> = asked.iter().map(|(id, _)| id.0).collect();
    sqlx::query_as!(
        VariantStock,
        r#"select a.n as "n!", v.vendor_id as "vendor?: VendorId", s.available as "available!", s.threshold as "threshold!", (
            select min(po.expected_at) from inventory.purchase_order_lines pl
            join inventory.purchase_orders po on po.id = pl.purchase_order_id
            join inventory.warehouses w on w.id = po.warehouse_id and w.active
            where pl.variant_id = a.variant_id and pl.received_quantity < pl.quantity
                and po.status in ('ORDERED', 'PARTIALLY_RECEIVED')
                and (a.country = '' or w.serves_countries = '{}' or a.country = any(w.serves_countries))
        ) as "expected?: Date"
        from unnest($1::uuid[], $2::text[]) with ordinality as a(variant_id, country, n)
        left join inventory.variants v on v.id = a.variant_id
        cross join lateral (
            select coalesce(sum(greatest(l.on_hand - l.reserved - l.allocated - l.safety_stock, 0)), 0)::int as available,
                coalesce(sum(l.reorder_point), 0)::int as threshold
            from inventory.stock_levels l join inventory.warehouses w on w.id = l.warehouse_id and w.active
            where l.variant_id = a.variant_id
                and (a.country = '' or w.serves_countries = '{}' or a.country = any(w.serves_countries))
        ) s"#,
        &ids,
        &countries(asked)
    )
    .fetch_all(db)
    .await
}

/// Stock of every active variant of products, per question.
pub async fn products(
    db: impl PgExecutor<'_>,
    asked: &[(ProductId, Option<Country>)],
) -> Result<Vec<VariantStock>, sqlx::Error> {
    let ids: Vec<Uuid> = asked.iter().map(|(id, _)| id.0).collect();
    sqlx::query_as!(
        VariantStock,
        r#"select a.n as "n!", v.vendor_id as "vendor?: VendorId", s.available as "available!", s.threshold as "threshold!",
            null::date as "expected?: Date"
        from unnest($1::uuid[], $2::text[]) with ordinality as a(product_id, country, n)
        join inventory.variants v on v.product_id = a.product_id and v.active
        cross join lateral (
            select coalesce(sum(greatest(l.on_hand - l.reserved - l.allocated - l.safety_stock, 0)), 0)::int as available,
                coalesce(sum(l.reorder_point), 0)::int as threshold
            from inventory.stock_levels l join inventory.warehouses w on w.id = l.warehouse_id and w.active
            where l.variant_id = v.id
                and (a.country = '' or w.serves_countries = '{}' or a.country = any(w.serves_countries))
        ) s"#,
        &ids,
        &countries(asked)
    )
    .fetch_all(db)
    .await
}

/// Free pieces over all warehouses; variants without levels are missing.
pub async fn totals(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<Available>, sqlx::Error> {
    sqlx::query_as!(
        Available,
        r#"select l.variant_id as "variant: VariantId",
            sum(greatest(l.on_hand - l.reserved - l.allocated - l.safety_stock, 0))::int as "quantity!"
        from inventory.stock_levels l join inventory.warehouses w on w.id = l.warehouse_id and w.active
        where l.variant_id = any($1) group by l.variant_id"#,
        ids
    )
    .fetch_all(db)
    .await
}

fn countries<I>(asked: &[(I, Option<Country>)]) -> Vec<String> {
    asked
        .iter()
        .map(|(_, country)| country.map_or(String::new(), |c| c.as_str().to_owned()))
        .collect()
}
