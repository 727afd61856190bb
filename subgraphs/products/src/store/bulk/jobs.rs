//! Imports and their checkpoints.

use crate::{
    domain::bulk::job::{CatalogImport, Format, LineStatus, Stage, Subject},
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
}

pub async fn insert(tx: &mut PgConnection, new: &NewImport) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into products.catalog_imports (id, vendor_id, created_by, staff, format, stage, dry_run, subject, status) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, 'AWAITING_UPLOAD')",
        new.id.0,
        new.vendor.map(Uuid::from),
        new.by.map(Uuid::from),
        new.staff,
        new.format.as_str(),
        new.stage.as_str(),
        new.dry_run,
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

/// Makes a complete upload the file of an import, unless it has one.
pub async fn set_file(
    db: impl PgExecutor<'_>,
    id: CatalogImportId,
    file: Uuid,
    bytes: i64,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update products.catalog_imports set file_id = $2, file_bytes = $3, status = 'QUEUED' \
         where id = $1 and status = 'AWAITING_UPLOAD'",
        id.0,
        file,
        bytes
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether an import still waits for its file.
pub async fn awaits_upload(db: impl PgExecutor<'_>, id: CatalogImportId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from products.catalog_imports where id = $1 and status = 'AWAITING_UPLOAD') as "awaits!""#,
        id.0
    )
    .fetch_one(db)
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
    pub file: Uuid,
    pub next_piece: i32,
    pub next_line: i32,
    pub carry: Vec<u8>,
    pub header: Option<String>,
}

/// Locks the import that has waited longest for its turn; other processes pass over it.
pub async fn claim(tx: &mut PgConnection) -> Result<Option<Claimed>, sqlx::Error> {
    sqlx::query_as!(
        Claimed,
        r#"select id as "id: CatalogImportId", vendor_id as "vendor: VendorId", subject as "subject: Subject",
               created_by as "by: UserId",
               format as "format: Format", stage as "stage: Stage", dry_run, file_id as "file!", next_piece, next_line,
               carry, header
           from products.catalog_imports where status in ('QUEUED', 'RUNNING') and file_id is not null
           order by stepped_at limit 1 for update skip locked"#
    )
    .fetch_optional(tx)
    .await
}

/// How many lines ended how.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub created: i32,
    pub updated: i32,
    pub unchanged: i32,
    pub refused: i32,
}

impl Counts {
    pub fn of(lines: impl IntoIterator<Item = LineStatus>) -> Self {
        let mut counts = Self::default();
        for status in lines {
            let count = match status {
                LineStatus::Created => &mut counts.created,
                LineStatus::Updated => &mut counts.updated,
                LineStatus::Unchanged => &mut counts.unchanged,
                LineStatus::Refused => &mut counts.refused,
            };
            *count += 1;
        }
        counts
    }
}

/// The checkpoint behind a piece.
#[derive(Debug)]
pub struct Checkpoint<'a> {
    pub next_piece: i32,
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
             stepped_at = clock_timestamp(), failures = 0, next_piece = $2, next_line = $3, carry = $4, header = $5, \
             bytes_done = bytes_done + $6, created_count = created_count + $7, updated_count = updated_count + $8, \
             unchanged_count = unchanged_count + $9, refused_count = refused_count + $10 where id = $1",
        id.0,
        to.next_piece,
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

/// Ends an import that has not ended; its file and what was only needed on the way go.
pub async fn finish(
    tx: &mut PgConnection,
    id: CatalogImportId,
    status: &str,
    error: Option<&str>,
) -> Result<bool, sqlx::Error> {
    let file = sqlx::query_scalar!(
        "update products.catalog_imports set status = $2, error = $3, finished_at = products.now(), carry = '' \
         where id = $1 and finished_at is null returning file_id",
        id.0,
        status,
        error
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(file) = file else { return Ok(false) };
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
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "delete from products.catalog_import_pieces where file_id = $1",
        file
    )
    .execute(tx)
    .await?;
    Ok(true)
}

/// Counts a failed step; returns how many followed one another.
pub async fn failed(tx: &mut PgConnection, id: CatalogImportId) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar!(
        "update products.catalog_imports set failures = failures + 1, stepped_at = clock_timestamp() \
         where id = $1 returning failures",
        id.0
    )
    .fetch_one(tx)
    .await
}

/// Lets other imports go first.
pub async fn postpone(db: impl PgExecutor<'_>, id: CatalogImportId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.catalog_imports set stepped_at = clock_timestamp() where id = $1",
        id.0
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets imports of which nobody will ask any more, and uploads that broke off.
pub async fn clean(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.catalog_imports set status = 'FAILED', error = 'no file was sent', finished_at = products.now() \
         where status = 'AWAITING_UPLOAD' and created_at < now() - interval '1 day'"
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("delete from products.catalog_imports where finished_at < now() - interval '90 days'")
        .execute(&mut *tx)
        .await?;
    sqlx::query!(
        "delete from products.catalog_import_pieces where created_at < now() - interval '1 day' \
         and not exists (select from products.catalog_imports i \
             where i.file_id = catalog_import_pieces.file_id and i.finished_at is null)"
    )
    .execute(tx)
    .await?;
    Ok(())
}
