//! A variant's price list as a map of names such as `GBP`, `GBP/10` and `GBP:GOLD/10`.

use crate::domain::price::Price;
use platform::{Currency, UserError};
use std::{collections::BTreeMap, fmt};

/// Which price: for whom (empty: everybody) and from how many pieces on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PriceKey {
    pub currency: Currency,
    pub customer_tier: String,
    pub min_quantity: i32,
}

/// Amounts, and prices before a reduction.
pub type PriceList = BTreeMap<PriceKey, (i64, Option<i64>)>;

impl PriceKey {
    /// Everybody's price of one piece.
    pub fn base(currency: Currency) -> Self {
        Self {
            currency,
            customer_tier: String::new(),
            min_quantity: 1,
        }
    }

    pub fn is_base(&self) -> bool {
        self.customer_tier.is_empty() && self.min_quantity == 1
    }

    /// Reads `CUR[:TIER][/QUANTITY]`.
    pub fn parse(text: &str) -> Result<Self, UserError> {
        let refused = || UserError::invalid(&["prices", text], "named CUR, CUR/10, CUR:TIER or CUR:TIER/10");
        let (code, rest) = text.split_at_checked(3).ok_or_else(refused)?;
        let currency = Currency::parse(code).ok_or_else(refused)?;
        let (tier, quantity) = match rest.rsplit_once('/') {
            Some((tier, quantity)) => (tier, quantity.parse::<i32>().map_err(|_| refused())?),
            None => (rest, 1),
        };
        let tier = match tier.strip_prefix(':') {
            Some(tier) if !tier.trim().is_empty() && tier.chars().count() <= 20 => tier.trim().to_uppercase(),
            None if tier.is_empty() => String::new(),
            _ => return Err(refused()),
        };
        if !(1..=999).contains(&quantity) {
            return Err(refused());
        }
        Ok(Self {
            currency,
            customer_tier: tier,
            min_quantity: quantity,
        })
    }
}

impl fmt::Display for PriceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.currency)?;
        if !self.customer_tier.is_empty() {
            write!(f, ":{}", self.customer_tier)?;
        }
        // A tier whose name has a slash in it would be ambiguous without the quantity.
        if self.min_quantity != 1 || self.customer_tier.contains('/') {
            write!(f, "/{}", self.min_quantity)?;
        }
        Ok(())
    }
}

/// A stored price list.
pub fn list<'a>(rows: impl IntoIterator<Item = &'a Price>) -> PriceList {
    rows.into_iter()
        .map(|row| {
            let key = PriceKey {
                currency: row.currency,
                customer_tier: row.customer_tier.clone(),
                min_quantity: row.min_quantity,
            };
            (key, (row.amount, row.compare_at))
        })
        .collect()
}
