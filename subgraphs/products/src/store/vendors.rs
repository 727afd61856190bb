//! What is known of vendors here: whether they may sell.

use chrono::{DateTime, Utc};
use platform::ids::VendorId;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// Whether a vendor may sell; null if nothing is known of it.
pub async fn approved(db: impl PgExecutor<'_>, id: VendorId) -> Result<Option<bool>, sqlx::Error> {
    sqlx::query_scalar!("select approved from products.vendors where id = $1", id.0)
        .fetch_optional(db)
        .await
}

/// The same, keeping the answer true until the transaction ends.
pub async fn lock_approved(tx: &mut PgConnection, id: VendorId) -> Result<Option<bool>, sqlx::Error> {
    sqlx::query_scalar!(
        "select approved from products.vendors where id = $1 for share",
        id.0
    )
    .fetch_optional(tx)
    .await
}

/// Remembers an answer of the users service, without overwriting what its events told.
pub async fn learn(db: impl PgExecutor<'_>, id: VendorId, approved: bool) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into products.vendors (id, approved, changed_at) values ($1, $2, '-infinity') \
         on conflict (id) do update set approved = excluded.approved where vendors.changed_at = '-infinity'",
        id.0,
        approved
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Applies a change of status unless something newer is known; returns whether it did.
pub async fn set(
    tx: &mut PgConnection,
    id: VendorId,
    approved: bool,
    at: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "insert into products.vendors (id, approved, changed_at) values ($1, $2, $3) \
         on conflict (id) do update set approved = excluded.approved, changed_at = excluded.changed_at \
         where vendors.changed_at <= excluded.changed_at",
        id.0,
        approved,
        at
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Shows or hides a vendor's products; returns those whose visibility changed.
pub async fn show_products(
    tx: &mut PgConnection,
    id: VendorId,
    approved: bool,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query!(
        "select 1 as one from products.products where vendor_id = $1 order by id for update",
        id.0
    )
    .fetch_all(&mut *tx)
    .await?;
    sqlx::query_scalar!(
        "with changed as (update products.products set vendor_approved = $2 \
             where vendor_id = $1 and vendor_approved <> $2 returning id, status, published) \
         select id from changed where status = 'APPROVED' and published order by id",
        id.0,
        approved
    )
    .fetch_all(tx)
    .await
}
