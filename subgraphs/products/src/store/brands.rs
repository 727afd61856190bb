//! Brands.

use crate::domain::catalog::Brand;
use platform::ids::BrandId;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

pub async fn by_ids(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<Brand>, sqlx::Error> {
    sqlx::query_as!(
        Brand,
        r#"select id as "id: BrandId", slug, name from products.brands where id = any($1)"#,
        ids
    )
    .fetch_all(db)
    .await
}

pub async fn by_slug(db: impl PgExecutor<'_>, slug: &str) -> Result<Option<Brand>, sqlx::Error> {
    sqlx::query_as!(
        Brand,
        r#"select id as "id: BrandId", slug, name from products.brands where slug = $1"#,
        slug
    )
    .fetch_optional(db)
    .await
}

/// Brands by name, after the brand `after`.
pub async fn page(
    db: impl PgExecutor<'_>,
    after: Option<BrandId>,
    limit: i64,
) -> Result<Vec<Brand>, sqlx::Error> {
    sqlx::query_as!(
        Brand,
        r#"select id as "id: BrandId", slug, name from products.brands
           where $1::uuid is null
               or (lower(name), id) > (select lower(b.name), b.id from products.brands b where b.id = $1)
           order by lower(name), id limit $2"#,
        after.map(Uuid::from),
        limit
    )
    .fetch_all(db)
    .await
}

/// Locks a brand until the transaction ends; false if there is none.
pub async fn lock(tx: &mut PgConnection, id: BrandId) -> Result<bool, sqlx::Error> {
    let found = sqlx::query!(
        "select 1 as one from products.brands where id = $1 for update",
        id.0
    )
    .fetch_optional(tx)
    .await?;
    Ok(found.is_some())
}

pub async fn upsert(tx: &mut PgConnection, brand: &Brand) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into products.brands (id, slug, name) values ($1, $2, $3) \
         on conflict (id) do update set slug = excluded.slug, name = excluded.name",
        brand.id.0,
        brand.slug,
        brand.name
    )
    .execute(tx)
    .await?;
    Ok(())
}
