//! Where a cart goes, how, and what it is paid with.

use super::{Invalid, done, open, own_tier, peek};
use crate::{
    actions::quoting,
    domain::cart::{DeliveryRow, MAX_COUPONS},
    error::{Outcome, UserError, refused},
    store,
};
use async_graphql::ID;
use contracts::{
    payments::{CheckCoupons, CouponAnswer},
    shipping::DeliveryQuote,
};
use platform::{
    AddressInput, Deps, Fault, Moment, UserErrorCode, Viewer,
    error::parse_id,
    ids::{CartId, ShippingMethodId, VendorId},
};
use sqlx::types::Json;

/// Sets the addresses that are given. A new destination undoes the choice of deliveries.
pub async fn set_addresses(
    deps: &Deps,
    viewer: &Viewer,
    id: &ID,
    shipping: Option<AddressInput>,
    billing: Option<AddressInput>,
    expected: i32,
) -> Outcome<CartId> {
    let id: CartId = parse_id(id)?;
    let shipping = shipping
        .map(|address| address.validate(&["shipping"]))
        .transpose()?;
    let billing = billing
        .map(|address| address.validate(&["billing"]))
        .transpose()?;
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let mut cart = open(&mut tx, viewer, id, Some(expected)).await?;
    if let Some(address) = shipping {
        if cart.shipping_address.as_deref() != Some(&address) {
            store::carts::clear_deliveries(&mut tx, id).await?;
        }
        cart.shipping_address = Some(Json(address));
    }
    cart.billing_address = billing.map(Json).or(cart.billing_address);
    done(tx, &cart).await
}

/// Chooses how the vendors' parcels travel.
pub async fn select_deliveries(
    deps: &Deps,
    viewer: &Viewer,
    id: &ID,
    selections: &[(ID, ID)],
    expected: i32,
) -> Outcome<CartId> {
    let id: CartId = parse_id(id)?;
    let cart = peek(deps, viewer, id).await?;
    let address = cart
        .shipping_address
        .as_ref()
        .ok_or_else(|| refused(UserErrorCode::Required, "set the shipping address first"))?;
    let lines = store::carts::lines(deps.db.pool(), &[id]).await?;
    let infos = quoting::variants(
        deps,
        lines.iter().map(|line| line.variant_id),
        cart.currency,
        cart.tier.as_deref(),
    )
    .await?;
    let mut parcels = Vec::new();
    for (vendor, method) in selections {
        let (vendor, method): (VendorId, ShippingMethodId) = (parse_id(vendor)?, parse_id(method)?);
        if !lines.iter().any(|line| line.vendor_id == vendor) {
            return Err(Invalid::not_found(vendor).into());
        }
        parcels.push(quoting::cart_parcel(vendor, method, &lines, &infos));
    }
    let mut rows = Vec::new();
    for (answer, parcel) in quoting::quotes(deps, address, cart.currency, parcels).await? {
        match answer {
            DeliveryQuote::Priced { amount, .. } => {
                rows.push(DeliveryRow {
                    cart_id: id,
                    vendor_id: parcel.vendor,
                    method_id: parcel.method,
                    rate: amount,
                });
            }
            DeliveryQuote::NotServed { reason } => return Err(refused(UserErrorCode::Invalid, reason)),
        }
    }
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let cart = open(&mut tx, viewer, id, Some(expected)).await?;
    for row in &rows {
        store::carts::put_delivery(&mut tx, row).await?;
    }
    done(tx, &cart).await
}

/// Adds a coupon that is valid for this customer now.
pub async fn apply_coupon(
    deps: &Deps,
    viewer: &Viewer,
    id: &ID,
    code: &str,
    expected: i32,
) -> Outcome<CartId> {
    let id: CartId = parse_id(id)?;
    let code = platform::address::text(code.to_owned(), 50)
        .ok_or_else(|| Invalid::invalid(&["code"], "1..50 characters"))?;
    let cart = peek(deps, viewer, id).await?;
    let check = CheckCoupons {
        codes: vec![code.clone()],
        customer: cart.customer_id,
        tier: own_tier(viewer, &cart).map(str::to_owned),
        currency: cart.currency,
    };
    let rule = match deps.commands.call(&check).await?.into_iter().next() {
        Some(CouponAnswer::Valid(rule)) => rule,
        Some(CouponAnswer::Rejected { reason, .. }) => {
            return Err(Fault::User(UserError::coupon(&code, &reason)));
        }
        None => return Err(Fault::User(UserError::coupon(&code, "unknown"))),
    };
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let mut cart = open(&mut tx, viewer, id, Some(expected)).await?;
    if !cart.coupon_ids.contains(&rule.id) {
        if cart.coupon_ids.len() >= MAX_COUPONS {
            return Err(refused(UserErrorCode::LimitExceeded, "at most 10 coupons"));
        }
        cart.coupon_codes.push(rule.code);
        cart.coupon_ids.push(rule.id);
    }
    done(tx, &cart).await
}

/// Takes a coupon out; one that is not there is no error.
pub async fn remove_coupon(
    deps: &Deps,
    viewer: &Viewer,
    id: &ID,
    code: &str,
    expected: i32,
) -> Outcome<CartId> {
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let mut cart = open(&mut tx, viewer, parse_id(id)?, Some(expected)).await?;
    if let Some(at) = cart
        .coupon_codes
        .iter()
        .position(|known| known.eq_ignore_ascii_case(code.trim()))
    {
        cart.coupon_codes.remove(at);
        cart.coupon_ids.remove(at);
    }
    done(tx, &cart).await
}

/// How many loyalty points to pay with, at most the goods.
pub async fn set_points(
    deps: &Deps,
    viewer: &Viewer,
    id: &ID,
    points: i32,
    expected: i32,
) -> Outcome<CartId> {
    if points < 0 {
        return Err(Invalid::invalid(&["points"], "0 or more").into());
    }
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let mut cart = open(&mut tx, viewer, parse_id(id)?, Some(expected)).await?;
    cart.loyalty_points = points;
    done(tx, &cart).await
}
