//! Finding products by words, and by what people meant when they mistyped.

use super::{conditions::Match, escaped};
use platform::Db;
use sqlx::PgExecutor;
use uuid::Uuid;

/// Names that are looked at when no product has the words.
const MAX_SIMILAR: i64 = 500;

/// Decides how `text` is looked for: by its words if any product on sale has them, else by similar names.
pub async fn matching(db: &Db, text: &str) -> Result<Match, sqlx::Error> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from products.products p
           where p.visible and p.search @@ websearch_to_tsquery('english', products.plain($1))) as "found!""#,
        text
    )
    .fetch_one(db.pool())
    .await?;
    match found {
        true => Ok(Match::Text(text.to_owned())),
        false => Ok(Match::Similar(similar(db, text).await?)),
    }
}

/// Products whose names have a part like `text`, most similar first.
async fn similar(db: &Db, text: &str) -> Result<Vec<Uuid>, sqlx::Error> {
    let mut tx = db.pool().begin().await?;
    // The index works with the operator, and the operator with this setting.
    sqlx::query!("select set_config('pg_trgm.word_similarity_threshold', '0.35', true) as set")
        .fetch_one(&mut *tx)
        .await?;
    sqlx::query_scalar!(
        r#"select p.id from products.products p
           where p.visible and products.plain($1) operator(public.<%) p.plain_name
           order by public.word_similarity(products.plain($1), p.plain_name) desc, p.id limit $2"#,
        text,
        MAX_SIMILAR
    )
    .fetch_all(&mut *tx)
    .await
}

/// Names of products on sale in which a word begins with `prefix`; those that begin with it first.
pub async fn suggest(db: impl PgExecutor<'_>, prefix: &str, limit: i64) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select name as "name!" from (
               select distinct on (p.plain_name) p.name, p.plain_name, p.sold,
                   p.plain_name like products.plain($1) || '%' as first
               from products.products p
               where p.visible and (p.plain_name like products.plain($1) || '%'
                   or p.plain_name like '% ' || products.plain($1) || '%')
               order by p.plain_name, p.sold desc) names
           order by first desc, sold desc, plain_name limit $2"#,
        escaped(prefix.trim()),
        limit
    )
    .fetch_all(db)
    .await
}
