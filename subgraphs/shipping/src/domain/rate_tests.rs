//! Every kind of rate, zones against each other, and bands of weight.

use super::*;
use platform::{Country, Currency, ids::ShippingMethodId};
use proptest::prelude::*;

fn rate(kind: RateKind, countries: &[&str], postal: &[&str], base: i64) -> Rate {
    Rate {
        zone: ShippingZoneId::new(),
        area: Area {
            countries: countries
                .iter()
                .map(|code| Country::parse(code).unwrap())
                .collect(),
            regions: vec![],
            postal_patterns: postal.iter().map(|text| (*text).to_owned()).collect(),
        },
        kind,
        base: Money::new(base, Currency::GBP),
        per_kg: Some(150),
        free_over: Some(5000),
        min_weight_grams: None,
        max_weight_grams: None,
    }
}

fn tariff(rates: Vec<Rate>) -> Tariff {
    let (id, name) = (ShippingMethodId::new(), "Standard".to_owned());
    let (carrier, vendor_id, active, version) = (None, None, true, 1);
    let method = ShippingMethod {
        id,
        name,
        carrier,
        min_days: 1,
        max_days: 2,
        active,
        version,
        vendor_id,
    };
    Tariff { method, rates }
}

fn parcel(weight_grams: i32, subtotal: i64) -> Parcel {
    Parcel {
        vendor: Some(VendorId::new()),
        weight_grams,
        subtotal: Money::new(subtotal, Currency::GBP),
    }
}

fn place(code: &str) -> Place {
    Place {
        country: Country::parse("GB").unwrap(),
        region: None,
        postal_code: Some(code.to_owned()),
    }
}

#[test]
fn every_kind() {
    for (kind, grams, subtotal, expected) in [
        (RateKind::Flat, 99_999, 1, 400),
        (RateKind::ByWeight, 0, 1, 400),
        (RateKind::ByWeight, 1, 1, 550),
        (RateKind::ByWeight, 1000, 1, 550),
        (RateKind::ByWeight, 1001, 1, 700),
        (RateKind::FreeOver, 1, 4999, 400),
        (RateKind::FreeOver, 1, 5000, 0),
        (RateKind::BySubtotal, 1, 0, 400),
        (RateKind::BySubtotal, 1, 2500, 200),
        (RateKind::BySubtotal, 1, 4999, 0),
        (RateKind::BySubtotal, 1, 9000, 0),
    ] {
        let price = tariff(vec![rate(kind, &["GB"], &[], 400)]).price(&place("E1"), &parcel(grams, subtotal));
        assert_eq!(
            price,
            Ok(Money::new(expected, Currency::GBP)),
            "{kind:?} {grams}g {subtotal}"
        );
    }
}

#[test]
fn the_most_exact_zone_decides_alone() {
    let mut island = rate(RateKind::Flat, &["GB"], &["BT*"], 900);
    island.max_weight_grams = Some(2000);
    let tariff = tariff(vec![rate(RateKind::Flat, &["GB"], &[], 400), island]);
    assert_eq!(
        tariff.price(&place("E1 6AN"), &parcel(500, 1)).map(Money::amount),
        Ok(400)
    );
    assert_eq!(
        tariff
            .price(&place("BT1 5GS"), &parcel(500, 1))
            .map(Money::amount),
        Ok(900)
    );
    assert_eq!(
        tariff.price(&place("BT1 5GS"), &parcel(5000, 1)),
        Err(NotServed::Weight)
    );
}

#[test]
fn refusals_say_why() {
    let mut tariff = tariff(vec![rate(RateKind::Flat, &["IE"], &[], 400)]);
    assert_eq!(tariff.price(&place("E1"), &parcel(1, 1)), Err(NotServed::Address));
    tariff.rates = vec![rate(RateKind::Flat, &["GB"], &[], 400)];
    let euros = Parcel {
        subtotal: Money::new(1, Currency::EUR),
        ..parcel(1, 1)
    };
    assert_eq!(tariff.price(&place("E1"), &euros), Err(NotServed::Currency));
    tariff.method.vendor_id = Some(VendorId::new());
    assert_eq!(tariff.price(&place("E1"), &parcel(1, 1)), Err(NotServed::Vendor));
}

#[test]
fn bands_of_weight() {
    let mut light = rate(RateKind::Flat, &["GB"], &[], 300);
    light.max_weight_grams = Some(1000);
    let mut heavy = rate(RateKind::Flat, &["GB"], &[], 800);
    heavy.min_weight_grams = Some(1001);
    let tariff = tariff(vec![light, heavy]);
    for (grams, expected) in [(0, 300), (1000, 300), (1001, 800)] {
        assert_eq!(
            tariff.price(&place("E1"), &parcel(grams, 1)).map(Money::amount),
            Ok(expected)
        );
    }
}

proptest! {
    #[test]
    fn no_price_is_negative_and_worth_never_costs_more(
        base in 0..1_000_000_i64, limit in 1..1_000_000_i64, a in 0..2_000_000_i64, b in 0..2_000_000_i64,
    ) {
        for kind in [RateKind::BySubtotal, RateKind::FreeOver] {
            let mut rate = rate(kind, &["GB"], &[], base);
            rate.free_over = Some(limit);
            let price = |subtotal| rate.price(&parcel(1, subtotal)).unwrap().amount();
            prop_assert!((0..=base).contains(&price(a)));
            prop_assert!(price(a.max(b)) <= price(a.min(b)));
        }
    }
}
