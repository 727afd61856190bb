//! Products, one by one.

use super::Scope;
use crate::domain::{product::Product, revision::Content, status::ProductStatus};
use contracts::events::{ProductChanged, ProductVariant};
use platform::{
    Currency,
    ids::{ProductId, VariantId, VendorId},
};
use sqlx::{PgConnection, PgExecutor, types::Json};
use uuid::Uuid;

/// The columns of [`Product`], of the table alias `p`.
macro_rules! columns {
    () => {
        "p.id, p.slug, p.kind, p.name, p.description, p.vendor_id, p.brand_id, p.category_id, p.status, p.published, \
         p.publish_at, p.unpublish_at, p.visible, p.details, p.attributes, p.currency, p.min_price, p.max_price, p.rating_count, \
         p.rating_sum, p.rating_histogram, p.created_at, p.updated_at, p.version"
    };
}
pub(super) use columns;

pub async fn by_ids(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    ids: &[Uuid],
) -> Result<Vec<Product>, sqlx::Error> {
    sqlx::query_as(concat!(
        "select ",
        columns!(),
        " from products.products p where p.id = any($1) and (p.visible or $2 or p.vendor_id = any($3))"
    ))
    .bind(ids)
    .bind(scope.staff)
    .bind(&scope.vendors)
    .fetch_all(db)
    .await
}

pub async fn by_slug(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    slug: &str,
) -> Result<Option<Product>, sqlx::Error> {
    sqlx::query_as(concat!(
        "select ",
        columns!(),
        " from products.products p where p.slug = $1 and (p.visible or $2 or p.vendor_id = any($3))"
    ))
    .bind(slug)
    .bind(scope.staff)
    .bind(&scope.vendors)
    .fetch_optional(db)
    .await
}

pub async fn by_sku(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    sku: &str,
) -> Result<Option<Product>, sqlx::Error> {
    sqlx::query_as(concat!(
        "select ",
        columns!(),
        " from products.products p join products.variants v on v.product_id = p.id \
         where lower(v.sku) = lower($1) and ((p.visible and v.active) or $2 or p.vendor_id = any($3))"
    ))
    .bind(sku)
    .bind(scope.staff)
    .bind(&scope.vendors)
    .fetch_optional(db)
    .await
}

/// Locks a product until the transaction ends.
pub async fn lock(tx: &mut PgConnection, id: ProductId) -> Result<Option<Product>, sqlx::Error> {
    sqlx::query_as(concat!(
        "select ",
        columns!(),
        " from products.products p where p.id = $1 for update"
    ))
    .bind(id)
    .fetch_optional(tx)
    .await
}

/// A product that nobody has seen yet.
pub struct NewProduct<'a> {
    pub id: ProductId,
    pub vendor: VendorId,
    pub vendor_approved: bool,
    pub currency: Currency,
    pub content: &'a Content,
}

pub async fn insert(tx: &mut PgConnection, new: &NewProduct<'_>) -> Result<(), sqlx::Error> {
    let content = new.content;
    sqlx::query!(
        "insert into products.products (id, slug, kind, name, description, vendor_id, brand_id, category_id, status, \
         vendor_approved, details, attributes, currency, min_price, max_price) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, 'DRAFT', $9, $10, $11, $12, 0, 0)",
        new.id.0,
        content.slug,
        content.kind.as_str(),
        content.name,
        content.description,
        new.vendor.0,
        content.brand_id.map(Uuid::from),
        content.category_id.0,
        new.vendor_approved,
        content.details.as_ref().map(Json) as _,
        Json(&content.attributes) as _,
        new.currency.as_str(),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Puts edited content on sale.
pub async fn apply(tx: &mut PgConnection, id: ProductId, content: &Content) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.products set slug = $2, kind = $3, name = $4, description = $5, brand_id = $6, \
         category_id = $7, details = $8, attributes = $9 where id = $1",
        id.0,
        content.slug,
        content.kind.as_str(),
        content.name,
        content.description,
        content.brand_id.map(Uuid::from),
        content.category_id.0,
        content.details.as_ref().map(Json) as _,
        Json(&content.attributes) as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn set_status(
    tx: &mut PgConnection,
    id: ProductId,
    status: ProductStatus,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.products set status = $2 where id = $1",
        id.0,
        status.as_str()
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Publishes now (`at` is null), later (`at` is a moment to come) or not at all. An end that would come before it is
/// forgotten.
pub async fn set_published(
    tx: &mut PgConnection,
    id: ProductId,
    published: bool,
    at: Option<chrono::DateTime<chrono::Utc>>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.products set published = $2, \
         publish_at = case when $2 then products.now() else $3::timestamptz end, \
         unpublish_at = case when ($2 or $3 is not null) and unpublish_at > coalesce($3, products.now()) \
             then unpublish_at end where id = $1",
        id.0,
        published,
        at
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes it out of the shop window at a moment to come.
pub async fn set_end(
    tx: &mut PgConnection,
    id: ProductId,
    at: chrono::DateTime<chrono::Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.products set unpublish_at = $2 where id = $1",
        id.0,
        at
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes products out of the shop window whose time is over; other processes pass over them.
pub async fn unpublish_due(tx: &mut PgConnection, limit: i64) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "with due as (
             select id from products.products where unpublish_at <= products.now()
             order by unpublish_at limit $1 for update skip locked)
         update products.products p set published = false, publish_at = null, unpublish_at = null,
             version = version + 1, updated_at = products.now()
         from due where p.id = due.id returning p.id",
        limit
    )
    .fetch_all(tx)
    .await
}

/// Publishes products whose moment has come; other processes pass over them. The moment they were meant for stays.
pub async fn publish_due(tx: &mut PgConnection, limit: i64) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "with due as (
             select id from products.products where not published and publish_at <= products.now()
             order by publish_at limit $1 for update skip locked)
         update products.products p set published = true, version = version + 1, updated_at = products.now()
         from due where p.id = due.id returning p.id",
        limit
    )
    .fetch_all(tx)
    .await
}

/// Counts a change.
pub async fn touch(tx: &mut PgConnection, id: ProductId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.products set version = version + 1, updated_at = products.now() where id = $1",
        id.0
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// What other services are told of these products.
pub async fn changes(tx: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<ProductChanged>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select p.id as "product: ProductId", p.vendor_id as "vendor: VendorId", p.visible,
               v.id as "variant: VariantId", v.sku, v.active
           from products.products p join products.variants v on v.product_id = p.id
           where p.id = any($1) order by p.id, v.position, v.id"#,
        ids
    )
    .fetch_all(tx)
    .await?;
    let mut changes: Vec<ProductChanged> = Vec::new();
    for row in rows {
        let variant = ProductVariant {
            id: row.variant,
            sku: row.sku,
            active: row.active,
        };
        match changes.last_mut() {
            Some(change) if change.product == row.product => change.variants.push(variant),
            _ => changes.push(ProductChanged {
                product: row.product,
                vendor: row.vendor,
                published: row.visible,
                variants: vec![variant],
            }),
        }
    }
    Ok(changes)
}

/// Whether another product has this slug.
pub async fn slug_taken(tx: &mut PgConnection, slug: &str, except: ProductId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from products.products where slug = $1 and id <> $2) as "taken!""#,
        slug,
        except.0
    )
    .fetch_one(tx)
    .await
}

/// Adds sold pieces. Rows are taken in ID order, so that two orders cannot wait for each other.
pub async fn add_sold(tx: &mut PgConnection, ids: &[Uuid], pieces: &[i64]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "select 1 as one from products.products where id = any($1) order by id for update",
        ids
    )
    .fetch_all(&mut *tx)
    .await?;
    sqlx::query!(
        "update products.products p set sold = p.sold + s.pieces from ( \
             select id, sum(pieces)::bigint as pieces from unnest($1::uuid[], $2::bigint[]) as sold(id, pieces) \
             group by id) s where p.id = s.id",
        ids,
        pieces
    )
    .execute(tx)
    .await?;
    Ok(())
}
