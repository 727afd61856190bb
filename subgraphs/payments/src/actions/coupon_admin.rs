//! Coupons as staff and vendors manage them.

use crate::{
    App,
    domain::coupon::{CouponRow, CouponScope},
    error::{Outcome, refuse},
    store::coupons,
};
use platform::{
    Moment, UserError, UserErrorCode, Viewer,
    error::{check_version, on_constraint, parse_id},
    idempotency::{self, Claimed},
    ids::CouponId,
};
use serde_json::json;

fn taken() -> crate::error::UserError {
    UserError::refused(
        UserErrorCode::Conflict,
        "there is a coupon with this code already",
    )
    .into()
}

/// Staff may make any coupon, a vendor those it pays for itself.
fn authorize(viewer: &Viewer, coupon: &CouponRow) -> Outcome<()> {
    let allowed = match (coupon.scope, coupon.vendor_id) {
        (CouponScope::Vendor, Some(vendor)) => viewer.manages(vendor),
        _ => viewer.is_staff(),
    };
    if allowed {
        Ok(())
    } else {
        Err(refuse(UserError::forbidden("STAFF, or the coupon's own VENDOR")))
    }
}

/// Creates a coupon; the same key again answers the same one.
pub async fn create(app: &App, viewer: &Viewer, coupon: CouponRow, key: &str) -> Outcome<CouponRow> {
    coupon.validate()?;
    authorize(viewer, &coupon)?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let input = json!([
        coupon.code,
        coupon.kind as i32,
        coupon.vendor_id,
        coupon.percent_basis_points,
        coupon.amount
    ]);
    let id = match idempotency::claim(&mut tx, viewer, "couponCreate", key, &input).await? {
        Claimed::Replay(id) => id,
        Claimed::Fresh(claim) => {
            coupons::insert(&mut *tx, &coupon)
                .await
                .map_err(|e| on_constraint(e, "coupons_code", taken))?;
            claim.store(&mut tx, &coupon.id).await?;
            coupon.id
        }
    };
    let stored = coupons::by_ids(&mut *tx, &[id]).await?.pop();
    tx.commit().await?;
    stored.ok_or_else(|| refuse(UserError::not_found(id.to_string())))
}

/// Replaces what a coupon gives and to whom. Whose it is cannot change.
pub async fn update(
    app: &App,
    viewer: &Viewer,
    id: &async_graphql::ID,
    coupon: CouponRow,
    expected_version: i32,
) -> Outcome<CouponRow> {
    coupon.validate()?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let found = coupons::lock_own(&mut *tx, parse_id::<CouponId>(id)?, viewer).await?;
    let current = found.ok_or_else(|| refuse(UserError::not_found(id.clone())))?;
    check_version(expected_version, current.version)?;
    if (coupon.scope, coupon.vendor_id) != (current.scope, current.vendor_id) {
        return Err(UserError::invalid(&["input", "scope"], "the same as before, like vendorId").into());
    }
    let edited = CouponRow {
        id: current.id,
        active: current.active,
        ..coupon
    };
    coupons::update(&mut *tx, &edited)
        .await
        .map_err(|e| on_constraint(e, "coupons_code", taken))?;
    let stored = coupons::by_ids(&mut *tx, &[current.id]).await?.pop();
    tx.commit().await?;
    stored.ok_or_else(|| refuse(UserError::not_found(id.clone())))
}

/// Nobody can use it from now on. Repeating it changes nothing.
pub async fn deactivate(app: &App, viewer: &Viewer, id: &async_graphql::ID) -> Outcome<CouponRow> {
    let not_found = || refuse(UserError::not_found(id.clone()));
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let found = coupons::lock_own(&mut *tx, parse_id::<CouponId>(id)?, viewer).await?;
    let coupon = found.ok_or_else(not_found)?;
    if coupon.active {
        coupons::update(
            &mut *tx,
            &CouponRow {
                active: false,
                ..coupon.clone()
            },
        )
        .await?;
    }
    let stored = coupons::by_ids(&mut *tx, &[coupon.id]).await?.pop();
    tx.commit().await?;
    stored.ok_or_else(not_found)
}
