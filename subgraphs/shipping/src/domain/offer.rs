//! What a customer may choose from: every method that serves a parcel, with its price and dates.

use super::catalog::ShippingMethod;
use super::rate::{Parcel, Tariff};
use super::zone::Place;
use chrono::{Days, NaiveDate};
use platform::{Money, ids::VendorId};

/// Parcels of one delivery, one per vendor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Basis {
    pub place: Place,
    pub parcels: Vec<Parcel>,
}

/// A method for one parcel.
#[derive(Clone, Debug)]
pub struct Offer {
    pub vendor: Option<VendorId>,
    pub method: ShippingMethod,
    pub price: Money,
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// Offers by parcel in their order; for each parcel the cheapest first, then the fastest.
pub fn offers(tariffs: &[Tariff], basis: &Basis, today: NaiveDate) -> Vec<Offer> {
    let mut all = Vec::new();
    for parcel in &basis.parcels {
        let mut offers: Vec<Offer> = tariffs
            .iter()
            .filter_map(|tariff| {
                let price = tariff.price(&basis.place, parcel).ok()?;
                let method = tariff.method.clone();
                let (from, to) = (after(today, method.min_days), after(today, method.max_days));
                Some(Offer {
                    vendor: parcel.vendor,
                    method,
                    price,
                    from,
                    to,
                })
            })
            .collect();
        offers.sort_by_key(|offer| (offer.price.amount(), offer.method.max_days, offer.method.id));
        all.append(&mut offers);
    }
    all
}

fn after(day: NaiveDate, days: i32) -> NaiveDate {
    day.checked_add_days(Days::new(u64::try_from(days).unwrap_or(0)))
        .unwrap_or(day)
}
