//! Products that changed since they were indexed. Triggers fill the queue in the transactions of the changes.

use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// Makes this transaction the only indexer until it ends; false if there is another one.
pub async fn lock(tx: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select pg_try_advisory_xact_lock(hashtextextended('products.search', 0)) as "locked!""#
    )
    .fetch_one(tx)
    .await
}

/// The entries of the `limit` products that have waited longest: their numbers, and whose they are. What was changed
/// often is indexed once.
pub async fn oldest(tx: &mut PgConnection, limit: i64) -> Result<(Vec<i64>, Vec<Uuid>), sqlx::Error> {
    let rows = sqlx::query!(
        r#"with oldest as materialized (
               select seq, product_id from products.search_queue order by seq limit $1::bigint * 20
           ), chosen as (
               select product_id from oldest group by product_id order by min(seq) limit $1
           )
           select seq as "seq!", product_id as "product_id!" from oldest join chosen using (product_id)"#,
        limit
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.seq, row.product_id)).unzip())
}

/// Removes entries by their numbers. Not by "up to": a smaller number may be committed later.
pub async fn remove(tx: &mut PgConnection, entries: &[i64]) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from products.search_queue where seq = any($1)", entries)
        .execute(tx)
        .await?;
    Ok(())
}

/// Replaces all synonyms. They are compared in plain form.
pub async fn set_synonyms(
    tx: &mut PgConnection,
    terms: &[String],
    expansions: &[String],
) -> Result<u64, sqlx::Error> {
    sqlx::query!("delete from products.search_synonyms")
        .execute(&mut *tx)
        .await?;
    let done = sqlx::query!(
        "insert into products.search_synonyms (term, expansion) \
         select distinct term, expansion from (select products.plain(t) as term, products.plain(e) as expansion \
             from unnest($1::text[], $2::text[]) as given(t, e)) plain where term <> expansion",
        terms,
        expansions
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected())
}

/// All synonyms, in order.
pub async fn synonyms(db: impl PgExecutor<'_>) -> Result<Vec<(String, String)>, sqlx::Error> {
    let rows = sqlx::query!("select term, expansion from products.search_synonyms order by term, expansion")
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.term, row.expansion)).collect())
}
