//! What is in a cart.

use super::{Invalid, done, open, own_tier, peek};
use crate::{
    actions::quoting,
    domain::cart::{LineRow, MAX_LINES, MAX_QUANTITY, merged_quantity, unit_price},
    error::{Outcome, refused},
    store,
};
use async_graphql::ID;
use platform::{
    Deps, Moment, UserErrorCode, Viewer,
    error::parse_id,
    ids::{CartId, CartLineId, VariantId},
};

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
        let note = line.note.map(|note| {
            platform::text::lines(&note, 500)
                .ok_or_else(|| Invalid::invalid(&["lines", "note"], "at most 500 characters"))
        });
        let given = note.transpose()?;
        let variant = parse_id(&line.variant)?;
        match wanted.iter_mut().find(|(known, ..)| *known == variant) {
            Some((_, quantity, note)) => {
                *quantity += line.quantity;
                *note = given.or(note.take());
            }
            None => wanted.push((variant, line.quantity, given)),
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
