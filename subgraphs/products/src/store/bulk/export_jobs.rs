//! Exports that are asked for.

use crate::{
    domain::bulk::{export::CatalogExport, job::Format},
    store::Scope,
};
use platform::ids::{CatalogExportId, VendorId};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

pub async fn by_ids(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    ids: &[Uuid],
) -> Result<Vec<CatalogExport>, sqlx::Error> {
    sqlx::query_as(
        "select id, vendor_id, format, status, created_at, finished_at, expires_at from products.catalog_exports \
         where id = any($1) and expires_at > clock_timestamp() and ($2 or vendor_id = any($3))",
    )
    .bind(ids)
    .bind(scope.staff)
    .bind(&scope.vendors)
    .fetch_all(db)
    .await
}

/// Exports of a vendor whose files may still be there.
pub async fn count(tx: &mut PgConnection, vendor: VendorId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from products.catalog_exports
           where vendor_id = $1 and expires_at > clock_timestamp()"#,
        vendor.0
    )
    .fetch_one(tx)
    .await
}

/// Asks for an export; returns the one that waits already, if one does.
pub async fn ask(
    tx: &mut PgConnection,
    vendor: VendorId,
    format: Format,
) -> Result<CatalogExportId, sqlx::Error> {
    sqlx::query_scalar!(
        r#"insert into products.catalog_exports (id, vendor_id, format) values ($1, $2, $3)
           on conflict (vendor_id, format) where status = 'QUEUED' do update set vendor_id = excluded.vendor_id
           returning id as "id: CatalogExportId""#,
        CatalogExportId::new().0,
        vendor.0,
        format.as_str()
    )
    .fetch_one(tx)
    .await
}

/// An export to be written.
#[derive(Debug)]
pub struct Job {
    pub id: CatalogExportId,
    pub vendor: VendorId,
    pub format: Format,
    /// Also tells two workers apart that both think that it is theirs.
    pub attempts: i32,
}

/// Takes the oldest export that nobody writes. Whoever takes it has a minute, and more with [`renew`].
pub async fn claim(db: impl PgExecutor<'_>) -> Result<Option<Job>, sqlx::Error> {
    sqlx::query_as!(
        Job,
        r#"update products.catalog_exports set status = 'RUNNING', attempts = attempts + 1,
               claimed_until = clock_timestamp() + interval '1 minute'
           where id = (select id from products.catalog_exports
               where status in ('QUEUED', 'RUNNING') and (claimed_until is null or claimed_until < clock_timestamp())
               order by created_at, id limit 1 for update skip locked)
           returning id as "id: CatalogExportId", vendor_id as "vendor: VendorId", format as "format: Format", attempts"#
    )
    .fetch_optional(db)
    .await
}

/// Keeps an export for another minute; false if somebody else has it.
pub async fn renew(db: impl PgExecutor<'_>, job: &Job) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update products.catalog_exports set claimed_until = clock_timestamp() + interval '1 minute' \
         where id = $1 and status = 'RUNNING' and attempts = $2",
        job.id.0,
        job.attempts
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Lets it be tried again a little later.
pub async fn release(db: impl PgExecutor<'_>, job: &Job) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.catalog_exports set claimed_until = clock_timestamp() + interval '10 seconds' \
         where id = $1 and status = 'RUNNING' and attempts = $2",
        job.id.0,
        job.attempts
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends an export; the file is then there for a day.
pub async fn finish(db: impl PgExecutor<'_>, job: &Job, status: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.catalog_exports set status = $3, finished_at = products.now(), \
             expires_at = clock_timestamp() + interval '1 day' \
         where id = $1 and status = 'RUNNING' and attempts = $2",
        job.id.0,
        job.attempts,
        status
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets exports whose files are gone.
pub async fn clean(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from products.catalog_exports where expires_at < clock_timestamp()")
        .execute(tx)
        .await?;
    Ok(())
}

/// Which of these exports are not forgotten.
pub async fn needed(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!("select id from products.catalog_exports where id = any($1)", ids)
        .fetch_all(db)
        .await
}
