//! Products of another system, a thousand at a time, in a fixed number of statements.

use platform::{
    Currency,
    ids::{CategoryId, ProductId, VariantId, VendorId},
};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// A variant that exists already.
#[derive(Debug)]
pub struct Known {
    pub sku: String,
    pub variant: VariantId,
    pub product: ProductId,
    pub vendor: VendorId,
}

/// Who has these SKUs; `skus` are lower case. In the order in which rows are locked.
pub async fn known(db: impl PgExecutor<'_>, skus: &[String]) -> Result<Vec<Known>, sqlx::Error> {
    sqlx::query_as!(
        Known,
        r#"select lower(v.sku) as "sku!", v.id as "variant: VariantId", p.id as "product: ProductId",
               p.vendor_id as "vendor: VendorId"
           from products.variants v join products.products p on p.id = v.product_id
           where lower(v.sku) = any($1) order by p.id for update of p"#,
        skus
    )
    .fetch_all(db)
    .await
}

/// The category with this slug, made if there is none.
pub async fn category(tx: &mut PgConnection, slug: &str, name: &str) -> Result<CategoryId, sqlx::Error> {
    sqlx::query_scalar!(
        r#"insert into products.categories (id, slug, name) values ($1, $2, $3)
           on conflict (slug) do update set slug = excluded.slug returning id as "id: CategoryId""#,
        CategoryId::new().0,
        slug,
        name
    )
    .fetch_one(tx)
    .await
}

/// Columns of a batch, in equal order.
#[derive(Debug, Default)]
pub struct Batch {
    pub products: Vec<Uuid>,
    pub variants: Vec<Uuid>,
    pub skus: Vec<String>,
    pub slugs: Vec<String>,
    pub names: Vec<String>,
    pub prices: Vec<i64>,
    pub weights: Vec<i32>,
}

/// Makes the products that are new, approved and published.
pub async fn insert(
    tx: &mut PgConnection,
    vendor: VendorId,
    category: CategoryId,
    currency: Currency,
    new: &Batch,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into products.products (id, slug, kind, name, vendor_id, category_id, status, published, publish_at, \
             vendor_approved, currency, min_price, max_price, keywords) \
         select n.id, n.slug, 'GENERIC', n.name, $1, $2, 'APPROVED', true, products.now(), \
             coalesce((select approved from products.vendors where id = $1), false), $3, n.price, n.price, n.sku \
         from unnest($4::uuid[], $5::text[], $6::text[], $7::bigint[], $8::text[]) as n(id, slug, name, price, sku)",
        vendor.0,
        category.0,
        currency.as_str(),
        &new.products,
        &new.slugs,
        &new.names,
        &new.prices,
        &new.skus
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "insert into products.variants (id, product_id, sku, name, weight_grams, tax_category, position) \
         select n.id, n.product, n.sku, 'Standard', n.weight, 'standard', 1 \
         from unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[]) as n(id, product, sku, weight)",
        &new.variants,
        &new.products,
        &new.skus,
        &new.weights
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Renames and reweighs the products that exist.
pub async fn update(tx: &mut PgConnection, old: &Batch) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.products p set name = n.name, version = version + 1, updated_at = products.now() \
         from unnest($1::uuid[], $2::text[]) as n(id, name) where p.id = n.id and p.name <> n.name",
        &old.products,
        &old.names
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "update products.variants v set weight_grams = n.weight, version = version + 1 \
         from unnest($1::uuid[], $2::int[]) as n(id, weight) where v.id = n.id and v.weight_grams <> n.weight",
        &old.variants,
        &old.weights
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Sets everybody's price of one piece of each variant.
pub async fn set_prices(
    tx: &mut PgConnection,
    currency: Currency,
    variants: &[Uuid],
    prices: &[i64],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into products.variant_prices (variant_id, currency, min_quantity, amount) \
         select n.variant, $1, 1, n.price from unnest($2::uuid[], $3::bigint[]) as n(variant, price) \
         on conflict (variant_id, currency, customer_tier, min_quantity) do update set amount = excluded.amount, \
             compare_at = case when variant_prices.compare_at > excluded.amount then variant_prices.compare_at end",
        currency.as_str(),
        variants,
        prices
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Which of these slugs are in use.
pub async fn used_slugs(db: impl PgExecutor<'_>, slugs: &[String]) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!("select slug from products.products where slug = any($1)", slugs)
        .fetch_all(db)
        .await
}
