//! Logos of brands: rows of the pictures, with a brand instead of a product. The shown one is the last that is ready.

use super::media::Upload;
use crate::domain::media::MediaStatus;
use platform::ids::{BrandId, MediaId};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// A logo that can be shown, and the widths it is drawn in.
#[derive(Clone, Debug)]
pub struct Logo {
    pub id: MediaId,
    pub brand: BrandId,
    pub widths: Vec<i32>,
}

/// What these brands show.
pub async fn shown(db: impl PgExecutor<'_>, brands: &[Uuid]) -> Result<Vec<Logo>, sqlx::Error> {
    sqlx::query_as!(
        Logo,
        r#"select distinct on (brand_id) id as "id: MediaId", brand_id as "brand!: BrandId", widths
           from products.media
           where brand_id = any($1) and live and status = 'READY' and removed_at is null
           order by brand_id, position desc"#,
        brands
    )
    .fetch_all(db)
    .await
}

/// One of a brand's, unless it is removed or a slot that ended.
pub async fn find(tx: &mut PgConnection, brand: BrandId, id: MediaId) -> Result<Option<Upload>, sqlx::Error> {
    sqlx::query_as!(
        Upload,
        r#"select id as "id: MediaId", status as "status: MediaStatus", content_type, bytes, live, reason
           from products.media
           where brand_id = $1 and id = $2 and removed_at is null
               and (status <> 'UPLOADING' or expires_at > clock_timestamp()) for update"#,
        brand.0,
        id.0
    )
    .fetch_optional(tx)
    .await
}

/// Puts an upload in front; of the others only the one that is shown now stays, in case this one cannot be.
pub async fn set(tx: &mut PgConnection, brand: BrandId, id: MediaId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.media set live = false, removed_at = products.now(), claimed_until = null \
         where brand_id = $1 and id <> $2 and removed_at is null and live \
             and id is distinct from (select id from products.media where brand_id = $1 and id <> $2 and live \
                 and status = 'READY' and removed_at is null order by position desc limit 1)",
        brand.0,
        id.0
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "update products.media set live = true, \
             position = (select coalesce(max(position), 0) + 1 from products.media where brand_id = $1), \
             status = case when status = 'UPLOADING' then 'PROCESSING' else status end where id = $2",
        brand.0,
        id.0
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes all away; their files are deleted later.
pub async fn remove_all(tx: &mut PgConnection, brand: BrandId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.media set live = false, removed_at = products.now(), claimed_until = null \
         where brand_id = $1 and removed_at is null and live",
        brand.0
    )
    .execute(tx)
    .await?;
    Ok(())
}
