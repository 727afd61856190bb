//! Bytes of files, in pieces.

use sqlx::PgExecutor;
use uuid::Uuid;

pub async fn insert(
    db: impl PgExecutor<'_>,
    file: Uuid,
    position: i32,
    content: &[u8],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into products.catalog_import_pieces (file_id, position, content) values ($1, $2, $3)",
        file,
        position,
        content
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A piece, and whether another one follows.
pub async fn read(
    db: impl PgExecutor<'_>,
    file: Uuid,
    position: i32,
) -> Result<Option<(Vec<u8>, bool)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select content, exists (select from products.catalog_import_pieces next
               where next.file_id = $1 and next.position > $2) as "more!"
           from products.catalog_import_pieces where file_id = $1 and position = $2"#,
        file,
        position
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.content, row.more)))
}

/// Forgets an upload that cannot become a file.
pub async fn delete(db: impl PgExecutor<'_>, file: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from products.catalog_import_pieces where file_id = $1",
        file
    )
    .execute(db)
    .await?;
    Ok(())
}
