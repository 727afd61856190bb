//! The parts of a quote sum to the whole, whatever is in the basket.

use super::*;
use contracts::payments::Discount;
use proptest::prelude::*;

fn vendor(n: u8) -> VendorId {
    VendorId(uuid::Uuid::from_u128(u128::from(n)))
}

fn item((unit, quantity, seller, micros, included): (i64, i32, u8, i32, bool)) -> Item {
    Item {
        line: CartLineId::new(),
        variant: VariantId::new(),
        product: ProductId::new(),
        vendor: vendor(seller),
        categories: vec![],
        quantity,
        prices: vec![
            QuantityPrice {
                min_quantity: 1,
                amount: unit,
            },
            QuantityPrice {
                min_quantity: 10,
                amount: unit * 9 / 10,
            },
        ],
        tax: TaxRate { micros, included },
    }
}

fn coupon(discount: Discount, seller: Option<u8>, max: Option<i64>) -> CouponRule {
    CouponRule {
        id: CouponId::new(),
        code: "C".to_owned(),
        discount,
        vendor: seller.map(vendor),
        min_subtotal: None,
        max_discount: max,
        products: vec![],
        categories: vec![],
        stackable: true,
    }
}

fn discounts() -> impl Strategy<Value = Discount> {
    prop_oneof![
        (0..=10_000).prop_map(|basis_points| Discount::Percent { basis_points }),
        (0..100_000_i64).prop_map(|amount| Discount::Fixed { amount }),
        (1..4, 1..3).prop_map(|(buy, get)| Discount::BuyXGetY { buy, get }),
        Just(Discount::FreeShipping),
    ]
}

proptest! {
    #[test]
    fn parts_sum_to_wholes(
        items in prop::collection::vec((0..50_000_i64, 1..40_i32, 0..4_u8, 0..400_000_i32, any::<bool>()).prop_map(item), 1..12),
        coupons in prop::collection::vec((discounts(), prop::option::of(0..4_u8), prop::option::of(0..5_000_i64)), 0..4),
        points in 0..200_000_i32,
        fees in prop::collection::vec(0..2_000_i64, 4),
    ) {
        let basket = Basket {
            currency: Currency::GBP,
            items,
            coupons: coupons.into_iter().map(|(d, v, m)| coupon(d, v, m)).collect(),
            points,
            shipping: fees.iter().enumerate()
                .map(|(n, amount)| Shipping { vendor: vendor(n as u8), method: None, amount: *amount }).collect(),
        };
        let (quote, _) = quote(&basket).unwrap();
        let sum = |of: fn(&QuotedLine) -> i64| quote.lines.iter().map(of).sum::<i64>();
        let t = quote.totals;
        prop_assert_eq!(t.subtotal, sum(|l| l.gross));
        prop_assert_eq!(t.discount, sum(|l| l.platform_discount + l.vendor_discount));
        prop_assert_eq!(t.loyalty, sum(|l| l.loyalty));
        prop_assert_eq!(t.loyalty, i64::from(quote.points));
        prop_assert_eq!(t.tax, sum(|l| l.tax));
        prop_assert_eq!(t.total, sum(|l| l.total) + t.shipping);
        let added = sum(|l| if l.tax_included { 0 } else { l.tax });
        prop_assert_eq!(t.total, t.subtotal - t.discount - t.loyalty + t.shipping + added);
        prop_assert!(quote.lines.iter().all(|l| l.total >= 0 && l.tax >= 0 && l.loyalty >= 0));
        for part in &quote.vendors {
            let own = |of: fn(&QuotedLine) -> i64| quote.lines.iter().filter(|l| l.vendor == part.vendor).map(of).sum::<i64>();
            prop_assert_eq!(part.sums.total, own(|l| l.total) + part.sums.shipping);
            prop_assert_eq!(part.sums.discount, part.platform_discount + part.vendor_discount);
        }
        prop_assert_eq!(quote.vendors.iter().map(|v| v.sums.total).sum::<i64>(), t.total);
    }
}

#[test]
fn a_vendors_coupon_stays_with_the_vendor() {
    let basket = Basket {
        currency: Currency::GBP,
        items: vec![item((1000, 1, 0, 0, true)), item((1000, 1, 1, 0, true))],
        coupons: vec![coupon(Discount::Percent { basis_points: 1000 }, Some(1), None)],
        points: 0,
        shipping: vec![],
    };
    let (quote, unused) = quote(&basket).unwrap();
    assert!(unused.is_empty());
    assert_eq!(
        (
            quote.lines[0].total,
            quote.lines[1].total,
            quote.lines[1].vendor_discount
        ),
        (1000, 900, 100)
    );
    assert_eq!(quote.coupons[0].amount, 100);
}

#[test]
fn contained_tax_is_shown_and_other_tax_is_added() {
    for (included, tax, total) in [(true, 2000, 12_000), (false, 2400, 14_400)] {
        let basket = Basket {
            currency: Currency::GBP,
            items: vec![item((12_000, 1, 0, 200_000, included))],
            coupons: vec![],
            points: 0,
            shipping: vec![],
        };
        let (quote, _) = quote(&basket).unwrap();
        assert_eq!((quote.totals.tax, quote.totals.total), (tax, total));
    }
}

#[test]
fn the_hash_is_of_the_content() {
    let basket = |quantity| Basket {
        currency: Currency::GBP,
        items: vec![Item {
            line: CartLineId(uuid::Uuid::nil()),
            variant: VariantId(uuid::Uuid::nil()),
            ..item((100, quantity, 0, 0, true))
        }],
        coupons: vec![],
        points: 0,
        shipping: vec![],
    };
    let hash = |quantity| quote(&basket(quantity)).unwrap().0.hash();
    assert_eq!(hash(1), hash(1));
    assert_ne!(hash(1), hash(2));
}
