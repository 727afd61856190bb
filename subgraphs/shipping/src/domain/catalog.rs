//! Zones, methods and their rates, as they are kept.

use super::rate::{Rate, RateKind};
use super::zone;
use async_graphql::SimpleObject;
use platform::{
    Country, MinorUnits, UserError,
    address::text,
    error::ValidationError,
    ids::{ShippingMethodId, ShippingZoneId, VendorId},
};
use std::collections::BTreeSet;

/// A set of destinations. A method has one price for all of them.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct ShippingZone {
    /// Opaque ID.
    pub id: ShippingZoneId,
    /// For people.
    pub name: String,
    /// Countries it contains; empty: all.
    pub countries: Vec<Country>,
    /// States, provinces or counties it is limited to; empty: no limit.
    pub regions: Vec<String>,
    /// Postal codes it is limited to, with `*` for any characters and `?` for one; empty: no limit.
    pub postal_patterns: Vec<String>,
    /// Grows with every change.
    pub version: i32,
}

/// A way to ship.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct ShippingMethod {
    /// Opaque ID.
    pub id: ShippingMethodId,
    /// For people.
    pub name: String,
    /// Who carries the parcels.
    pub carrier: Option<String>,
    /// Days until delivery at best.
    pub min_days: i32,
    /// Days until delivery at worst.
    pub max_days: i32,
    /// Can be chosen for new orders.
    pub active: bool,
    /// Grows with every change.
    pub version: i32,
    #[graphql(skip)]
    pub vendor_id: Option<VendorId>,
}

/// A zone as somebody wants it, checked.
#[derive(Clone, Debug)]
pub struct ZoneDraft {
    pub name: String,
    pub countries: Vec<Country>,
    pub regions: Vec<String>,
    pub postal_patterns: Vec<String>,
}

impl ZoneDraft {
    pub fn new(
        name: String,
        countries: Vec<Country>,
        regions: Vec<String>,
        postal_patterns: Vec<String>,
    ) -> Result<Self, ValidationError> {
        let name = text(name, 100).ok_or_else(|| ValidationError::new(["name"], "1..100 characters"))?;
        let countries: BTreeSet<Country> = countries.into_iter().collect();
        if regions.len() > 200 {
            return Err(ValidationError::new(["regions"], "at most 200"));
        }
        if postal_patterns.len() > 500 {
            return Err(ValidationError::new(["postalPatterns"], "at most 500"));
        }
        let regions = regions
            .into_iter()
            .map(|region| {
                text(region, 100).ok_or_else(|| ValidationError::new(["regions"], "1..100 characters each"))
            })
            .collect::<Result<_, _>>()?;
        if !postal_patterns.iter().all(|pattern| zone::is_pattern(pattern)) {
            let rule = "letters, digits, spaces, dashes, * and ?, 1..20 characters each";
            return Err(ValidationError::new(["postalPatterns"], rule));
        }
        Ok(Self {
            name,
            countries: countries.into_iter().collect(),
            regions,
            postal_patterns,
        })
    }
}

/// A method as somebody wants it, checked except for the existence of its zones.
#[derive(Clone, Debug)]
pub struct MethodDraft {
    pub name: String,
    pub carrier: Option<String>,
    pub min_days: i32,
    pub max_days: i32,
    pub rates: Vec<Rate>,
}

impl MethodDraft {
    pub fn check(self) -> Result<Self, UserError> {
        let name = text(self.name, 100).ok_or_else(|| UserError::invalid(&["name"], "1..100 characters"))?;
        let carrier = self
            .carrier
            .map(|carrier| {
                text(carrier, 100).ok_or_else(|| UserError::invalid(&["carrier"], "1..100 characters"))
            })
            .transpose()?;
        if !(0..=365).contains(&self.min_days) {
            return Err(UserError::invalid(&["minDays"], "0..365"));
        }
        if !(self.min_days..=365).contains(&self.max_days) {
            return Err(UserError::invalid(&["maxDays"], "minDays..365"));
        }
        if !(1..=200).contains(&self.rates.len()) {
            return Err(UserError::invalid(&["rates"], "1..200 rates"));
        }
        for (index, rate) in self.rates.iter().enumerate() {
            check_rate(rate)
                .map_err(|(field, rule)| UserError::invalid(&["rates", &index.to_string(), field], rule))?;
        }
        Ok(Self {
            name,
            carrier,
            ..self
        })
    }
}

fn check_rate(rate: &Rate) -> Result<(), (&'static str, &'static str)> {
    let amount = |amount: i64| (0..=MinorUnits::MAX).contains(&amount);
    match rate.kind {
        RateKind::Carrier => {
            return Err((
                "kind",
                "FLAT, BY_WEIGHT, BY_SUBTOTAL or FREE_OVER: no carrier is connected",
            ));
        }
        RateKind::ByWeight if rate.per_kg.is_none() => return Err(("perKg", "given for BY_WEIGHT")),
        RateKind::BySubtotal | RateKind::FreeOver if rate.free_over.is_none() => {
            return Err(("freeOver", "given for BY_SUBTOTAL and FREE_OVER"));
        }
        _ => {}
    }
    if !amount(rate.base.amount()) {
        return Err(("base", "0 or more"));
    }
    if !rate.per_kg.is_none_or(amount) {
        return Err(("perKg", "0 or more"));
    }
    if rate.free_over.is_some_and(|limit| limit <= 0) {
        return Err(("freeOver", "more than 0"));
    }
    let least = rate.min_weight_grams.unwrap_or(0);
    if least < 0 {
        return Err(("minWeightGrams", "0 or more"));
    }
    if rate.max_weight_grams.is_some_and(|most| most < least) {
        return Err(("maxWeightGrams", "minWeightGrams or more"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::zone::Area;
    use platform::{Currency, Money};

    fn draft(edit: impl FnOnce(&mut MethodDraft)) -> Result<MethodDraft, UserError> {
        let rate = Rate {
            zone: ShippingZoneId::new(),
            area: Area::default(),
            kind: RateKind::Flat,
            base: Money::new(399, Currency::GBP),
            per_kg: None,
            free_over: None,
            min_weight_grams: None,
            max_weight_grams: None,
        };
        let (name, carrier) = (" Standard ".to_owned(), None);
        let mut draft = MethodDraft {
            name,
            carrier,
            min_days: 2,
            max_days: 5,
            rates: vec![rate],
        };
        edit(&mut draft);
        draft.check()
    }

    #[test]
    fn drafts_are_checked() {
        assert_eq!(draft(|_| ()).unwrap().name, "Standard");
        let wrong: [fn(&mut MethodDraft); 9] = [
            |d| d.name.clear(),
            |d| d.max_days = 1,
            |d| d.min_days = -1,
            |d| d.rates.clear(),
            |d| d.rates[0].kind = RateKind::Carrier,
            |d| d.rates[0].kind = RateKind::ByWeight,
            |d| d.rates[0].kind = RateKind::FreeOver,
            |d| d.rates[0].base = Money::new(-1, Currency::GBP),
            |d| (d.rates[0].min_weight_grams, d.rates[0].max_weight_grams) = (Some(2), Some(1)),
        ];
        for (index, edit) in wrong.into_iter().enumerate() {
            assert!(draft(edit).is_err(), "case {index}");
        }
        let zone = |pattern: &str| ZoneDraft::new("UK".into(), vec![], vec![], vec![pattern.into()]);
        assert!(zone("BT*").is_ok() && zone("").is_err() && zone("(a+)+").is_err());
    }
}
