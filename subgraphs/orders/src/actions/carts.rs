//! Changing a cart: look up what others know, then lock, check, write.

use crate::{
    actions::{on_behalf, quoting},
    domain::cart::{
        CartRow, CartStatus, DeliveryRow, LineRow, MAX_COUPONS, MAX_LINES, MAX_QUANTITY, merged_quantity,
        unit_price,
    },
    error::{Outcome, UserError, refused},
    store,
};
use async_graphql::ID;
use contracts::{
    payments::{CheckCoupons, CouponAnswer},
    shipping::DeliveryQuote,
};
use platform::{
    AddressInput, Currency, Deps, Fault, Moment, Tx, UserErrorCode, Viewer,
    error::{check_version, parse_id},
    ids::{CartId, CartLineId, ShippingMethodId, VariantId, VendorId},
};
use sqlx::types::Json;

type Invalid = platform::UserError;

/// The caller's active cart, made if there is none.
pub async fn create(deps: &Deps, viewer: &Viewer, currency: Option<Currency>) -> Outcome<CartId> {
    let customer = viewer.require_customer()?;
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let id = store::carts::create(
        &mut tx,
        customer,
        currency.unwrap_or(Currency::GBP),
        viewer.tier.as_deref(),
    )
    .await?;
    let cart = store::carts::lock(&mut tx, id)
        .await?
        .ok_or_else(|| Invalid::not_found(id))?;
    if currency.is_some_and(|currency| currency != cart.currency) {
        return Err(refused(
            UserErrorCode::CurrencyMismatch,
            format!("the active cart is in {}", cart.currency),
        ));
    }
    tx.commit().await?;
    Ok(id)
}

/// The cart without a lock, if the viewer may change it.
async fn peek(deps: &Deps, viewer: &Viewer, id: CartId) -> Outcome<CartRow> {
    let cart = store::carts::by_ids(deps.db.pool(), &[id]).await?.pop();
    Ok(cart
        .filter(|cart| viewer.acts_for(cart.customer_id))
        .ok_or_else(|| Invalid::not_found(id))?)
}

/// The tier whose terms apply: the customer's, also when staff fills the cart.
fn own_tier<'a>(viewer: &'a Viewer, cart: &'a CartRow) -> Option<&'a str> {
    match viewer.customer == Some(cart.customer_id) {
        true => viewer.tier.as_deref(),
        false => cart.tier.as_deref(),
    }
}

/// Locks the cart for a change; the caller goes on with [`done`].
async fn open(tx: &mut Tx, viewer: &Viewer, id: CartId, expected: Option<i32>) -> Outcome<CartRow> {
    let cart = store::carts::lock(tx, id).await?;
    let mut cart = cart
        .filter(|cart| viewer.acts_for(cart.customer_id))
        .ok_or_else(|| Invalid::not_found(id))?;
    match cart.status {
        CartStatus::Active => {}
        CartStatus::Locked => {
            return Err(refused(
                UserErrorCode::Conflict,
                "a checkout of this cart is under way",
            ));
        }
        status => return Err(Invalid::invalid_transition(status, CartStatus::Active, status.next()).into()),
    }
    on_behalf::audit(tx, viewer, cart.customer_id, "cart.change", id).await?;
    if let Some(expected) = expected {
        check_version(expected, cart.version)?;
    }
    if viewer.customer == Some(cart.customer_id) {
        cart.tier.clone_from(&viewer.tier);
    }
    Ok(cart)
}

async fn done(mut tx: Tx, cart: &CartRow) -> Outcome<CartId> {
    store::carts::save(&mut tx, cart).await?;
    tx.commit().await?;
    Ok(cart.id)
}

/// A line to be added.
#[derive(Debug)]
pub struct Addition {
    pub variant: ID,
    pub quantity: i32,
    pub note: Option<String>,
}

fn check_quantity(quantity: i32, path: &[&str]) -> Outcome<()> {
    match quantity {
        1..=MAX_QUANTITY => Ok(()),
        _ => Err(Invalid::invalid(path, "1..999").into()),
    }
}

/// Adds pieces; lines of one variant become one.
pub async fn add(
    deps: &Deps,
    viewer: &Viewer,
    id: &ID,
    lines: Vec<Addition>,
    expected: Option<i32>,
) -> Outcome<CartId> {
    let id: CartId = parse_id(id)?;
    let mut wanted: Vec<(VariantId, i32, Option<String>)> = Vec::new();
    for line in lines {
        check_quantity(line.quantity, &["lines", "quantity"])?;
        if line
            .note
            .as_ref()
            .is_some_and(|note| note.chars().count() > 500 || note.chars().any(char::is_control))
        {
            return Err(Invalid::invalid(&["lines", "note"], "at most 500 characters").into());
        }
        let variant = parse_id(&line.variant)?;
        match wanted.iter_mut().find(|(known, ..)| *known == variant) {
            Some((_, quantity, note)) => {
                *quantity += line.quantity;
                *note = line.note.or(note.take());
            }
            None => wanted.push((variant, line.quantity, line.note)),
        }
    }
    if wanted.is_empty() || wanted.len() > MAX_LINES {
        return Err(Invalid::invalid(&["lines"], "1..100 lines").into());
    }
    let cart = peek(deps, viewer, id).await?;
    let tier = own_tier(viewer, &cart);
    let infos = quoting::variants(deps, wanted.iter().map(|line| line.0), cart.currency, tier).await?;
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let cart = open(&mut tx, viewer, id, expected).await?;
    let present = store::carts::lines(&mut *tx, &[id]).await?;
    let mut rows = Vec::new();
    for (variant, quantity, note) in wanted {
        let info = infos.get(&variant).ok_or_else(|| Invalid::not_found(variant))?;
        let old = present.iter().find(|line| line.variant_id == variant);
        let quantity = quantity + old.map_or(0, |line| line.quantity);
        if quantity > MAX_QUANTITY {
            return Err(refused(
                UserErrorCode::LimitExceeded,
                "at most 999 pieces of one variant",
            ));
        }
        let price = unit_price(&info.prices, quantity)
            .filter(|_| info.purchasable)
            .ok_or_else(|| {
                refused(
                    UserErrorCode::Unavailable,
                    format!("{} is not sold in {}", info.sku, cart.currency),
                )
            })?;
        rows.push(LineRow {
            id: old.map_or_else(CartLineId::new, |line| line.id),
            cart_id: id,
            variant_id: variant,
            vendor_id: info.vendor,
            quantity,
            unit_price: price,
            unit_price_when_added: price,
            note,
        });
    }
    let new = rows
        .iter()
        .filter(|row| !present.iter().any(|line| line.id == row.id))
        .count();
    if present.len() + new > MAX_LINES {
        return Err(refused(UserErrorCode::LimitExceeded, "at most 100 lines"));
    }
    // A retried insert conflicts on the variant, so both unique keys are safe under the cart's lock.
    store::carts::put_lines(&mut tx, id, &rows).await?;
    done(tx, &cart).await
}

/// Sets the pieces of a line.
pub async fn set_quantity(
    deps: &Deps,
    viewer: &Viewer,
    id: &ID,
    line: &ID,
    quantity: i32,
    expected: i32,
) -> Outcome<CartId> {
    let id: CartId = parse_id(id)?;
    let line: CartLineId = parse_id(line)?;
    check_quantity(quantity, &["quantity"])?;
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let cart = open(&mut tx, viewer, id, Some(expected)).await?;
    let lines = store::carts::lines(&mut *tx, &[id]).await?;
    lines
        .iter()
        .find(|row| row.id == line)
        .ok_or_else(|| Invalid::not_found(line))?;
    store::carts::set_quantity(&mut tx, line, quantity).await?;
    done(tx, &cart).await
}

/// Takes lines out.
pub async fn remove(deps: &Deps, viewer: &Viewer, id: &ID, lines: &[ID], expected: i32) -> Outcome<CartId> {
    let id: CartId = parse_id(id)?;
    let lines: Result<Vec<CartLineId>, _> = lines.iter().map(parse_id).collect();
    let lines = lines?;
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let cart = open(&mut tx, viewer, id, Some(expected)).await?;
    let known = store::carts::lines(&mut *tx, &[id]).await?;
    let missing = lines.iter().find(|line| known.iter().all(|row| row.id != **line));
    if let Some(line) = missing {
        return Err(Invalid::not_found(*line).into());
    }
    store::carts::delete_lines(&mut tx, id, &lines).await?;
    done(tx, &cart).await
}

/// Takes everything out, lines, coupons and points.
pub async fn clear(deps: &Deps, viewer: &Viewer, id: &ID) -> Outcome<CartId> {
    let id: CartId = parse_id(id)?;
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let mut cart = open(&mut tx, viewer, id, None).await?;
    store::carts::clear(&mut tx, id).await?;
    (cart.coupon_codes, cart.coupon_ids, cart.loyalty_points) = Default::default();
    done(tx, &cart).await
}

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

/// Prices the cart as it is and keeps the answer for fifteen minutes.
pub async fn quote(deps: &Deps, viewer: &Viewer, id: &ID) -> Outcome<(CartId, quoting::Priced)> {
    let id: CartId = parse_id(id)?;
    let cart = peek(deps, viewer, id).await?;
    let lines = store::carts::lines(deps.db.pool(), &[id]).await?;
    let deliveries = store::carts::deliveries(deps.db.pool(), &[id]).await?;
    if lines.is_empty() {
        return Err(refused(UserErrorCode::Required, "the cart is empty"));
    }
    let infos = quoting::variants(
        deps,
        lines.iter().map(|line| line.variant_id),
        cart.currency,
        cart.tier.as_deref(),
    )
    .await?;
    let priced = quoting::price(deps, &quoting::of_cart(&cart, &lines, &deliveries, &infos)).await?;
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    open(&mut tx, viewer, id, Some(cart.version)).await?;
    let quote = store::quotes::insert(&mut *tx, id, &priced.quote).await?;
    store::carts::set_quote(&mut tx, id, quote).await?;
    tx.commit().await?;
    Ok((id, priced))
}

/// Lines of two carts in one: quantities summed and capped, at most a hundred lines.
pub fn merged(kept: &[LineRow], added: Vec<LineRow>, cart: CartId) -> Vec<LineRow> {
    let mut lines = kept.to_vec();
    for line in added {
        match lines.iter().position(|known| known.variant_id == line.variant_id) {
            Some(at) => lines[at].quantity = merged_quantity(lines[at].quantity, line.quantity),
            None if lines.len() < MAX_LINES => lines.push(LineRow {
                id: CartLineId::new(),
                cart_id: cart,
                ..line
            }),
            None => {}
        }
    }
    lines
}
