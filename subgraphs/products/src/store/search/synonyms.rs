//! Synonyms, word by word.

use crate::domain::synonyms::SearchSynonym;
use sqlx::{PgConnection, PgExecutor};

/// Lets one change happen at a time; searches go on.
pub async fn lock(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("lock table products.search_synonyms in share row exclusive mode")
        .execute(tx)
        .await?;
    Ok(())
}

/// How many pairs there are.
pub async fn count(tx: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(r#"select count(*) as "count!" from products.search_synonyms"#)
        .fetch_one(tx)
        .await
}

/// Adds pairs. They are compared in plain form.
pub async fn add(tx: &mut PgConnection, words: &[String], meanings: &[String]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into products.search_synonyms (term, expansion) \
         select distinct term, expansion from (select products.plain(t) as term, products.plain(e) as expansion \
             from unnest($1::text[], $2::text[]) as given(t, e)) plain where term <> expansion \
         on conflict do nothing",
        words,
        meanings
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Removes a word, and itself from what others mean.
pub async fn remove(tx: &mut PgConnection, word: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from products.search_synonyms where term = products.plain($1) or expansion = products.plain($1)",
        word
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Words after `after`, in order, each with what it means too.
pub async fn page(
    db: impl PgExecutor<'_>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<SearchSynonym>, sqlx::Error> {
    sqlx::query_as!(
        SearchSynonym,
        r#"select term as word, array_agg(expansion order by expansion) as "synonyms!"
           from products.search_synonyms where term > coalesce($1, '')
           group by term order by term limit $2"#,
        after,
        limit
    )
    .fetch_all(db)
    .await
}
