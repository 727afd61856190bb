//! What a parcel costs.

use super::catalog::ShippingMethod;
use super::zone::{Area, Place};
use async_graphql::Enum;
use platform::{
    MinorUnits, Money,
    ids::{ShippingZoneId, VendorId},
    money::divide_half_even,
};

/// How a rate makes a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RateKind {
    /// `base`, whatever the parcel.
    Flat,
    /// `base` and `perKg` for each started kilogram.
    ByWeight,
    /// Falls with the value of the goods, evenly from `base` for nothing to free at `freeOver`.
    BySubtotal,
    /// `base`, or nothing if the goods are worth `freeOver` or more.
    FreeOver,
    /// Asked of the carrier. No carrier is connected yet: refused in rates.
    Carrier,
}

impl RateKind {
    /// As in GraphQL and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Flat => "FLAT",
            Self::ByWeight => "BY_WEIGHT",
            Self::BySubtotal => "BY_SUBTOTAL",
            Self::FreeOver => "FREE_OVER",
            Self::Carrier => "CARRIER",
        }
    }
}

/// A price of a method in a zone.
#[derive(Clone, Debug)]
pub struct Rate {
    pub zone: ShippingZoneId,
    pub area: Area,
    pub kind: RateKind,
    pub base: Money,
    pub per_kg: Option<i64>,
    pub free_over: Option<i64>,
    pub min_weight_grams: Option<i32>,
    pub max_weight_grams: Option<i32>,
}

/// A method with the rates that may matter.
#[derive(Clone, Debug)]
pub struct Tariff {
    pub method: ShippingMethod,
    pub rates: Vec<Rate>,
}

/// What is to be shipped, by one vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Parcel {
    pub vendor: Option<VendorId>,
    pub weight_grams: i32,
    pub subtotal: Money,
}

/// Why a method has no price for a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotServed {
    #[error("the method is not offered by this vendor")]
    Vendor,
    #[error("the method does not serve the address")]
    Address,
    #[error("the method has no rate in this currency")]
    Currency,
    #[error("the method does not take this weight")]
    Weight,
    #[error("no carrier is connected")]
    Carrier,
    #[error("the price is out of range")]
    Range,
}

impl Tariff {
    /// The price by the most exact zone that contains the place. A parcel which that zone's rates do not take is not
    /// served: a heavy parcel to an island does not travel at the mainland's price.
    pub fn price(&self, place: &Place, parcel: &Parcel) -> Result<Money, NotServed> {
        let vendor = self.method.vendor_id;
        if vendor.is_some() && vendor != parcel.vendor {
            return Err(NotServed::Vendor);
        }
        let serving: Vec<_> = self
            .rates
            .iter()
            .filter_map(|rate| Some((rate.area.contains(place)?, rate)))
            .collect();
        let best = serving
            .iter()
            .map(|(precision, _)| *precision)
            .max()
            .ok_or(NotServed::Address)?;
        let currency = parcel.subtotal.currency;
        let mut rates = serving
            .iter()
            .filter(|(precision, rate)| *precision == best && rate.base.currency == currency)
            .map(|(_, rate)| *rate)
            .peekable();
        rates.peek().ok_or(NotServed::Currency)?;
        let rate = rates
            .find(|rate| rate.takes(parcel.weight_grams))
            .ok_or(NotServed::Weight)?;
        rate.price(parcel)
    }
}

impl Rate {
    fn takes(&self, grams: i32) -> bool {
        self.min_weight_grams.is_none_or(|min| grams >= min)
            && self.max_weight_grams.is_none_or(|max| grams <= max)
    }

    fn price(&self, parcel: &Parcel) -> Result<Money, NotServed> {
        let currency = self.base.currency;
        match self.kind {
            RateKind::Carrier => Err(NotServed::Carrier),
            RateKind::Flat => Ok(self.base),
            RateKind::ByWeight => {
                let kilograms = (i64::from(parcel.weight_grams.max(0)) + 999) / 1000;
                let by_weight = Money::new(self.per_kg.unwrap_or(0), currency).times(kilograms);
                by_weight
                    .and_then(|by_weight| self.base.plus(by_weight))
                    .map_err(|_| NotServed::Range)
            }
            RateKind::BySubtotal => {
                let end = self.free_over.unwrap_or(MinorUnits::MAX).max(1);
                let missing = end - parcel.subtotal.amount().clamp(0, end);
                let share = divide_half_even(
                    i128::from(self.base.amount()) * i128::from(missing),
                    i128::from(end),
                );
                i64::try_from(share)
                    .map(|share| Money::new(share, currency))
                    .map_err(|_| NotServed::Range)
            }
            RateKind::FreeOver => {
                let free = self
                    .free_over
                    .is_some_and(|limit| parcel.subtotal.amount() >= limit);
                Ok(if free { Money::zero(currency) } else { self.base })
            }
        }
    }
}

#[cfg(test)]
#[path = "rate_tests.rs"]
mod tests;
