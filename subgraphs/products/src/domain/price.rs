//! Which price applies: by currency, quantity and the customer's tier.

use platform::{Currency, UserError, ids::VariantId, money::MoneyInput};
use std::collections::BTreeSet;

/// One row of a variant's price list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    pub variant_id: VariantId,
    pub currency: Currency,
    /// Empty: everybody's.
    pub customer_tier: String,
    pub min_quantity: i32,
    pub amount: i64,
    pub compare_at: Option<i64>,
}

/// Everybody's price of one piece: currency, minor units, and price before a reduction.
pub type OnePiece = (Currency, i64, Option<i64>);

/// The prices in `currency` that a customer of `tier` pays, as (least quantity, minor units for one piece), smallest
/// quantity first. Neither a tier's own price nor a greater quantity ever makes a piece dearer.
pub fn ladder(prices: &[Price], currency: Currency, tier: Option<&str>) -> Vec<(i32, i64)> {
    let mine: Vec<&Price> = prices
        .iter()
        .filter(|price| price.currency == currency)
        .filter(|price| price.customer_tier.is_empty() || Some(price.customer_tier.as_str()) == tier)
        .collect();
    let steps: BTreeSet<i32> = mine.iter().map(|price| price.min_quantity).collect();
    let mut ladder: Vec<(i32, i64)> = Vec::new();
    for quantity in steps {
        let reached = mine.iter().filter(|price| price.min_quantity <= quantity);
        let Some(amount) = reached.map(|price| price.amount).min() else {
            continue;
        };
        if ladder.last().is_none_or(|(_, last)| *last != amount) {
            ladder.push((quantity, amount));
        }
    }
    ladder
}

/// The price of one piece when `quantity` are bought.
pub fn at(ladder: &[(i32, i64)], quantity: i32) -> Option<i64> {
    ladder
        .iter()
        .rev()
        .find(|(least, _)| *least <= quantity)
        .map(|(_, amount)| *amount)
}

/// Currency, amount and price before a reduction of each price in an input. One price for each currency, at least one.
pub fn listed(prices: &[MoneyInput], compare_at: Option<&[MoneyInput]>) -> Result<Vec<OnePiece>, UserError> {
    let compare = compare_at.unwrap_or_default();
    let mut seen = BTreeSet::new();
    let mut listed = Vec::new();
    for price in prices {
        let amount = price.amount.0;
        if amount < 0 || !seen.insert(price.currency) {
            return Err(UserError::invalid(
                &["input", "prices"],
                "one price of 0 or more for each currency",
            ));
        }
        let before = compare
            .iter()
            .find(|money| money.currency == price.currency)
            .map(|money| money.amount.0);
        check_compare_at(amount, before)?;
        listed.push((price.currency, amount, before));
    }
    let unmatched =
        compare.iter().any(|money| !seen.contains(&money.currency)) || compare.len() > listed.len();
    match listed.is_empty() || listed.len() > 20 || unmatched {
        true => Err(UserError::invalid(
            &["input", "prices"],
            "1..20 prices, one for each currency of compareAt",
        )),
        false => Ok(listed),
    }
}

/// A price before a reduction is above the price.
pub fn check_compare_at(amount: i64, compare_at: Option<i64>) -> Result<(), UserError> {
    match compare_at.is_none_or(|before| before > amount) {
        true => Ok(()),
        false => Err(UserError::invalid(&["compareAt"], "above the price")),
    }
}

/// Pairs least quantities with amounts: ascending, from `first` on.
pub fn tiers(quantities: &[i32], amounts: &[i64], from_one: bool) -> Result<Vec<(i32, i64)>, UserError> {
    let ascending = quantities.windows(2).all(|pair| pair[0] < pair[1]);
    let bounds = quantities.iter().all(|quantity| (1..=999).contains(quantity)) && quantities.len() <= 20;
    let starts = match from_one {
        true => quantities.first() == Some(&1),
        false => true,
    };
    if !ascending || !bounds || !starts {
        return Err(UserError::invalid(
            &["minQuantities"],
            "ascending quantities of 1..999, the first one 1",
        ));
    }
    if amounts.len() != quantities.len() || amounts.iter().any(|amount| *amount < 0) {
        return Err(UserError::invalid(
            &["amounts"],
            "an amount of 0 or more for each quantity",
        ));
    }
    Ok(quantities.iter().copied().zip(amounts.iter().copied()).collect())
}

/// Whoever buys more does not pay more for a piece.
pub fn check_falling(tiers: &[(i32, i64)]) -> Result<(), UserError> {
    match tiers.windows(2).all(|pair| pair[0].1 >= pair[1].1) {
        true => Ok(()),
        false => Err(UserError::invalid(&["amounts"], "not rising with the quantity")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use platform::MinorUnits;

    fn price(tier: &str, min_quantity: i32, amount: i64) -> Price {
        Price {
            variant_id: VariantId::new(),
            currency: Currency::GBP,
            customer_tier: tier.to_owned(),
            min_quantity,
            amount,
            compare_at: None,
        }
    }

    #[test]
    fn the_ladder_merges_quantities_and_tiers() {
        let prices = [
            price("", 1, 1000),
            price("", 10, 800),
            price("GOLD", 1, 900),
            price("GOLD", 20, 700),
        ];
        assert_eq!(ladder(&prices, Currency::GBP, None), [(1, 1000), (10, 800)]);
        assert_eq!(
            ladder(&prices, Currency::GBP, Some("SILVER")),
            [(1, 1000), (10, 800)]
        );
        let gold = ladder(&prices, Currency::GBP, Some("GOLD"));
        assert_eq!(gold, [(1, 900), (10, 800), (20, 700)]);
        assert_eq!(
            [1, 9, 10, 19, 20, 999].map(|n| at(&gold, n)),
            [900, 900, 800, 800, 700, 700].map(Some)
        );
        assert!(ladder(&prices, Currency::EUR, None).is_empty());
        // After a price of one piece has fallen below those of many.
        let sale = [price("", 1, 500), price("", 10, 900), price("", 50, 400)];
        assert_eq!(ladder(&sale, Currency::GBP, None), [(1, 500), (50, 400)]);
    }

    #[test]
    fn inputs() {
        let gbp = |amount| MoneyInput {
            amount: MinorUnits(amount),
            currency: Currency::GBP,
        };
        assert_eq!(
            listed(&[gbp(5)], Some(&[gbp(9)])).unwrap(),
            [(Currency::GBP, 5, Some(9))]
        );
        assert!(listed(&[], None).is_err());
        assert!(listed(&[gbp(5), gbp(6)], None).is_err());
        assert!(listed(&[gbp(-1)], None).is_err());
        assert!(listed(&[gbp(5)], Some(&[gbp(5)])).is_err());
        assert!(tiers(&[1, 10], &[5, 4], true).is_ok());
        assert!(check_falling(&[(1, 5), (10, 5), (20, 4)]).is_ok());
        assert!(check_falling(&[(1, 5), (10, 6)]).is_err());
        for (quantities, amounts) in [
            (&[2, 10][..], &[5, 4][..]),
            (&[1, 1], &[5, 4]),
            (&[1], &[5, 4]),
            (&[1], &[-5]),
        ] {
            assert!(tiers(quantities, amounts, true).is_err(), "{quantities:?}");
        }
    }
}
