//! Making, editing and pricing variants. These take effect at once: stock and prices need no approval.

use super::{NOW, changed, lock_editable, news, products::of_variant};
use crate::{
    domain::{
        input::{VariantData, VariantInput},
        price,
        product::Product,
    },
    store::{self, news::Listed},
};
use platform::{
    Currency, Deps, Error, Money, Outcome, Tx, UserError, UserErrorCode, Viewer,
    address::text,
    error::{Fault, check_version, on_constraint},
    ids::{ProductId, VariantId},
};

/// Variants that a product may have.
pub(super) const MAX_VARIANTS: i64 = 100;

/// Adds a variant to a product.
pub async fn create(
    deps: &Deps,
    viewer: &Viewer,
    product: ProductId,
    input: VariantInput,
) -> Outcome<VariantId> {
    let data = input.validate()?;
    let mut tx = deps.db.begin(NOW).await?;
    let product = lock_editable(&mut tx, viewer, product).await?;
    let id = insert_one(&mut tx, &product, &data).await?;
    changed(&mut tx, product.id).await?;
    tx.commit().await?;
    Ok(id)
}

async fn insert_one(tx: &mut Tx, product: &Product, data: &VariantData) -> Outcome<VariantId> {
    if store::variants::count(tx, product.id).await? >= MAX_VARIANTS {
        let message = format!("a product has at most {MAX_VARIANTS} variants");
        return Err(UserError::refused(UserErrorCode::LimitExceeded, message).into());
    }
    let made = insert(tx, product.id, product.currency, std::slice::from_ref(data)).await?;
    let nothing = || Error::internal(std::io::Error::other("a variant that was not made"));
    Ok(made.first().copied().ok_or_else(nothing)?)
}

/// Adds variants to a locked product, all of them or none.
pub(super) async fn insert(
    tx: &mut Tx,
    product: ProductId,
    currency: Currency,
    variants: &[VariantData],
) -> Outcome<Vec<VariantId>> {
    variants
        .iter()
        .try_for_each(|data| require_currency(data, currency))?;
    let rows: Vec<(VariantId, &VariantData)> = variants.iter().map(|data| (VariantId::new(), data)).collect();
    store::variants::insert(tx, product, &rows)
        .await
        .map_err(taken_sku)?;
    let prices: Vec<_> = rows
        .iter()
        .flat_map(|(id, data)| data.prices.iter().map(|price| (*id, *price)))
        .collect();
    store::prices::set(tx, &prices).await?;
    Ok(rows.into_iter().map(|(id, _)| id).collect())
}

/// Every variant is sold in its product's own currency, or the product's price range would have a hole.
fn require_currency(data: &VariantData, currency: Currency) -> Result<(), UserError> {
    match data.prices.iter().any(|(listed, ..)| *listed == currency) {
        true => Ok(()),
        false => Err(UserError::refused(
            UserErrorCode::CurrencyMismatch,
            format!("a price in {currency}, the product's own currency, is missing"),
        )),
    }
}

/// A variant that is being changed: its product, which is locked, and what it cost before.
struct Change {
    product: Product,
    prices: Vec<Listed>,
}

/// Locks the product of a variant that the viewer may change, and checks the variant's version.
async fn lock(tx: &mut Tx, viewer: &Viewer, id: VariantId, expected: Option<i32>) -> Outcome<Change> {
    let product = of_variant(tx, id).await?;
    let product = lock_editable(tx, viewer, product)
        .await
        .map_err(|fault| match fault {
            Fault::User(UserError::NotFoundError(_)) => Fault::User(UserError::not_found(id.to_string())),
            fault => fault,
        })?;
    if let Some(expected) = expected {
        check_version(expected, store::variants::version(tx, id).await?)?;
    }
    let prices = news::prices(tx, &[id.0]).await?;
    Ok(Change { product, prices })
}

async fn finish(mut tx: Tx, id: VariantId, change: Change) -> Outcome<VariantId> {
    store::variants::touch(&mut tx, id).await?;
    changed(&mut tx, change.product.id).await?;
    news::tell_falls(&mut tx, &change.prices).await?;
    tx.commit().await?;
    Ok(id)
}

/// Replaces a variant's data and its prices of one piece.
pub async fn update(
    deps: &Deps,
    viewer: &Viewer,
    id: VariantId,
    input: VariantInput,
    expected_version: i32,
) -> Outcome<VariantId> {
    let data = input.validate()?;
    let mut tx = deps.db.begin(NOW).await?;
    let change = lock(&mut tx, viewer, id, Some(expected_version)).await?;
    require_currency(&data, change.product.currency)?;
    store::variants::update(&mut tx, id, &data)
        .await
        .map_err(taken_sku)?;
    let currencies: Vec<String> = data
        .prices
        .iter()
        .map(|(currency, ..)| currency.to_string())
        .collect();
    store::prices::keep_currencies(&mut tx, id, &currencies).await?;
    let prices: Vec<_> = data.prices.iter().map(|price| (id, *price)).collect();
    store::prices::set(&mut tx, &prices).await?;
    finish(tx, id, change).await
}

/// Stops the sale of a variant.
pub async fn deactivate(deps: &Deps, viewer: &Viewer, id: VariantId) -> Outcome<VariantId> {
    let mut tx = deps.db.begin(NOW).await?;
    let change = lock(&mut tx, viewer, id, None).await?;
    match store::variants::deactivate(&mut tx, id).await? {
        true => finish(tx, id, change).await,
        false => Ok(id),
    }
}

/// Sets the price of one piece in one currency.
pub async fn set_price(
    deps: &Deps,
    viewer: &Viewer,
    id: VariantId,
    (price, compare_at): (Money, Option<Money>),
    expected_version: i32,
) -> Outcome<VariantId> {
    if compare_at.is_some_and(|before| before.currency != price.currency) {
        return Err(UserError::refused(
            UserErrorCode::CurrencyMismatch,
            "price and compareAt differ in currency",
        )
        .into());
    }
    if price.amount() < 0 {
        return Err(UserError::invalid(&["price", "amount"], "0 or more").into());
    }
    price::check_compare_at(price.amount(), compare_at.map(Money::amount))?;
    let mut tx = deps.db.begin(NOW).await?;
    let change = lock(&mut tx, viewer, id, Some(expected_version)).await?;
    let compare_at = compare_at.map(Money::amount);
    store::prices::set(&mut tx, &[(id, (price.currency, price.amount(), compare_at))]).await?;
    finish(tx, id, change).await
}

/// A price list by quantity, to be set.
pub struct Tiers<'a> {
    pub currency: Currency,
    /// For whom; everybody if absent.
    pub customer_tier: Option<String>,
    pub quantities: &'a [i32],
    pub amounts: &'a [i64],
}

/// Replaces the prices by quantity in one currency, for everybody or for one tier of customers.
pub async fn set_tiers(deps: &Deps, viewer: &Viewer, id: VariantId, list: Tiers<'_>) -> Outcome<VariantId> {
    let tier = match list.customer_tier {
        None => String::new(),
        Some(tier) => text(tier.to_uppercase(), 20)
            .ok_or_else(|| UserError::invalid(&["customerTier"], "1..20 characters"))?,
    };
    price::check_falling(&price::tiers(list.quantities, list.amounts, tier.is_empty())?)?;
    let mut tx = deps.db.begin(NOW).await?;
    let change = lock(&mut tx, viewer, id, None).await?;
    store::prices::replace_tiers(&mut tx, id, list.currency, &tier, list.quantities, list.amounts).await?;
    finish(tx, id, change).await
}

fn taken_sku(error: sqlx::Error) -> Fault {
    on_constraint(error, "variants_sku", || {
        UserError::refused(UserErrorCode::Conflict, "the SKU is in use")
    })
}
