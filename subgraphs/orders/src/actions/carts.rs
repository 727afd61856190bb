//! Changing a cart: look up what others know, then lock, check, write.

mod lines;
mod terms;

pub use lines::{Addition, add, clear, merged, remove, set_quantity};
pub use terms::{apply_coupon, remove_coupon, select_deliveries, set_addresses, set_points};

use crate::{
    actions::{on_behalf, quoting},
    domain::cart::{CartRow, CartStatus},
    error::{Outcome, refused},
    store,
};
use async_graphql::ID;
use platform::{
    Currency, Deps, Moment, Tx, UserErrorCode, Viewer,
    error::{check_version, parse_id},
    ids::CartId,
};

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
