//! The documents, in two generations: one is searched, the other one is free or being built. What a document consists
//! of is the view `products.search_source`.

use crate::search::IndexStatus;
use sqlx::{AssertSqlSafe, PgConnection, PgExecutor, PgPool};
use uuid::Uuid;

/// Documents that are written, or removed, in one transaction of a rebuild.
const BATCH: i64 = 500;

/// Indexes these products in every generation that is searched or being built.
pub async fn update(db: impl PgExecutor<'_>, products: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "select products.index_documents(generation, $1) as written from products.search_generations \
         where state in ('ACTIVE', 'BUILDING')",
        products
    )
    .fetch_all(db)
    .await?;
    Ok(())
}

/// Whether there is a text search configuration of this name.
pub async fn is_language(db: impl PgExecutor<'_>, name: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from pg_catalog.pg_ts_config where cfgname = $1
               and cfgnamespace = 'pg_catalog'::regnamespace) as "known!""#,
        name
    )
    .fetch_one(db)
    .await
}

/// Asks for a new generation; false if one is on its way.
pub async fn rebuild(db: &PgPool, language: Option<&str>) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update products.search_generations g set state = 'PENDING', indexed_to = null, documents = 0, \
             changed_at = clock_timestamp(), config = coalesce($1, a.config) \
         from products.search_generations a where a.state = 'ACTIVE' and g.state in ('EMPTY', 'RETIRED')",
        language
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Empties, fills or finishes the generation that is not searched; returns whether there is more to do.
pub async fn step(tx: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let other = sqlx::query!(
        "select generation, state, indexed_to from products.search_generations \
         where state in ('PENDING', 'BUILDING', 'RETIRED') for update"
    )
    .fetch_optional(&mut *tx)
    .await?;
    match other {
        None => Ok(false),
        Some(other) if other.state == "BUILDING" => fill(tx, other.generation, other.indexed_to).await,
        Some(other) => clear(tx, other.generation).await,
    }
}

/// Removes documents of a generation, and then says that it is empty or ready to be filled.
async fn clear(tx: &mut PgConnection, generation: i16) -> Result<bool, sqlx::Error> {
    let documents = sqlx::query!(
        "delete from products.search_documents where generation = $1 and id in \
             (select id from products.search_documents where generation = $1 limit $2)",
        generation,
        BATCH * 10
    )
    .execute(&mut *tx)
    .await?;
    if documents.rows_affected() > 0 {
        return Ok(true);
    }
    sqlx::query!(
        "with words as (delete from products.search_words where generation = $1) \
         delete from products.search_counts where generation = $1",
        generation
    )
    .execute(&mut *tx)
    .await?;
    let state = sqlx::query_scalar!(
        "update products.search_generations set changed_at = clock_timestamp(), \
             state = case state when 'PENDING' then 'BUILDING' else 'EMPTY' end where generation = $1 returning state",
        generation
    )
    .fetch_one(tx)
    .await?;
    Ok(state == "BUILDING")
}

/// Indexes the products behind `after`; if there are none, the generation becomes the one that is searched.
async fn fill(tx: &mut PgConnection, generation: i16, after: Option<Uuid>) -> Result<bool, sqlx::Error> {
    let ids = sqlx::query_scalar!(
        "select id from products.products where visible and id > $1 order by id limit $2",
        after.unwrap_or_default(),
        BATCH
    )
    .fetch_all(&mut *tx)
    .await?;
    if ids.is_empty() {
        return switch(tx, generation).await;
    }
    sqlx::query!(
        "update products.search_generations set indexed_to = $2, changed_at = clock_timestamp(), \
             documents = documents + products.index_documents($1, $3) where generation = $1",
        generation,
        ids.last(),
        &ids
    )
    .execute(tx)
    .await?;
    Ok(true)
}

/// Puts a generation in the place of the other one. Searches under way see the one that they began with.
async fn switch(tx: &mut PgConnection, generation: i16) -> Result<bool, sqlx::Error> {
    // The planner should know the new documents before the first search. Who does not own them may not look; then
    // autovacuum does within a minute.
    sqlx::raw_sql(AssertSqlSafe(format!(
        "analyze products.search_documents_{generation}, products.search_counts"
    )))
    .execute(&mut *tx)
    .await?;
    for (from, to) in [("ACTIVE", "RETIRED"), ("BUILDING", "ACTIVE")] {
        sqlx::query!(
            "update products.search_generations set state = $2, changed_at = clock_timestamp() where state = $1",
            from,
            to
        )
        .execute(&mut *tx)
        .await?;
    }
    Ok(true)
}

pub async fn status(db: impl PgExecutor<'_>) -> Result<IndexStatus, sqlx::Error> {
    sqlx::query_as!(
        IndexStatus,
        r#"select config as language,
               (select count(*) from products.search_documents d where d.generation = g.generation) as "documents!",
               (select count(*) from products.search_queue) as "queued!",
               (select documents from products.search_generations where state in ('PENDING', 'BUILDING')) as rebuilding
           from products.search_generations g where state = 'ACTIVE'"#
    )
    .fetch_one(db)
    .await
}
