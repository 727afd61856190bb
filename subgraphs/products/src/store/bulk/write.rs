//! Stores what an import made of products: each statement takes all of them.

use crate::{
    domain::{bulk::item::Item, status::ProductStatus},
    store,
};
use platform::{
    Tx,
    ids::{UserId, VendorId},
};
use serde_json::{Value, json};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

/// Stores all changes of these products, with the copies that depend on them.
pub async fn write(
    tx: &mut Tx,
    vendor: VendorId,
    by: Option<UserId>,
    items: &[Item],
) -> Result<Vec<Uuid>, sqlx::Error> {
    let changed: Vec<&Item> = items.iter().filter(|item| is_changed(item)).collect();
    if changed.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = changed.iter().map(|item| item.id.0).collect();
    let (new, old): (Vec<&Item>, Vec<&Item>) = changed.iter().copied().partition(|item| item.is_new);
    products(tx, vendor, &new, &old).await?;
    revisions(tx, vendor, by, &changed).await?;
    variants(tx, &changed).await?;
    prices(tx, &changed).await?;
    store::copies::refresh(tx, &ids).await?;
    Ok(ids)
}

fn is_changed(item: &Item) -> bool {
    item.is_changed || item.variants.iter().any(|v| v.is_changed || v.are_prices_changed)
}

fn product(item: &&Item) -> Value {
    let content = &item.stored;
    json!({
        "id": item.id.0, "slug": content.slug, "kind": content.kind, "name": content.name,
        "description": content.description, "brand_id": content.brand_id.map(Uuid::from),
        "category_id": content.category_id.0, "status": item.status.as_str(), "published": item.published,
        "details": content.details, "attributes": content.attributes, "currency": item.currency,
        "is_edited": item.is_changed,
    })
}

async fn products(
    tx: &mut PgConnection,
    vendor: VendorId,
    new: &[&Item],
    old: &[&Item],
) -> Result<(), sqlx::Error> {
    let rows = |items: &[&Item]| Json(items.iter().map(product).collect::<Vec<_>>());
    if !new.is_empty() {
        sqlx::query!(
            "insert into products.products (id, slug, kind, name, description, vendor_id, brand_id, category_id, \
                 status, published, publish_at, vendor_approved, details, attributes, currency, min_price, max_price) \
             select n.id, n.slug, n.kind, n.name, n.description, $1, n.brand_id, n.category_id, n.status, \
                 n.published, case when n.published then products.now() end, \
                 coalesce((select approved from products.vendors where id = $1), false), \
                 nullif(n.details, 'null'), n.attributes, n.currency, 0, 0 \
             from jsonb_to_recordset($2) as n(id uuid, slug text, kind text, name text, description text, \
                 brand_id uuid, category_id uuid, status text, published boolean, details jsonb, attributes jsonb, \
                 currency text)",
            vendor.0,
            rows(new) as _
        )
        .execute(&mut *tx)
        .await?;
    }
    if !old.is_empty() {
        sqlx::query!(
            "update products.products p set slug = n.slug, kind = n.kind, name = n.name, \
                 description = n.description, brand_id = n.brand_id, category_id = n.category_id, status = n.status, \
                 publish_at = case when n.published and not p.published then products.now() else p.publish_at end, \
                 published = n.published, details = nullif(n.details, 'null'), attributes = n.attributes, \
                 version = p.version + 1, updated_at = products.now() \
             from jsonb_to_recordset($1) as n(id uuid, slug text, kind text, name text, description text, \
                 brand_id uuid, category_id uuid, status text, published boolean, details jsonb, attributes jsonb) \
             where p.id = n.id",
            rows(old) as _
        )
        .execute(tx)
        .await?;
    }
    Ok(())
}

async fn revisions(
    tx: &mut PgConnection,
    vendor: VendorId,
    by: Option<UserId>,
    items: &[&Item],
) -> Result<(), sqlx::Error> {
    let rows: Vec<Value> = items
        .iter()
        .flat_map(|item| item.revisions.iter().map(move |revision| (item, revision)))
        .filter(|(_, revision)| revision.is_changed)
        .map(|(item, revision)| {
            json!({ "id": revision.id.0, "product_id": item.id.0, "status": revision.status.as_str(),
                "content": revision.content, "changed_fields": revision.changed_fields,
                "submitted": revision.was_submitted })
        })
        .collect();
    sqlx::query!(
        "insert into products.revisions (id, product_id, status, content, changed_fields, submitted_at) \
         select n.id, n.product_id, n.status, n.content, n.changed_fields, case when n.submitted then products.now() end \
         from jsonb_to_recordset($1) as n(id uuid, product_id uuid, status text, content jsonb, \
             changed_fields text[], submitted boolean) \
         on conflict (id) do update set status = excluded.status, content = excluded.content, \
             changed_fields = excluded.changed_fields, \
             submitted_at = coalesce(excluded.submitted_at, revisions.submitted_at)",
        Json(rows) as _
    )
    .execute(&mut *tx)
    .await?;
    let step = |item: &Item, (from, to): (ProductStatus, ProductStatus)| json!({ "id": Uuid::now_v7(), "product_id": item.id.0, "from": from.as_str(), "to": to.as_str() });
    let steps: Vec<Value> = items
        .iter()
        .flat_map(|item| item.steps.iter().map(move |s| step(item, *s)))
        .collect();
    if steps.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"insert into products.approval_events (id, product_id, vendor_id, from_status, to_status, by_user)
           select n.id, n.product_id, $1, n."from", n."to", $2
           from jsonb_to_recordset($3) as n(id uuid, product_id uuid, "from" text, "to" text)"#,
        vendor.0,
        by.map(Uuid::from),
        Json(steps) as _
    )
    .execute(tx)
    .await?;
    Ok(())
}

async fn variants(tx: &mut PgConnection, items: &[&Item]) -> Result<(), sqlx::Error> {
    let rows: Vec<Value> = items
        .iter()
        .flat_map(|item| item.variants.iter().enumerate().map(move |(at, variant)| (item, at, variant)))
        .filter(|(.., variant)| variant.is_changed || variant.are_prices_changed)
        .map(|(item, at, variant)| {
            let data = &variant.data;
            json!({ "id": variant.id.0, "product_id": item.id.0, "sku": data.sku, "name": data.name,
                "options": data.options, "weight_grams": data.weight_grams, "dimensions_mm": data.dimensions_mm,
                "barcode": data.barcode, "tax_category": data.tax_category, "active": data.active,
                "is_new": variant.is_new, "place": at })
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let rows = Json(rows);
    sqlx::query!(
        "update products.variants v set sku = n.sku, name = n.name, options = n.options, \
             weight_grams = n.weight_grams, dimensions_mm = n.dimensions_mm, barcode = n.barcode, \
             tax_category = n.tax_category, active = n.active, version = v.version + 1 \
         from jsonb_to_recordset($1) as n(id uuid, sku text, name text, options jsonb, weight_grams int, \
             dimensions_mm int[], barcode text, tax_category text, active boolean, is_new boolean) \
         where v.id = n.id and not n.is_new",
        &rows as _
    )
    .execute(&mut *tx)
    .await?;
    // Behind the variants that a product has already, in the order of the file.
    sqlx::query!(
        "insert into products.variants (id, product_id, sku, name, options, weight_grams, dimensions_mm, barcode, \
             tax_category, active, position) \
         select n.id, n.product_id, n.sku, n.name, n.options, n.weight_grams, n.dimensions_mm, n.barcode, \
             n.tax_category, n.active, \
             coalesce((select max(v.position) from products.variants v where v.product_id = n.product_id), 0) \
                 + row_number() over (partition by n.product_id order by n.place) \
         from jsonb_to_recordset($1) as n(id uuid, product_id uuid, sku text, name text, options jsonb, \
             weight_grams int, dimensions_mm int[], barcode text, tax_category text, active boolean, \
             is_new boolean, place int) where n.is_new",
        &rows as _
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Variants that had prices before and get others.
pub fn repriced<'a>(items: impl IntoIterator<Item = &'a Item>) -> Vec<Uuid> {
    items
        .into_iter()
        .flat_map(|item| item.variants.iter())
        .filter(|variant| variant.are_prices_changed && !variant.is_new)
        .map(|variant| variant.id.0)
        .collect()
}

async fn prices(tx: &mut PgConnection, items: &[&Item]) -> Result<(), sqlx::Error> {
    let old = repriced(items.iter().copied());
    if !old.is_empty() {
        sqlx::query!(
            "delete from products.variant_prices where variant_id = any($1)",
            &old
        )
        .execute(&mut *tx)
        .await?;
    }
    let rows: Vec<Value> = items
        .iter()
        .flat_map(|item| item.variants.iter())
        .filter(|variant| variant.are_prices_changed)
        .flat_map(|variant| variant.prices.iter().map(move |price| (variant.id, price)))
        .map(|(variant, (key, (amount, compare_at)))| {
            json!({ "variant_id": variant.0, "currency": key.currency, "customer_tier": key.customer_tier,
                "min_quantity": key.min_quantity, "amount": amount, "compare_at": compare_at })
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into products.variant_prices (variant_id, currency, customer_tier, min_quantity, amount, compare_at) \
         select n.variant_id, n.currency, n.customer_tier, n.min_quantity, n.amount, n.compare_at \
         from jsonb_to_recordset($1) as n(variant_id uuid, currency text, customer_tier text, min_quantity int, \
             amount bigint, compare_at bigint)",
        Json(rows) as _
    )
    .execute(tx)
    .await?;
    Ok(())
}
