//! Coupons.

use crate::domain::coupon::{CouponKind, CouponRow, CouponScope};
use platform::{
    Currency, Viewer,
    ids::{CouponId, CustomerId, VendorId, uuids},
};
use sqlx::PgExecutor;

macro_rules! coupons {
    ($tail:tt $(, $arg:expr)*) => {
        sqlx::query_as!(
            CouponRow,
            r#"select c.id as "id: CouponId", c.code, c.kind as "kind: CouponKind", c.scope as "scope: CouponScope",
                c.vendor_id as "vendor_id: VendorId", c.percent_basis_points, c.amount,
                c.currency as "currency: Currency", c.buy_quantity, c.get_quantity, c.max_discount, c.min_subtotal,
                c.starts_at, c.ends_at, c.usage_limit, c.per_customer_limit, c.used, c.stackable, c.customer_tiers,
                c.category_ids, c.product_ids, c.active, c.created_at, c.version
            from payments.coupons c "# + $tail
            $(, $arg)*
        )
    };
}

pub async fn insert(db: impl PgExecutor<'_>, coupon: &CouponRow) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into payments.coupons (id, code, kind, scope, vendor_id, percent_basis_points, amount, currency,
            buy_quantity, get_quantity, max_discount, min_subtotal, starts_at, ends_at, usage_limit,
            per_customer_limit, stackable, customer_tiers, category_ids, product_ids)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
        coupon.id.0,
        coupon.code,
        coupon.kind as _,
        coupon.scope as _,
        coupon.vendor_id.map(|vendor| vendor.0),
        coupon.percent_basis_points,
        coupon.amount,
        coupon.currency as _,
        coupon.buy_quantity,
        coupon.get_quantity,
        coupon.max_discount,
        coupon.min_subtotal,
        coupon.starts_at,
        coupon.ends_at,
        coupon.usage_limit,
        coupon.per_customer_limit,
        coupon.stackable,
        &coupon.customer_tiers,
        &coupon.category_ids,
        &coupon.product_ids,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes all that may be edited.
pub async fn update(db: impl PgExecutor<'_>, coupon: &CouponRow) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments.coupons set code = $2, kind = $3, percent_basis_points = $4, amount = $5, currency = $6,
            buy_quantity = $7, get_quantity = $8, max_discount = $9, min_subtotal = $10, starts_at = $11,
            ends_at = $12, usage_limit = $13, per_customer_limit = $14, stackable = $15, customer_tiers = $16,
            category_ids = $17, product_ids = $18, active = $19, version = version + 1
        where id = $1",
        coupon.id.0,
        coupon.code,
        coupon.kind as _,
        coupon.percent_basis_points,
        coupon.amount,
        coupon.currency as _,
        coupon.buy_quantity,
        coupon.get_quantity,
        coupon.max_discount,
        coupon.min_subtotal,
        coupon.starts_at,
        coupon.ends_at,
        coupon.usage_limit,
        coupon.per_customer_limit,
        coupon.stackable,
        &coupon.customer_tiers,
        &coupon.category_ids,
        &coupon.product_ids,
        coupon.active,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A coupon the viewer may edit, locked.
pub async fn lock_own(
    db: impl PgExecutor<'_>,
    id: CouponId,
    viewer: &Viewer,
) -> sqlx::Result<Option<CouponRow>> {
    coupons!(
        "where c.id = $1 and ($2 or c.vendor_id = any($3)) for update",
        id.0,
        viewer.is_staff(),
        &uuids(&viewer.vendors)
    )
    .fetch_optional(db)
    .await
}

/// Coupons the viewer may see: staff all, vendors their own, customers those they have used.
pub async fn visible(
    db: impl PgExecutor<'_>,
    ids: &[CouponId],
    viewer: &Viewer,
) -> sqlx::Result<Vec<CouponRow>> {
    coupons!(
        "where c.id = any($1) and ($2 or c.vendor_id = any($3) or exists (
            select from payments.coupon_redemptions r where r.coupon_id = c.id and r.customer_id = $4))",
        &uuids(ids),
        viewer.is_staff(),
        &uuids(&viewer.vendors),
        viewer.customer.map(|customer| customer.0)
    )
    .fetch_all(db)
    .await
}

pub async fn by_ids(db: impl PgExecutor<'_>, ids: &[CouponId]) -> sqlx::Result<Vec<CouponRow>> {
    coupons!("where c.id = any($1)", &uuids(ids)).fetch_all(db).await
}

pub async fn by_codes(db: impl PgExecutor<'_>, codes: &[String]) -> sqlx::Result<Vec<CouponRow>> {
    coupons!("where c.code = any($1)", codes).fetch_all(db).await
}

/// A page of the coupons the viewer manages, newest first.
pub async fn page(
    db: impl PgExecutor<'_>,
    viewer: &Viewer,
    after: Option<CouponId>,
    limit: i64,
) -> sqlx::Result<Vec<CouponRow>> {
    coupons!(
        "where ($1 or c.vendor_id = any($2)) and ($3::uuid is null or c.id < $3) order by c.id desc limit $4",
        viewer.is_staff(),
        &uuids(&viewer.vendors),
        after.map(|id| id.0),
        limit
    )
    .fetch_all(db)
    .await
}

pub async fn of_vendors(db: impl PgExecutor<'_>, vendors: &[VendorId]) -> sqlx::Result<Vec<CouponRow>> {
    coupons!(
        "where c.vendor_id = any($1) order by c.created_at desc, c.id desc",
        &uuids(vendors)
    )
    .fetch_all(db)
    .await
}

/// Coupons that customers of this tier could use now, if they have not used them up.
pub async fn open(db: impl PgExecutor<'_>, tier: Option<&str>) -> sqlx::Result<Vec<CouponRow>> {
    coupons!(
        "where c.active and (c.starts_at is null or c.starts_at <= payments.now())
            and (c.ends_at is null or c.ends_at > payments.now())
            and (c.usage_limit is null or c.used < c.usage_limit)
            and (cardinality(c.customer_tiers) = 0 or $1 = any(c.customer_tiers))
        order by c.ends_at nulls last, c.id limit 200",
        tier
    )
    .fetch_all(db)
    .await
}

/// Locks coupons in ID order, so that two orders never wait for each other.
pub async fn lock(db: impl PgExecutor<'_>, ids: &[CouponId]) -> sqlx::Result<Vec<CouponRow>> {
    coupons!("where c.id = any($1) order by c.id for update", &uuids(ids))
        .fetch_all(db)
        .await
}

/// Takes one use, if there is one for this customer now: the one statement that decides.
pub async fn take(db: impl PgExecutor<'_>, id: CouponId, customer: CustomerId) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update payments.coupons c set used = used + 1
        where id = $1 and active and (starts_at is null or starts_at <= payments.now())
            and (ends_at is null or ends_at > payments.now()) and (usage_limit is null or used < usage_limit)
            and (per_customer_limit is null or per_customer_limit > (
                select count(*) from payments.coupon_redemptions r where r.coupon_id = c.id and r.customer_id = $2
                    and r.status in ('HELD', 'REDEEMED')))",
        id.0,
        customer.0
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives uses back, or counts them again.
pub async fn add_used(db: impl PgExecutor<'_>, ids: &[CouponId], by: i32) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments.coupons set used = used + $2 where id = any($1)",
        &uuids(ids),
        by
    )
    .execute(db)
    .await?;
    Ok(())
}
