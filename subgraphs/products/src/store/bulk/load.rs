//! The products that a part of a file may be about, and what it refers to.

use crate::{
    domain::{
        bulk::{catalogue::References, item::Item},
        catalog::{Brand, Category},
        price::Price,
        product::Product,
        revision::Revision,
        variant::Variant,
    },
    store::{self, Scope},
};
use platform::ids::{BrandId, CategoryId, ProductId, VariantId, VendorId};
use sqlx::{PgConnection, PgExecutor};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// What a part of a file names.
#[derive(Debug, Default)]
pub struct Named {
    pub slugs: Vec<String>,
    /// In lower case.
    pub skus: Vec<String>,
    /// Slugs and names.
    pub brands: Vec<String>,
}

/// What is there of what was named.
pub struct Found {
    /// The vendor's own products.
    pub items: Vec<Item>,
    /// SKUs of other vendors.
    pub foreign: HashSet<String>,
    pub references: References,
}

/// Loads and, unless it is for a look only, locks.
pub async fn load(
    tx: &mut PgConnection,
    vendor: VendorId,
    named: &Named,
    look_only: bool,
) -> Result<Found, sqlx::Error> {
    let mut ids: HashSet<Uuid> = HashSet::new();
    let mut foreign = HashSet::new();
    for (sku, product, owner) in owners(&mut *tx, &named.skus).await? {
        match owner == vendor {
            true => drop(ids.insert(product)),
            false => drop(foreign.insert(sku)),
        }
    }
    let slugs = slug_owners(&mut *tx, &named.slugs).await?;
    ids.extend(slugs.iter().filter(|slug| slug.2 == vendor).map(|slug| slug.1.0));
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let products = match look_only {
        true => store::products::by_ids(&mut *tx, &Scope::all(), &ids).await?,
        false => lock(&mut *tx, &ids).await?,
    };
    let items = items(tx, products).await?;
    let own: Vec<Uuid> = items
        .iter()
        .filter_map(|item| item.content.brand_id.map(Uuid::from))
        .collect();
    let mut references = references(tx, &named.brands, &own).await?;
    references.slugs = slugs
        .into_iter()
        .map(|(slug, product, _)| (slug, product))
        .collect();
    Ok(Found {
        items,
        foreign,
        references,
    })
}

/// In the order in which everybody locks products.
async fn lock(tx: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Product>, sqlx::Error> {
    sqlx::query_as(concat!(
        "select ",
        store::products::columns!(),
        " from products.products p where p.id = any($1) order by p.id for update"
    ))
    .bind(ids)
    .fetch_all(tx)
    .await
}

/// Products with all that belongs to them.
pub async fn items(tx: &mut PgConnection, products: Vec<Product>) -> Result<Vec<Item>, sqlx::Error> {
    let ids: Vec<Uuid> = products.iter().map(|product| product.id.0).collect();
    let variants = store::variants::by_products(&mut *tx, &Scope::all(), &ids).await?;
    let variant_ids: Vec<Uuid> = variants.iter().map(|variant| variant.id.0).collect();
    let mut prices: HashMap<VariantId, Vec<Price>> = HashMap::new();
    for price in store::prices::of(&mut *tx, &variant_ids).await? {
        prices.entry(price.variant_id).or_default().push(price);
    }
    let mut revisions: HashMap<ProductId, Revision> = store::revisions::open(&mut *tx, &ids)
        .await?
        .into_iter()
        .map(|revision| (revision.product_id, revision))
        .collect();
    let mut of: HashMap<ProductId, Vec<Variant>> = HashMap::new();
    for variant in variants {
        of.entry(variant.product_id).or_default().push(variant);
    }
    let item = |product: &Product| {
        let variants = of.remove(&product.id).unwrap_or_default();
        Item::new(product, revisions.remove(&product.id), variants, &prices)
    };
    Ok(products.iter().map(item).collect())
}

/// All categories and attributes, and the brands that are named or used.
pub async fn references(
    tx: &mut PgConnection,
    brands: &[String],
    ids: &[Uuid],
) -> Result<References, sqlx::Error> {
    let categories = sqlx::query_as!(
        Category,
        r#"select id as "id: CategoryId", slug, name, parent_id as "parent_id: CategoryId" from products.categories"#
    )
    .fetch_all(&mut *tx)
    .await?;
    let lower: Vec<String> = brands.iter().map(|name| name.to_lowercase()).collect();
    let brands = sqlx::query_as!(
        Brand,
        r#"select id as "id: BrandId", slug, name from products.brands
           where slug = any($1) or lower(name) = any($2) or id = any($3) order by id"#,
        brands,
        &lower,
        ids
    )
    .fetch_all(&mut *tx)
    .await?;
    let attributes = store::attributes::of_kind(tx, None).await?;
    Ok(References::new(categories, brands, attributes))
}

async fn owners(
    db: impl PgExecutor<'_>,
    skus: &[String],
) -> Result<Vec<(String, Uuid, VendorId)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select lower(v.sku) as "sku!", p.id, p.vendor_id as "vendor: VendorId"
           from products.variants v join products.products p on p.id = v.product_id where lower(v.sku) = any($1)"#,
        skus
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.sku, row.id, row.vendor))
        .collect())
}

async fn slug_owners(
    db: impl PgExecutor<'_>,
    slugs: &[String],
) -> Result<Vec<(String, ProductId, VendorId)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select slug, id as "id: ProductId", vendor_id as "vendor: VendorId" from products.products
           where slug = any($1)"#,
        slugs
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.slug, row.id, row.vendor))
        .collect())
}
