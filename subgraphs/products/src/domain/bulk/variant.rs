//! A variant of a document, checked, with its price list.

use super::{
    document::VariantDoc,
    item::{Item, ItemVariant, ItemVariantData},
    prices::{PriceKey, PriceList},
};
use crate::domain::{input::VariantInput, price, variant::VariantOption};
use platform::{Currency, MinorUnits, UserError, UserErrorCode, ids::VariantId, money::MoneyInput};

/// The greatest amount, in minor units: what every JSON reader keeps exact.
const MAX_AMOUNT: i64 = 9_007_199_254_740_991;

/// Adds or changes a variant.
pub fn put_variant(item: &mut Item, doc: VariantDoc) -> Result<(), UserError> {
    let active = doc.active;
    let prices = prices(&doc, item.currency)?;
    let base: Vec<(Currency, i64, Option<i64>)> = prices
        .iter()
        .filter(|(key, _)| key.is_base())
        .map(|(key, (amount, before))| (key.currency, *amount, *before))
        .collect();
    let money = |currency, amount| MoneyInput {
        amount: MinorUnits(amount),
        currency,
    };
    let input = VariantInput {
        sku: doc.sku,
        name: doc.name,
        prices: base
            .iter()
            .map(|(currency, amount, _)| money(*currency, *amount))
            .collect(),
        compare_at: Some(
            base.iter()
                .filter_map(|(c, _, before)| Some(money(*c, (*before)?)))
                .collect(),
        ),
        weight_grams: doc.weight_grams,
        dimensions_mm: doc.dimensions_mm,
        barcode: doc.barcode,
        options: Some(
            doc.options
                .into_iter()
                .map(|(name, value)| VariantOption { name, value })
                .collect(),
        ),
        tax_category: doc.tax_category,
    };
    let valid = input.validate()?;
    let mut data = ItemVariantData {
        sku: valid.sku,
        name: valid.name,
        weight_grams: valid.weight_grams,
        dimensions_mm: valid.dimensions_mm,
        barcode: valid.barcode,
        options: valid.options,
        tax_category: valid.tax_category,
        active,
    };
    let lower = data.sku.to_lowercase();
    match item
        .variants
        .iter_mut()
        .find(|old| old.data.sku.to_lowercase() == lower)
    {
        Some(old) => {
            keep_order(&old.data.options, &mut data.options);
            old.is_changed |= old.data != data;
            old.are_prices_changed |= old.prices != prices;
            (old.data, old.prices) = (data, prices);
        }
        None => item.variants.push(ItemVariant {
            id: VariantId::new(),
            is_new: true,
            is_changed: true,
            are_prices_changed: true,
            data,
            prices,
        }),
    }
    Ok(())
}

/// A document has options by name; known ones stay where they are.
fn keep_order(old: &[VariantOption], new: &mut [VariantOption]) {
    let place = |option: &VariantOption| {
        old.iter()
            .position(|o| o.name == option.name)
            .unwrap_or(old.len())
    };
    new.sort_by_key(place);
}

fn prices(doc: &VariantDoc, own: Currency) -> Result<PriceList, UserError> {
    let mut prices = PriceList::new();
    let amount = |name: &str, amount: i64| match (0..=MAX_AMOUNT).contains(&amount) {
        true => Ok(amount),
        false => Err(UserError::invalid(&["prices", name], "0..9007199254740991")),
    };
    for (name, value) in &doc.prices {
        prices.insert(PriceKey::parse(name)?, (amount(name, *value)?, None));
    }
    for (name, before) in &doc.compare_at {
        let key = PriceKey::parse(name)?;
        match prices.get_mut(&key).filter(|_| key.is_base()) {
            Some(price) => price.1 = Some(amount(name, *before)?),
            None => {
                return Err(UserError::invalid(
                    &["compareAt", name],
                    "of a price of one piece, for everybody",
                ));
            }
        }
    }
    if !prices.contains_key(&PriceKey::base(own)) {
        let message = format!("a price in {own}, the product's own currency, is missing");
        return Err(UserError::refused(UserErrorCode::CurrencyMismatch, message));
    }
    // The map has the quantities of each ladder side by side, in their order.
    let steps: Vec<(&PriceKey, i64)> = prices.iter().map(|(key, (amount, _))| (key, *amount)).collect();
    for ladder in
        steps.chunk_by(|(a, _), (b, _)| (a.currency, &a.customer_tier) == (b.currency, &b.customer_tier))
    {
        let (quantities, amounts): (Vec<i32>, Vec<i64>) = ladder
            .iter()
            .map(|(key, amount)| (key.min_quantity, *amount))
            .unzip();
        let is_everybodys = ladder.iter().all(|(key, _)| key.customer_tier.is_empty());
        price::tiers(&quantities, &amounts, is_everybodys)?;
    }
    Ok(prices)
}
