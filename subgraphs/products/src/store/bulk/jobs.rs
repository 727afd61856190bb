//! Imports and their checkpoints.

use crate::{
    domain::bulk::job::{CatalogImport, Counts, Format, Stage, Subject},
    store::Scope,
};
use platform::ids::{CatalogImportId, UserId, VendorId};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// The columns of [`CatalogImport`].
macro_rules! columns {
    () => {
        "id, vendor_id, subject, format, stage, dry_run, status, file_bytes, bytes_done, created_count, updated_count, \
         unchanged_count, refused_count, error, created_at, started_at, finished_at"
    };
}

pub async fn by_ids(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    ids: &[Uuid],
) -> Result<Vec<CatalogImport>, sqlx::Error> {
    sqlx::query_as(concat!(
        "select ",
        columns!(),
        " from products.catalog_imports where id = any($1) and ($2 or vendor_id = any($3))"
    ))
    .bind(ids)
    .bind(scope.staff)
    .bind(&scope.vendors)
    .fetch_all(db)
    .await
}

/// Imports of a vendor, or without one of the shop, the newest first.
pub async fn of_vendor(
    db: impl PgExecutor<'_>,
    vendor: Option<VendorId>,
    after: Option<(i64, Uuid)>,
    limit: i64,
) -> Result<Vec<CatalogImport>, sqlx::Error> {
    let (at, id) = after.unzip();
    sqlx::query_as(concat!(
        "select ",
        columns!(),
        " from products.catalog_imports where vendor_id is not distinct from $1 and ($2::timestamptz is null or (created_at, id) < ($2, $3)) \
         order by created_at desc, id desc limit $4"
    ))
    .bind(vendor)
    .bind(at.and_then(chrono::DateTime::from_timestamp_micros))
    .bind(id)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// An import to be made.
pub struct NewImport {
    pub id: CatalogImportId,
    pub vendor: Option<VendorId>,
    pub subject: Subject,
    pub by: Option<UserId>,
    pub staff: bool,
    pub format: Format,
    pub stage: Stage,
    pub dry_run: bool,
    /// The file itself; it is the rest that the first step reads. Without it the import waits for its file.
    pub content: Option<String>,
}

pub async fn insert(tx: &mut PgConnection, new: &NewImport) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into products.catalog_imports (id, vendor_id, created_by, staff, format, stage, dry_run, subject, status, \
             carry, file_bytes) \
         values ($1, $2, $3, $4, $5, $6, $7, $9, case when $8::bytea is null then 'AWAITING_UPLOAD' else 'QUEUED' end, \
             coalesce($8, ''), coalesce(octet_length($8), 0))",
        new.id.0,
        new.vendor.map(Uuid::from),
        new.by.map(Uuid::from),
        new.staff,
        new.format.as_str(),
        new.stage.as_str(),
        new.dry_run,
        new.content.as_ref().map(String::as_bytes),
        new.subject.as_str()
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Imports of a vendor, or without one of the shop, that have not ended.
pub async fn open_count(tx: &mut PgConnection, vendor: Option<VendorId>) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from products.catalog_imports
           where vendor_id is not distinct from $1 and finished_at is null"#,
        vendor.map(Uuid::from)
    )
    .fetch_one(tx)
    .await
}

/// An import at its checkpoint.
#[derive(Debug)]
pub struct Claimed {
    pub id: CatalogImportId,
    /// None: it is the shop's.
    pub vendor: Option<VendorId>,
    pub subject: Subject,
    pub by: Option<UserId>,
    pub format: Format,
    pub stage: Stage,
    pub dry_run: bool,
    pub file_bytes: i64,
    pub file_tag: Option<String>,
    /// Bytes that are done with; what is left of those that were read behind them is in `carry`.
    pub bytes_done: i64,
    pub next_line: i32,
    pub carry: Vec<u8>,
    pub header: Option<String>,
}

impl Claimed {
    /// Bytes of the file that were read.
    pub fn bytes_read(&self) -> i64 {
        let carried = i64::try_from(self.carry.len()).unwrap_or(i64::MAX);
        self.bytes_done.saturating_add(carried)
    }
}

/// Takes the import that has waited longest for its turn. Whoever takes it has a quarter of a minute before others may
/// try the same step; only one of them can [`lock`] it.
pub async fn claim(db: impl PgExecutor<'_>) -> Result<Option<Claimed>, sqlx::Error> {
    sqlx::query_as!(
        Claimed,
        r#"update products.catalog_imports set claimed_until = clock_timestamp() + interval '15 seconds'
           where id = (select id from products.catalog_imports
               where status in ('QUEUED', 'RUNNING')
                   and (claimed_until is null or claimed_until < clock_timestamp())
               order by stepped_at limit 1 for update skip locked)
           returning id as "id: CatalogImportId", vendor_id as "vendor: VendorId", subject as "subject: Subject",
               created_by as "by: UserId", format as "format: Format", stage as "stage: Stage", dry_run, file_bytes,
               file_tag, bytes_done, next_line, carry, header"#
    )
    .fetch_optional(db)
    .await
}

/// Locks an import, unless it has ended or somebody else has taken this step.
pub async fn lock(tx: &mut PgConnection, job: &Claimed) -> Result<bool, sqlx::Error> {
    let found = sqlx::query_scalar!(
        "select id from products.catalog_imports \
         where id = $1 and finished_at is null and bytes_done + octet_length(carry) = $2 for update",
        job.id.0,
        job.bytes_read()
    )
    .fetch_optional(tx)
    .await?;
    Ok(found.is_some())
}

/// Lets a step be tried again a little later.
pub async fn release(db: impl PgExecutor<'_>, id: CatalogImportId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.catalog_imports set claimed_until = clock_timestamp() + interval '10 seconds' \
         where id = $1 and finished_at is null",
        id.0
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The checkpoint behind a piece.
#[derive(Debug)]
pub struct Checkpoint<'a> {
    pub next_line: i32,
    pub carry: &'a [u8],
    pub header: Option<&'a str>,
    pub bytes: i64,
    pub counts: Counts,
}

pub async fn advance(
    tx: &mut PgConnection,
    id: CatalogImportId,
    to: &Checkpoint<'_>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.catalog_imports set status = 'RUNNING', started_at = coalesce(started_at, products.now()), \
             stepped_at = clock_timestamp(), claimed_until = null, failures = 0, next_line = $2, carry = $3, header = $4, \
             bytes_done = bytes_done + $5, created_count = created_count + $6, updated_count = updated_count + $7, \
             unchanged_count = unchanged_count + $8, refused_count = refused_count + $9 where id = $1",
        id.0,
        to.next_line,
        to.carry,
        to.header,
        to.bytes,
        to.counts.created,
        to.counts.updated,
        to.counts.unchanged,
        to.counts.refused
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Ends an import that has not ended; what was only needed on the way goes. Its file is the caller's business.
pub async fn finish(
    tx: &mut PgConnection,
    id: CatalogImportId,
    status: &str,
    error: Option<&str>,
) -> Result<bool, sqlx::Error> {
    let ended = sqlx::query!(
        "update products.catalog_imports set status = $2, error = $3, finished_at = products.now(), carry = '' \
         where id = $1 and finished_at is null",
        id.0,
        status,
        error
    )
    .execute(&mut *tx)
    .await?;
    if ended.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "delete from products.catalog_import_skus where import_id = $1",
        id.0
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "delete from products.review_import_facts where import_id = $1",
        id.0
    )
    .execute(tx)
    .await?;
    Ok(true)
}

/// Counts a failed step; returns how many followed one another.
pub async fn failed(tx: &mut PgConnection, id: CatalogImportId) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar!(
        "update products.catalog_imports set failures = failures + 1, stepped_at = clock_timestamp(), \
             claimed_until = null where id = $1 returning failures",
        id.0
    )
    .fetch_one(tx)
    .await
}

/// Lets a step be tried again at once.
pub async fn go_on(tx: &mut PgConnection, id: CatalogImportId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.catalog_imports set claimed_until = null where id = $1",
        id.0
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Forgets imports of which nobody will ask any more, and ends those whose file never came.
pub async fn clean(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.catalog_imports set status = 'FAILED', error = 'no file was sent', finished_at = products.now() \
         where status = 'AWAITING_UPLOAD' and created_at < now() - interval '1 day'"
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("delete from products.catalog_imports where finished_at < now() - interval '90 days'")
        .execute(tx)
        .await?;
    Ok(())
}
