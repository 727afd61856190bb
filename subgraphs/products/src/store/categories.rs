//! The tree of categories.

use crate::domain::{catalog::Category, filter::ProductWhere};
use platform::ids::CategoryId;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

pub async fn by_ids(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<Category>, sqlx::Error> {
    sqlx::query_as!(
        Category,
        r#"select id as "id: CategoryId", slug, name, parent_id as "parent_id: CategoryId"
           from products.categories where id = any($1)"#,
        ids
    )
    .fetch_all(db)
    .await
}

pub async fn by_slug(db: impl PgExecutor<'_>, slug: &str) -> Result<Option<Category>, sqlx::Error> {
    sqlx::query_as!(
        Category,
        r#"select id as "id: CategoryId", slug, name, parent_id as "parent_id: CategoryId"
           from products.categories where slug = $1"#,
        slug
    )
    .fetch_optional(db)
    .await
}

/// The category that a filter names, and those below it; none if it names none.
pub async fn within(db: impl PgExecutor<'_>, filter: &ProductWhere) -> Result<Vec<Uuid>, sqlx::Error> {
    let named = filter.category_id.as_ref().and_then(|id| CategoryId::parse(id));
    match named {
        Some(id) => {
            sqlx::query_scalar!(r#"select products.subtree($1) as "id!""#, id.0)
                .fetch_all(db)
                .await
        }
        None => Ok(Vec::new()),
    }
}

/// The categories right below these.
pub async fn children(db: impl PgExecutor<'_>, parents: &[Uuid]) -> Result<Vec<Category>, sqlx::Error> {
    sqlx::query_as!(
        Category,
        r#"select id as "id: CategoryId", slug, name, parent_id as "parent_id: CategoryId"
           from products.categories where parent_id = any($1) order by name, id"#,
        parents
    )
    .fetch_all(db)
    .await
}

/// The categories with none above.
pub async fn roots(db: impl PgExecutor<'_>) -> Result<Vec<Category>, sqlx::Error> {
    sqlx::query_as!(
        Category,
        r#"select id as "id: CategoryId", slug, name, parent_id as "parent_id: CategoryId"
           from products.categories where parent_id is null order by name, id"#
    )
    .fetch_all(db)
    .await
}

/// The categories above each of these, the topmost first.
pub async fn ancestors(
    db: impl PgExecutor<'_>,
    ids: &[Uuid],
) -> Result<Vec<(CategoryId, Category)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"with recursive above(leaf, id, depth) as (
               select id, parent_id, 1 from products.categories where id = any($1)
               union all
               select above.leaf, c.parent_id, above.depth + 1
               from products.categories c join above on c.id = above.id where above.depth < 100
           )
           select above.leaf as "leaf!: CategoryId", c.id as "id: CategoryId", c.slug, c.name,
               c.parent_id as "parent_id: CategoryId"
           from above join products.categories c on c.id = above.id order by above.leaf, above.depth desc"#,
        ids
    )
    .fetch_all(db)
    .await?;
    let pair = |row: (CategoryId, CategoryId, String, String, Option<CategoryId>)| {
        let (leaf, id, slug, name, parent_id) = row;
        (
            leaf,
            Category {
                id,
                slug,
                name,
                parent_id,
            },
        )
    };
    Ok(rows
        .into_iter()
        .map(|r| pair((r.leaf, r.id, r.slug, r.name, r.parent_id)))
        .collect())
}

/// Lets one change of the tree happen at a time, so that two moves cannot make a cycle together.
pub async fn lock_tree(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("lock table products.categories in share row exclusive mode")
        .execute(tx)
        .await?;
    Ok(())
}

/// Whether `id` is `root` or below it.
pub async fn is_below(tx: &mut PgConnection, root: CategoryId, id: CategoryId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select $2::uuid in (select products.subtree($1)) as "below!""#,
        root.0,
        id.0
    )
    .fetch_one(tx)
    .await
}

pub async fn upsert(tx: &mut PgConnection, category: &Category) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into products.categories (id, slug, name, parent_id) values ($1, $2, $3, $4) \
         on conflict (id) do update set slug = excluded.slug, name = excluded.name, parent_id = excluded.parent_id",
        category.id.0,
        category.slug,
        category.name,
        category.parent_id.map(Uuid::from)
    )
    .execute(tx)
    .await?;
    Ok(())
}
