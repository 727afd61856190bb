//! Imports that wait for their files.

use platform::ids::CatalogImportId;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// Takes imports whose file may have come. Whoever takes them has a minute.
pub async fn take_waiting(db: impl PgExecutor<'_>, limit: i64) -> Result<Vec<CatalogImportId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"update products.catalog_imports set look_at = clock_timestamp() + interval '1 minute'
           where id in (select id from products.catalog_imports
               where status = 'AWAITING_UPLOAD' and look_at <= clock_timestamp()
               order by look_at limit $1 for update skip locked)
           returning id as "id: CatalogImportId""#,
        limit
    )
    .fetch_all(db)
    .await
}

/// Says when to look at them again: the longer they have waited, the more seldom.
pub async fn look_later(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.catalog_imports set look_at = clock_timestamp() \
             + greatest(interval '1 second', least((clock_timestamp() - created_at) / 20, interval '30 seconds')) \
         where id = any($1) and status = 'AWAITING_UPLOAD'",
        ids
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Gives an import its file, unless it has one or has ended.
pub async fn set_file(
    tx: &mut PgConnection,
    id: CatalogImportId,
    bytes: i64,
    tag: Option<&str>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update products.catalog_imports set file_bytes = $2, file_tag = $3, status = 'QUEUED' \
         where id = $1 and status = 'AWAITING_UPLOAD'",
        id.0,
        bytes,
        tag
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Which of these imports still need a file: that which is being sent, or that which they read.
pub async fn needed(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "select id from products.catalog_imports where id = any($1) and finished_at is null",
        ids
    )
    .fetch_all(db)
    .await
}
