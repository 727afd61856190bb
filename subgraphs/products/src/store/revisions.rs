//! Edits under review, and the history of approvals.

use super::Scope;
use crate::domain::{
    revision::{ApprovalEvent, Content, Revision},
    status::ProductStatus,
};
use chrono::{DateTime, Utc};
use platform::ids::{ProductId, RevisionId, UserId, VendorId};
use sqlx::{PgConnection, PgExecutor, types::Json};
use uuid::Uuid;

/// The open revisions of these products.
pub async fn open(db: impl PgExecutor<'_>, products: &[Uuid]) -> Result<Vec<Revision>, sqlx::Error> {
    sqlx::query_as!(
        Revision,
        r#"select id as "id: RevisionId", product_id as "product_id: ProductId", status as "status: ProductStatus",
               content as "content: Json<Content>", changed_fields, submitted_at
           from products.revisions where product_id = any($1) and status not in ('APPROVED', 'ARCHIVED')"#,
        products
    )
    .fetch_all(db)
    .await
}

/// Whether this revision of the product was approved.
pub async fn was_approved(
    tx: &mut PgConnection,
    id: RevisionId,
    product: ProductId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from products.revisions where id = $1 and product_id = $2 and status = 'APPROVED')
           as "approved!""#,
        id.0,
        product.0
    )
    .fetch_one(tx)
    .await
}

pub async fn insert(
    tx: &mut PgConnection,
    id: RevisionId,
    product: ProductId,
    content: &Content,
    changed: &[String],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into products.revisions (id, product_id, status, content, changed_fields) \
         values ($1, $2, 'DRAFT', $3, $4)",
        id.0,
        product.0,
        Json(content) as _,
        changed
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn set_content(
    tx: &mut PgConnection,
    id: RevisionId,
    content: &Content,
    changed: &[String],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.revisions set content = $2, changed_fields = $3 where id = $1",
        id.0,
        Json(content) as _,
        changed
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn set_status(
    tx: &mut PgConnection,
    id: RevisionId,
    status: ProductStatus,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.revisions set status = $2, \
         submitted_at = case when $2 = 'SUBMITTED' then products.now() else submitted_at end where id = $1",
        id.0,
        status.as_str()
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// A step of an approval, to be recorded.
pub struct Step<'a> {
    pub product: ProductId,
    pub vendor: VendorId,
    pub from: ProductStatus,
    pub to: ProductStatus,
    pub by: Option<UserId>,
    pub note: Option<&'a str>,
}

pub async fn record(tx: &mut PgConnection, step: &Step<'_>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into products.approval_events (id, product_id, vendor_id, from_status, to_status, by_user, note) \
         values ($1, $2, $3, $4, $5, $6, $7)",
        Uuid::now_v7(),
        step.product.0,
        step.vendor.0,
        step.from.as_str(),
        step.to.as_str(),
        step.by.map(Uuid::from),
        step.note
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The approvals of these products, in the order in which they happened.
pub async fn history(db: impl PgExecutor<'_>, products: &[Uuid]) -> Result<Vec<ApprovalEvent>, sqlx::Error> {
    sqlx::query_as!(
        ApprovalEvent,
        r#"select product_id as "product_id: ProductId", from_status as "from_status: ProductStatus",
               to_status as "to_status: ProductStatus", by_user as "by_user: UserId", note, at, seq
           from products.approval_events where product_id = any($1) order by product_id, seq"#,
        products
    )
    .fetch_all(db)
    .await
}

/// The last position of a vendor's steps.
pub async fn last_seq(db: impl PgExecutor<'_>, vendor: VendorId) -> Result<i32, sqlx::Error> {
    let last = sqlx::query_scalar!(
        "select last_seq from products.approval_positions where vendor_id = $1",
        vendor.0
    )
    .fetch_optional(db)
    .await?;
    Ok(last.unwrap_or(0))
}

/// The next steps of a vendor after a position: position, product.
pub async fn steps_after(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    seq: i32,
) -> Result<Vec<(i32, ProductId)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select seq, product_id as "product_id: ProductId" from products.approval_events
           where vendor_id = $1 and seq > $2 order by seq limit 100"#,
        vendor.0,
        seq
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.seq, row.product_id)).collect())
}

/// Steps of the last two minutes that the scope may see: ID, product.
pub async fn recent(db: impl PgExecutor<'_>, scope: &Scope) -> Result<Vec<(Uuid, ProductId)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select id, product_id as "product_id: ProductId" from products.approval_events
           where recorded_at > clock_timestamp() - interval '2 minutes'
               and ($1 or vendor_id = any($2))
           order by recorded_at, id"#,
        scope.staff,
        &scope.vendors
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.product_id)).collect())
}

/// Narrows the queue of what waits for staff.
#[derive(Clone, Copy, Debug, Default)]
pub struct Waiting {
    pub vendor: Option<Uuid>,
    pub status: Option<ProductStatus>,
}

/// Products that wait for staff, the longest waiting first: product, when it was handed in, revision.
pub async fn queue(
    db: impl PgExecutor<'_>,
    waiting: Waiting,
    after: Option<(i64, Uuid)>,
    limit: i64,
) -> Result<Vec<(Uuid, DateTime<Utc>, Uuid)>, sqlx::Error> {
    let (at, id) = after.unzip();
    let rows = sqlx::query!(
        r#"select r.product_id, r.submitted_at as "submitted_at!", r.id
           from products.revisions r join products.products p on p.id = r.product_id
           where r.status in ('SUBMITTED', 'IN_REVIEW')
               and (r.submitted_at, r.id) > (coalesce($1::timestamptz, '-infinity'),
                   coalesce($2::uuid, '00000000-0000-0000-0000-000000000000'))
               and ($4::uuid is null or p.vendor_id = $4) and ($5::text is null or r.status = $5)
           order by r.submitted_at, r.id limit $3"#,
        at.and_then(DateTime::from_timestamp_micros),
        id,
        limit,
        waiting.vendor,
        waiting.status.map(ProductStatus::as_str)
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.product_id, row.submitted_at, row.id))
        .collect())
}

/// How many products wait for staff, counting up to `max`.
pub async fn queue_length(db: impl PgExecutor<'_>, waiting: Waiting, max: i64) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from (
               select from products.revisions r join products.products p on p.id = r.product_id
               where r.status in ('SUBMITTED', 'IN_REVIEW')
                   and ($2::uuid is null or p.vendor_id = $2) and ($3::text is null or r.status = $3)
               limit $1) waiting"#,
        max,
        waiting.vendor,
        waiting.status.map(ProductStatus::as_str)
    )
    .fetch_one(db)
    .await
}
