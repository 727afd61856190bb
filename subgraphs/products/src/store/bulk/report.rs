//! What imports say about their lines.

use crate::domain::bulk::{
    catalogue::Reported,
    job::{ImportLine, LineStatus},
    reviews::plan::Outcome,
};
use platform::ids::CatalogImportId;
use serde_json::{Value, json};
use sqlx::{PgConnection, PgExecutor, types::Json};
use std::collections::HashMap;
use uuid::Uuid;

pub async fn insert(
    tx: &mut PgConnection,
    import: CatalogImportId,
    lines: &[Reported],
) -> Result<(), sqlx::Error> {
    let row = |line: &Reported| {
        let errors = (!line.errors.is_empty()).then_some(&line.errors);
        json!({ "line": line.line, "status": line.status, "sku": line.sku,
            "product_id": line.product.map(Uuid::from), "errors": errors })
    };
    rows(tx, import, lines.iter().map(row).collect()).await
}

/// The same of reviews.
pub async fn insert_reviews(
    tx: &mut PgConnection,
    import: CatalogImportId,
    lines: &[Outcome],
) -> Result<(), sqlx::Error> {
    let row = |line: &Outcome| {
        let errors = (!line.errors.is_empty()).then_some(&line.errors);
        json!({ "line": line.line, "status": line.status, "sku": line.product_name,
            "product_id": line.product.map(Uuid::from), "review_id": line.review.map(Uuid::from), "errors": errors })
    };
    rows(tx, import, lines.iter().map(row).collect()).await
}

async fn rows(tx: &mut PgConnection, import: CatalogImportId, rows: Vec<Value>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into products.catalog_import_lines (import_id, line, status, sku, product_id, review_id, errors) \
         select $1, n.line, n.status, n.sku, n.product_id, n.review_id, n.errors from jsonb_to_recordset($2) \
             as n(line int, status text, sku text, product_id uuid, review_id uuid, errors jsonb)",
        import.0,
        Json(rows) as _
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Lines of a report after line `after`, of some states or all.
pub async fn lines(
    db: impl PgExecutor<'_>,
    import: CatalogImportId,
    statuses: Option<&[LineStatus]>,
    after: i32,
    limit: i64,
) -> Result<Vec<ImportLine>, sqlx::Error> {
    let statuses: Option<Vec<String>> =
        statuses.map(|all| all.iter().map(|s| s.as_str().to_owned()).collect());
    // The refused ones have an index of their own; without the constant in the statement it would not be used.
    let only_refused = statuses
        .as_ref()
        .is_some_and(|all| all.iter().all(|s| s == "REFUSED"));
    let sql = match only_refused {
        true => {
            "select line, status, sku, product_id, review_id, errors from products.catalog_import_lines \
             where import_id = $1 and line > $2 and status = 'REFUSED' and $4::text[] is not null \
             order by line limit $3"
        }
        false => {
            "select line, status, sku, product_id, review_id, errors from products.catalog_import_lines \
             where import_id = $1 and line > $2 and ($4::text[] is null or status = any($4)) order by line limit $3"
        }
    };
    sqlx::query_as(sql)
        .bind(import)
        .bind(after)
        .bind(limit)
        .bind(statuses)
        .fetch_all(db)
        .await
}

/// Remembers in which lines SKUs stand, and returns for each the first one; `skus` are lower case. For reviews they are
/// keys.
pub async fn first_lines(
    tx: &mut PgConnection,
    import: CatalogImportId,
    skus: &[String],
    lines: &[i32],
) -> Result<HashMap<String, i32>, sqlx::Error> {
    sqlx::query!(
        "insert into products.catalog_import_skus (import_id, sku, line) \
         select $1, n.sku, min(n.line) from unnest($2::text[], $3::int[]) as n(sku, line) group by n.sku \
         on conflict do nothing",
        import.0,
        skus,
        lines
    )
    .execute(&mut *tx)
    .await?;
    let rows = sqlx::query!(
        "select sku, line from products.catalog_import_skus where import_id = $1 and sku = any($2)",
        import.0,
        skus
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.sku, row.line)).collect())
}
