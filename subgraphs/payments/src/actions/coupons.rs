//! Coupons in a checkout: check, hold, release, redeem. A use belongs to an order and is counted once.

use crate::{
    App,
    domain::{coupon::normal, status::RedemptionStatus},
    store::{coupons, redemptions},
};
use contracts::payments::{CheckCoupons, CouponAnswer, CouponUse, HoldCoupons, HoldCouponsReply};
use platform::{
    Error, Moment,
    ids::{CouponId, OrderId},
};
use std::collections::HashMap;

/// Which of the codes this customer may use now. One answer per code, in order.
pub async fn check(app: &App, moment: Moment, command: CheckCoupons) -> Result<Vec<CouponAnswer>, Error> {
    let mut tx = app.deps.db.begin(moment).await?;
    let now = tx.now().await?;
    let codes: Vec<String> = command.codes.iter().filter_map(|code| normal(code)).collect();
    let found = coupons::by_codes(&mut *tx, &codes).await?;
    let ids: Vec<CouponId> = found.iter().map(|coupon| coupon.id).collect();
    let uses = redemptions::own_uses(&mut *tx, command.customer, &ids).await?;
    let by_code: HashMap<&str, _> = found
        .iter()
        .map(|coupon| (coupon.code.as_str(), coupon))
        .collect();
    let answer = |code: &String| {
        let rejected = |reason: &str| CouponAnswer::Rejected {
            code: code.clone(),
            reason: reason.to_owned(),
        };
        let Some(coupon) = normal(code).and_then(|code| by_code.get(code.as_str()).copied()) else {
            return rejected("NOT_FOUND");
        };
        let own = uses.get(&coupon.id).copied().unwrap_or(0);
        match coupon.refusal(now, command.currency, command.tier.as_deref(), own) {
            Some(reason) => rejected(reason),
            None => coupon
                .rule()
                .map_or_else(|| rejected("INACTIVE"), CouponAnswer::Valid),
        }
    };
    Ok(command.codes.iter().map(answer).collect())
}

/// One use of each coupon for this order, all or none. Coupons are taken in ID order, so that orders never wait for
/// each other in a circle.
pub async fn hold(app: &App, moment: Moment, command: HoldCoupons) -> Result<HoldCouponsReply, Error> {
    let mut tx = app.deps.db.begin(moment).await?;
    match redemptions::lock_order(&mut tx, command.order, "HELD")
        .await?
        .as_deref()
    {
        None => {}
        Some("RELEASED") => return Ok(rejected("", "RELEASED")),
        Some(_) => return Ok(HoldCouponsReply::Held),
    }
    let mut uses: Vec<CouponUse> = command.coupons;
    uses.sort_by_key(|used| used.coupon);
    uses.dedup_by_key(|used| used.coupon);
    let ids: Vec<CouponId> = uses.iter().map(|used| used.coupon).collect();
    // A statement of its own: the one that counts must begin after the locks are held, to see what others have taken.
    let locked: HashMap<CouponId, _> = coupons::lock(&mut *tx, &ids)
        .await?
        .into_iter()
        .map(|coupon| (coupon.id, coupon))
        .collect();
    let own = redemptions::own_uses(&mut *tx, command.customer, &ids).await?;
    let now = tx.now().await?;
    for used in &uses {
        let Some(coupon) = locked.get(&used.coupon) else {
            return Ok(rejected(&used.coupon.to_string(), "NOT_FOUND"));
        };
        if coupon
            .currency
            .is_some_and(|currency| currency != command.currency)
        {
            return Ok(rejected(&coupon.code, "CURRENCY_MISMATCH"));
        }
        if used.amount < 0 || !coupons::take(&mut *tx, used.coupon, command.customer).await? {
            let own = own.get(&used.coupon).copied().unwrap_or(0);
            // The tier was checked when the coupon was priced; it is not known here.
            let tier = coupon.customer_tiers.first().map(String::as_str);
            let reason = coupon
                .refusal(now, command.currency, tier, own)
                .unwrap_or("LIMIT_REACHED");
            return Ok(rejected(&coupon.code, reason));
        }
        redemptions::insert(
            &mut *tx,
            used.coupon,
            command.order,
            command.customer,
            used.amount,
            command.currency,
        )
        .await?;
    }
    tx.commit().await?;
    Ok(HoldCouponsReply::Held)
}

/// The transaction is dropped with it: nothing is held.
fn rejected(code: &str, reason: &str) -> HoldCouponsReply {
    HoldCouponsReply::Rejected {
        code: code.to_owned(),
        reason: reason.to_owned(),
    }
}

/// Gives the order's uses back, and keeps a hold that comes later from happening.
pub async fn release(app: &App, moment: Moment, order: OrderId) -> Result<(), Error> {
    let mut tx = app.deps.db.begin(moment).await?;
    let state = redemptions::lock_order(&mut tx, order, "RELEASED").await?;
    let (from, to) = match state.as_deref() {
        Some("HELD") => (RedemptionStatus::Held, RedemptionStatus::Released),
        // The whole order was canceled after it had been paid.
        Some("REDEEMED") => (RedemptionStatus::Redeemed, RedemptionStatus::Reversed),
        _ => {
            tx.commit().await?;
            return Ok(());
        }
    };
    let ids = redemptions::coupons_of(&mut *tx, order).await?;
    coupons::lock(&mut *tx, &ids).await?;
    let moved = redemptions::move_all(&mut *tx, order, from, to).await?;
    coupons::add_used(&mut *tx, &moved, -1).await?;
    redemptions::set_order(&mut *tx, order, "RELEASED").await?;
    tx.commit().await?;
    Ok(())
}

/// The order is paid: its uses count for good. What was released meanwhile counts again, beyond the limit if need be:
/// the customer has paid the reduced price.
pub async fn redeem(app: &App, moment: Moment, order: OrderId) -> Result<(), Error> {
    let mut tx = app.deps.db.begin(moment).await?;
    let state = redemptions::lock_order(&mut tx, order, "REDEEMED").await?;
    match state.as_deref() {
        None | Some("REDEEMED") => {}
        Some("HELD") => {
            redemptions::move_all(
                &mut *tx,
                order,
                RedemptionStatus::Held,
                RedemptionStatus::Redeemed,
            )
            .await?;
            redemptions::set_order(&mut *tx, order, "REDEEMED").await?;
        }
        Some(_) => {
            let ids = redemptions::coupons_of(&mut *tx, order).await?;
            coupons::lock(&mut *tx, &ids).await?;
            let moved = redemptions::move_all(
                &mut *tx,
                order,
                RedemptionStatus::Released,
                RedemptionStatus::Redeemed,
            )
            .await?;
            coupons::add_used(&mut *tx, &moved, 1).await?;
            redemptions::set_order(&mut *tx, order, "REDEEMED").await?;
        }
    }
    tx.commit().await?;
    Ok(())
}
