//! Pictures and videos of products.

use crate::domain::{
    media::{Format, Media, MediaKind, MediaStatus},
    picture::Drawn,
};
use chrono::{DateTime, Utc};
use platform::ids::{BrandId, MediaId, ProductId, UserId};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// What these products show, in its order.
pub async fn shown(db: impl PgExecutor<'_>, products: &[Uuid]) -> Result<Vec<Media>, sqlx::Error> {
    sqlx::query_as!(
        Media,
        r#"select id as "id: MediaId", product_id as "product_id!: ProductId", kind as "kind: MediaKind", alt,
               position as "position!", content_type, widths
           from products.media
           where product_id = any($1) and live and status = 'READY' and removed_at is null
           order by product_id, position, id"#,
        products
    )
    .fetch_all(db)
    .await
}

/// The first picture of each of these products.
pub async fn first_pictures(db: impl PgExecutor<'_>, products: &[Uuid]) -> Result<Vec<Media>, sqlx::Error> {
    sqlx::query_as!(
        Media,
        r#"select distinct on (product_id) id as "id: MediaId", product_id as "product_id!: ProductId",
               kind as "kind: MediaKind", alt, position as "position!", content_type, widths
           from products.media
           where product_id = any($1) and live and status = 'READY' and removed_at is null and kind = 'IMAGE'
           order by product_id, position, id"#,
        products
    )
    .fetch_all(db)
    .await
}

/// What a picture or a video belongs to.
#[derive(Clone, Copy, Debug)]
pub enum Owner {
    Product(ProductId),
    Brand(BrandId),
}

impl Owner {
    fn product(self) -> Option<Uuid> {
        match self {
            Self::Product(id) => Some(id.0),
            Self::Brand(_) => None,
        }
    }

    fn brand(self) -> Option<Uuid> {
        match self {
            Self::Product(_) => None,
            Self::Brand(id) => Some(id.0),
        }
    }
}

/// A slot for an upload.
pub struct Slot {
    pub id: MediaId,
    pub owner: Owner,
    pub format: Format,
    pub bytes: i32,
    pub by: Option<UserId>,
    /// Seconds it is open.
    pub seconds: i32,
}

/// Opens a slot; returns when it ends.
pub async fn insert(tx: &mut PgConnection, slot: &Slot) -> Result<DateTime<Utc>, sqlx::Error> {
    sqlx::query_scalar!(
        "insert into products.media (id, product_id, kind, content_type, bytes, uploaded_by, expires_at, brand_id) \
         values ($1, $2, $3, $4, $5, $6, clock_timestamp() + make_interval(secs => $7), $8) returning expires_at",
        slot.id.0,
        slot.owner.product(),
        slot.format.kind() as _,
        slot.format.content_type(),
        i64::from(slot.bytes),
        slot.by.map(Uuid::from),
        f64::from(slot.seconds),
        slot.owner.brand()
    )
    .fetch_one(tx)
    .await
}

/// How many a locked product or brand has, open slots included.
pub async fn count(tx: &mut PgConnection, owner: Owner) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from products.media
           where (product_id = $1 or brand_id = $2) and removed_at is null and status <> 'REJECTED'
               and (status <> 'UPLOADING' or expires_at > clock_timestamp())"#,
        owner.product(),
        owner.brand()
    )
    .fetch_one(tx)
    .await
}

/// What actions need to know of one.
#[derive(Debug)]
pub struct Upload {
    pub id: MediaId,
    pub status: MediaStatus,
    pub content_type: String,
    pub bytes: i64,
    pub live: bool,
    pub reason: Option<String>,
}

/// One of a product's, unless it is removed or a slot that ended.
pub async fn find(
    tx: &mut PgConnection,
    product: ProductId,
    id: MediaId,
) -> Result<Option<Upload>, sqlx::Error> {
    sqlx::query_as!(
        Upload,
        r#"select id as "id: MediaId", status as "status: MediaStatus", content_type, bytes, live, reason
           from products.media
           where product_id = $1 and id = $2 and removed_at is null
               and (status <> 'UPLOADING' or expires_at > clock_timestamp()) for update"#,
        product.0,
        id.0
    )
    .fetch_optional(tx)
    .await
}

/// Shows it with its product; an upload is checked and scaled first. What is absent stays, a new one comes last.
pub async fn set_live(
    tx: &mut PgConnection,
    id: MediaId,
    alt: Option<&str>,
    position: Option<i32>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.media m set live = true, alt = coalesce($2, m.alt), \
             position = coalesce($3, m.position, products.next_media_position(m.product_id)), \
             status = case when status = 'UPLOADING' then 'PROCESSING' else status end, \
             pending = null, pending_alt = null, pending_position = null where id = $1",
        id.0,
        alt,
        position
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The same once the open edit of its product is approved.
pub async fn set_pending(
    tx: &mut PgConnection,
    id: MediaId,
    alt: Option<&str>,
    position: Option<i32>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.media m set pending = 'SET', pending_alt = coalesce($2, m.pending_alt, m.alt), \
             pending_position = coalesce($3, m.pending_position, m.position, products.next_media_position(m.product_id)), \
             status = case when status = 'UPLOADING' then 'PROCESSING' else status end where id = $1",
        id.0,
        alt,
        position
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Removes it; its files are deleted later.
pub async fn remove(tx: &mut PgConnection, id: MediaId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.media set live = false, pending = null, removed_at = products.now(), claimed_until = null \
         where id = $1",
        id.0
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Removes it once the open edit of its product is approved.
pub async fn remove_later(tx: &mut PgConnection, id: MediaId) -> Result<(), sqlx::Error> {
    sqlx::query!("update products.media set pending = 'REMOVE' where id = $1", id.0)
        .execute(tx)
        .await?;
    Ok(())
}

/// Whether the open edit of a product changes any.
pub async fn has_pending(tx: &mut PgConnection, product: ProductId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from products.media where product_id = $1 and removed_at is null
               and pending is not null) as "pending!""#,
        product.0
    )
    .fetch_one(tx)
    .await
}

/// Does what the edit that is approved now says.
pub async fn apply_pending(tx: &mut PgConnection, product: ProductId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.media set live = (pending = 'SET'), \
             removed_at = case when pending = 'REMOVE' then products.now() end, \
             alt = case when pending = 'SET' then pending_alt else alt end, \
             position = case when pending = 'SET' then pending_position else position end, \
             pending = null, pending_alt = null, pending_position = null, \
             claimed_until = case when pending = 'SET' then claimed_until end \
         where product_id = $1 and removed_at is null and pending is not null",
        product.0
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// An upload to be looked at.
#[derive(Debug)]
pub struct Job {
    pub id: MediaId,
    pub content_type: String,
    pub bytes: i64,
    pub attempts: i32,
}

/// Takes the oldest upload that nobody works at. Whoever takes it has five minutes; after a crash it is free again.
pub async fn claim(db: impl PgExecutor<'_>) -> Result<Option<Job>, sqlx::Error> {
    sqlx::query_as!(
        Job,
        r#"update products.media set claimed_until = clock_timestamp() + interval '5 minutes', attempts = attempts + 1
           where id = (select id from products.media
               where status = 'PROCESSING' and removed_at is null
                   and (claimed_until is null or claimed_until < clock_timestamp())
               order by created_at, id limit 1 for update skip locked)
           returning id as "id: MediaId", content_type, bytes, attempts"#
    )
    .fetch_optional(db)
    .await
}

/// Lets another attempt be made a little later, and does not count this one: the store did not answer.
pub async fn release(db: impl PgExecutor<'_>, id: MediaId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.media set attempts = attempts - 1, claimed_until = clock_timestamp() + interval '10 seconds' \
         where id = $1 and status = 'PROCESSING'",
        id.0
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A file that can be shown: its hash and, of a picture, what was drawn.
pub async fn ready(
    db: impl PgExecutor<'_>,
    id: MediaId,
    sha256: &[u8],
    drawn: Option<&Drawn>,
) -> Result<(), sqlx::Error> {
    let mut widths: Vec<i32> = drawn
        .iter()
        .flat_map(|drawn| &drawn.files)
        .map(|file| file.width)
        .collect();
    widths.sort_unstable();
    widths.dedup();
    sqlx::query!(
        "update products.media set status = 'READY', sha256 = $2, width = $3, height = $4, widths = $5, \
         claimed_until = null where id = $1 and status = 'PROCESSING'",
        id.0,
        sha256,
        drawn.map(|drawn| drawn.width),
        drawn.map(|drawn| drawn.height),
        &widths
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A file that will never be shown.
pub async fn reject(db: impl PgExecutor<'_>, id: MediaId, reason: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.media set status = 'REJECTED', reason = $2, live = false, pending = null, \
         claimed_until = clock_timestamp() + interval '1 day' where id = $1 and status in ('UPLOADING', 'PROCESSING')",
        id.0,
        reason
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes what is to be deleted: removed, refused a day ago, or a slot that ended without being used.
pub async fn claim_dead(db: impl PgExecutor<'_>, limit: i64) -> Result<Vec<MediaId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"update products.media set claimed_until = clock_timestamp() + interval '5 minutes'
           where id in (select id from products.media
               where (removed_at is not null or status = 'REJECTED'
                       or (status = 'UPLOADING' and expires_at < clock_timestamp()))
                   and (claimed_until is null or claimed_until < clock_timestamp())
               order by id limit $1 for update skip locked)
           returning id as "id: MediaId""#,
        limit
    )
    .fetch_all(db)
    .await
}

/// Forgets what has no files any more.
pub async fn delete(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from products.media where id = any($1)", ids)
        .execute(db)
        .await?;
    Ok(())
}

/// Which of these IDs are still in use: for uploads, which of them still wait.
pub async fn used(db: impl PgExecutor<'_>, ids: &[Uuid], uploads: bool) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "select id from products.media where id = any($1) and (not $2 or status in ('UPLOADING', 'PROCESSING'))",
        ids,
        uploads
    )
    .fetch_all(db)
    .await
}
