//! Copies of people's data: asked for, gathered, kept for a week.

use chrono::{DateTime, Utc};
use platform::{
    ids::{AccountExportId, UserId},
    privacy::Document,
};
use sqlx::{PgConnection, PgExecutor, types::Json};

/// A copy as its owner sees it.
#[derive(Clone, Debug)]
pub struct ExportRow {
    pub id: AccountExportId,
    pub status: String,
    pub requested_at: DateTime<Utc>,
    pub ready_at: Option<DateTime<Utc>>,
    pub expires_at: Option<DateTime<Utc>>,
    pub size: Option<i32>,
    pub sha256: Option<String>,
}

/// The newest copies of somebody's data.
pub async fn of_user(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: Option<AccountExportId>,
) -> sqlx::Result<Vec<ExportRow>> {
    sqlx::query_as!(
        ExportRow,
        r#"select id as "id: AccountExportId",
            case when status = 'READY' and expires_at <= users.now() then 'EXPIRED' else status end as "status!",
            requested_at, ready_at, expires_at, octet_length(archive) as size, encode(sha256, 'hex') as sha256
        from users.exports where user_id = $1 and ($2::uuid is null or id = $2)
        order by requested_at desc, id desc limit 20"#,
        user.0,
        id.map(|id| id.0)
    )
    .fetch_all(db)
    .await
}

/// Bytes of an archive that is ready, as long as it is kept.
pub async fn slice(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: AccountExportId,
    offset: i32,
    length: i32,
) -> sqlx::Result<Option<Vec<u8>>> {
    sqlx::query_scalar!(
        r#"select substring(archive from $3 + 1 for $4) as "bytes!" from users.exports
        where id = $1 and user_id = $2 and status = 'READY' and expires_at > users.now()"#,
        id.0,
        user.0,
        offset,
        length
    )
    .fetch_optional(db)
    .await
}

/// The copy that answers a request now: one under way, or made within the hour.
pub async fn recent(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<AccountExportId>> {
    sqlx::query!(
        "select id from users.users where id = $1 for no key update",
        user.0
    )
    .fetch_optional(&mut *db)
    .await?;
    sqlx::query_scalar!(
        r#"select id as "id: AccountExportId" from users.exports where user_id = $1
            and (status = 'PENDING' or (status = 'READY' and requested_at > users.now() - interval '1 hour'))
        order by requested_at desc limit 1"#,
        user.0
    )
    .fetch_optional(db)
    .await
}

pub async fn insert(
    db: &mut PgConnection,
    id: AccountExportId,
    user: UserId,
    requested_by: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into users.exports (id, user_id, requested_by) values ($1, $2, $3)",
        id.0,
        user.0,
        requested_by
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A copy to be made, or one whose owner is to be told.
pub struct Due {
    pub id: AccountExportId,
    pub user: UserId,
    pub email: String,
    pub ready: bool,
    pub attempts: i32,
    /// Services that have answered.
    pub answered: Vec<String>,
}

/// Takes one that is due for two minutes; a worker that dies gives it back in this way.
pub async fn claim(db: impl PgExecutor<'_>) -> sqlx::Result<Option<Due>> {
    sqlx::query_as!(
        Due,
        r#"update users.exports e set attempts = attempts + 1,
            next_attempt_at = pg_catalog.now() + interval '2 minutes'
        from users.users u
        where u.id = e.user_id and e.id = (
            select id from users.exports
            where (status = 'PENDING' or (status = 'READY' and told_at is null)) and next_attempt_at <= pg_catalog.now()
            order by next_attempt_at limit 1 for update skip locked)
        returning e.id as "id: AccountExportId", e.user_id as "user: UserId", u.email, e.status = 'READY' as "ready!",
            e.attempts, array(select service from users.export_parts p where p.export_id = e.id) as "answered!""#
    )
    .fetch_optional(db)
    .await
}

pub async fn add_part(
    db: impl PgExecutor<'_>,
    id: AccountExportId,
    service: &str,
    documents: &[Document],
) -> sqlx::Result<()> {
    // The owner may have been erased in the meantime, and the request with them.
    sqlx::query!(
        "insert into users.export_parts (export_id, service, documents)
        select id, $2, $3 from users.exports where id = $1 on conflict do nothing",
        id.0,
        service,
        Json(documents) as _
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn parts(
    db: impl PgExecutor<'_>,
    id: AccountExportId,
) -> sqlx::Result<Vec<(String, Vec<Document>)>> {
    let rows = sqlx::query!(
        r#"select service, documents as "documents: Json<Vec<Document>>" from users.export_parts
        where export_id = $1 order by service"#,
        id.0
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.service, row.documents.0))
        .collect())
}

/// The archive takes the place of its parts, for a week.
pub async fn finish(
    db: &mut PgConnection,
    id: AccountExportId,
    archive: &[u8],
    sha256: &[u8],
) -> sqlx::Result<()> {
    sqlx::query!(
        "update users.exports set status = 'READY', archive = $2, sha256 = $3, ready_at = users.now(), attempts = 0,
            last_error = null, expires_at = users.now() + interval '7 days', next_attempt_at = pg_catalog.now()
        where id = $1 and status = 'PENDING'",
        id.0,
        archive,
        sha256
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("delete from users.export_parts where export_id = $1", id.0)
        .execute(db)
        .await?;
    Ok(())
}

pub async fn told(db: impl PgExecutor<'_>, id: AccountExportId) -> sqlx::Result<()> {
    sqlx::query!(
        "update users.exports set told_at = users.now() where id = $1",
        id.0
    )
    .execute(db)
    .await?;
    Ok(())
}

/// No answer; asked again, ever more slowly. A copy that takes more than a day has failed.
pub async fn failed(
    db: impl PgExecutor<'_>,
    id: AccountExportId,
    attempts: i32,
    error: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update users.exports set last_error = $2,
            status = case when status = 'PENDING' and requested_at < users.now() - interval '1 day' then 'FAILED'
                else status end,
            next_attempt_at = pg_catalog.now() + make_interval(secs => $3::float8)
        where id = $1",
        id.0,
        error,
        f64::from(1_u32 << attempts.clamp(0, 11))
    )
    .execute(db)
    .await?;
    Ok(())
}
