//! Variants.

use super::Scope;
use crate::domain::{input::VariantData, variant::Variant, variant::VariantOption};
use chrono::{DateTime, Utc};
use platform::{
    Currency,
    ids::{ProductId, VariantId, VendorId},
};
use serde_json::{Value, json};
use sqlx::{PgConnection, PgExecutor, types::Json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Selects variants that the scope may see; `$2` is staff, `$3` the vendors.
macro_rules! select {
    ($condition:literal, $db:expr, $scope:expr, $key:expr) => {
        sqlx::query_as!(
            Variant,
            r#"select v.id as "id: VariantId", v.product_id as "product_id: ProductId",
                   p.vendor_id as "vendor_id: VendorId", p.currency as "currency: Currency", v.sku, v.name,
                   v.options as "options: Json<Vec<VariantOption>>", v.weight_grams, v.dimensions_mm, v.barcode,
                   v.tax_category, v.active, v.version
               from products.variants v join products.products p on p.id = v.product_id
               where "# + $condition + r#" and ((p.visible and v.active) or $2 or p.vendor_id = any($3))
               order by v.product_id, v.position, v.id"#,
            $key,
            $scope.staff,
            &$scope.vendors
        )
        .fetch_all($db)
        .await
    };
}

pub async fn by_ids(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    ids: &[Uuid],
) -> Result<Vec<Variant>, sqlx::Error> {
    select!("v.id = any($1)", db, scope, ids)
}

/// By SKU regardless of case; `skus` are lower case.
pub async fn by_skus(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    skus: &[String],
) -> Result<Vec<Variant>, sqlx::Error> {
    select!("lower(v.sku) = any($1)", db, scope, skus)
}

pub async fn by_products(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    ids: &[Uuid],
) -> Result<Vec<Variant>, sqlx::Error> {
    select!("v.product_id = any($1)", db, scope, ids)
}

/// The product of a variant.
pub async fn product_of(db: impl PgExecutor<'_>, id: VariantId) -> Result<Option<ProductId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select product_id as "id: ProductId" from products.variants where id = $1"#,
        id.0
    )
    .fetch_optional(db)
    .await
}

/// Version of a variant whose product is locked.
pub async fn version(tx: &mut PgConnection, id: VariantId) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar!("select version from products.variants where id = $1", id.0)
        .fetch_one(tx)
        .await
}

/// How many a locked product has.
pub async fn count(tx: &mut PgConnection, product: ProductId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from products.variants where product_id = $1"#,
        product.0
    )
    .fetch_one(tx)
    .await
}

/// Appends variants to a product, in their order.
pub async fn insert(
    tx: &mut PgConnection,
    product: ProductId,
    variants: &[(VariantId, &VariantData)],
) -> Result<(), sqlx::Error> {
    let row = |(place, (id, data)): (usize, &(VariantId, &VariantData))| {
        json!({ "id": id.0, "place": place, "sku": data.sku, "name": data.name, "options": data.options,
            "weight_grams": data.weight_grams, "dimensions_mm": data.dimensions_mm, "barcode": data.barcode,
            "tax_category": data.tax_category })
    };
    let rows: Vec<Value> = variants.iter().enumerate().map(row).collect();
    sqlx::query!(
        "insert into products.variants (id, product_id, sku, name, options, weight_grams, dimensions_mm, barcode, \
             tax_category, position) \
         select n.id, $1, n.sku, n.name, n.options, n.weight_grams, n.dimensions_mm, n.barcode, n.tax_category, \
             n.place + (select coalesce(max(position), 0) + 1 from products.variants where product_id = $1) \
         from jsonb_to_recordset($2) as n(id uuid, place int, sku text, name text, options jsonb, weight_grams int, \
             dimensions_mm int[], barcode text, tax_category text)",
        product.0,
        Json(rows) as _
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn update(tx: &mut PgConnection, id: VariantId, data: &VariantData) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.variants set sku = $2, name = $3, options = $4, weight_grams = $5, dimensions_mm = $6, \
         barcode = $7, tax_category = $8 where id = $1",
        id.0,
        data.sku,
        data.name,
        Json(&data.options) as _,
        data.weight_grams,
        data.dimensions_mm.as_deref(),
        data.barcode,
        data.tax_category
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Returns whether it was active.
pub async fn deactivate(tx: &mut PgConnection, id: VariantId) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update products.variants set active = false where id = $1 and active",
        id.0
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Counts a change.
pub async fn touch(tx: &mut PgConnection, id: VariantId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.variants set version = version + 1 where id = $1",
        id.0
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Remembers whether variants can be had, unless something newer is known; then the flags of their products follow.
pub async fn set_stock(
    tx: &mut PgConnection,
    states: &[(Uuid, bool, DateTime<Utc>)],
) -> Result<(), sqlx::Error> {
    // The newest of each variant.
    let mut newest: BTreeMap<Uuid, (bool, DateTime<Utc>)> = BTreeMap::new();
    for (id, in_stock, at) in states {
        let known = newest.get(id);
        if known.is_none_or(|(_, known)| known <= at) {
            newest.insert(*id, (*in_stock, *at));
        }
    }
    let ids: Vec<Uuid> = newest.keys().copied().collect();
    let (in_stock, moments): (Vec<bool>, Vec<DateTime<Utc>>) = newest.into_values().unzip();
    // The products first: everybody locks in this order.
    let products = sqlx::query_scalar!(
        "select id from products.products where id in (select product_id from products.variants where id = any($1)) \
         order by id for update",
        &ids
    )
    .fetch_all(&mut *tx)
    .await?;
    sqlx::query!(
        "update products.variants v set in_stock = n.in_stock, stock_changed_at = n.at \
         from unnest($1::uuid[], $2::bool[], $3::timestamptz[]) as n(id, in_stock, at) \
         where v.id = n.id and (stock_changed_at is null or stock_changed_at <= n.at)",
        &ids,
        &in_stock,
        &moments
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        r#"update products.products p set in_stock = s.any_in_stock from (
               select product_id, coalesce(bool_or(in_stock) filter (where active), false) as any_in_stock
               from products.variants where product_id = any($1) group by product_id) s
           where p.id = s.product_id and p.in_stock <> s.any_in_stock"#,
        &products
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// What an order needs of a variant, but its prices.
#[derive(Debug)]
pub struct ForOrder {
    pub id: VariantId,
    pub product: ProductId,
    pub vendor: VendorId,
    pub categories: Vec<Uuid>,
    pub sku: String,
    pub product_name: String,
    pub variant_name: String,
    pub weight_grams: i32,
    pub tax_category: String,
    pub purchasable: bool,
}

/// Variants for orders, on sale or not.
pub async fn for_order(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<ForOrder>, sqlx::Error> {
    sqlx::query_as!(
        ForOrder,
        r#"with recursive wanted as (
               select v.*, p.vendor_id, p.category_id, p.name as product_name, p.visible
               from products.variants v join products.products p on p.id = v.product_id where v.id = any($1)
           ), above(leaf, id, parent_id) as (
               select c.id, c.id, c.parent_id from products.categories c
               where c.id in (select category_id from wanted)
               union
               select a.leaf, c.id, c.parent_id from products.categories c join above a on c.id = a.parent_id
           ), paths as (select leaf, array_agg(id) as ids from above group by leaf)
           select w.id as "id!: VariantId", w.product_id as "product!: ProductId", w.vendor_id as "vendor!: VendorId",
               paths.ids as "categories!", w.sku as "sku!", w.product_name as "product_name!", w.name as "variant_name!",
               w.weight_grams as "weight_grams!", w.tax_category as "tax_category!",
               (w.visible and w.active) as "purchasable!"
           from wanted w join paths on paths.leaf = w.category_id"#,
        ids
    )
    .fetch_all(db)
    .await
}
