//! The ways of a checkout, forwards and back.

use super::*;
use crate::domain::quote::Quote;
use platform::{Currency, PostalAddress};

fn walk(plan: &Plan, kind: SagaKind, mut step: Step) -> Vec<&'static str> {
    let mut names = vec![step.name()];
    while let Some(next) = step.next(kind, plan) {
        names.push(next.name());
        step = next;
    }
    names
}

fn plan() -> Plan {
    let address: PostalAddress = serde_json::from_value(serde_json::json!({
        "full_name": "A", "line1": "B", "city": "C", "country": "GB",
        "company": null, "line2": null, "region": null, "postal_code": null, "phone": null
    }))
    .unwrap();
    Plan {
        currency: Currency::GBP,
        tier: None,
        lines: vec![],
        vendors: vec![],
        shipping_address: address.clone(),
        billing_address: address,
        coupons: vec![],
        points: 0,
        quote_hash: String::new(),
        quoted_total: 0,
        provider: "manual".to_owned(),
        saved_method: None,
        return_url: None,
        attempt: 1,
        variants: vec![],
        quote: Some(Quote {
            currency: Currency::GBP,
            lines: vec![],
            vendors: vec![],
            coupons: vec![],
            points: 0,
            totals: crate::domain::quote::Sums {
                total: 5,
                ..Default::default()
            },
        }),
        order_number: None,
        commissions: vec![],
        placed_at: None,
        late: false,
        held: false,
    }
}

#[test]
fn the_ways_of_a_checkout_a_gift_and_an_import() {
    let paid = plan();
    assert_eq!(
        walk(&paid, SagaKind::Checkout, Step::LockCart),
        [
            "lock_cart",
            "validate",
            "reserve",
            "price",
            "create_order",
            "create_payment",
            "await_payment",
            "secure",
            "confirm",
            "commit",
            "capture",
            "open"
        ]
    );
    assert_eq!(
        walk(&paid, SagaKind::Import, Step::Reserve),
        [
            "reserve",
            "create_payment",
            "secure",
            "confirm",
            "commit",
            "capture",
            "open",
            "deliver"
        ]
    );
    let mut free = plan();
    free.quote.as_mut().unwrap().totals.total = 0;
    free.quote.as_mut().unwrap().points = 5;
    assert_eq!(
        walk(&free, SagaKind::Checkout, Step::Price),
        [
            "price",
            "hold_points",
            "create_order",
            "secure",
            "confirm",
            "commit",
            "redeem_points",
            "capture",
            "open"
        ]
    );
}

#[test]
fn undoing_goes_backwards_to_the_cart() {
    let mut names = vec![];
    let mut at = Some(Step::Secure.undo_from(true));
    while let Some(step) = at {
        names.push(step.name());
        at = step.undo_next();
    }
    assert_eq!(
        names,
        [
            "create_payment",
            "create_order",
            "hold_points",
            "hold_coupons",
            "reserve",
            "lock_cart"
        ]
    );
    assert_eq!(Step::Reserve.undo_from(false), Step::Reserve);
    assert_eq!(Step::Validate.undo_from(false), Step::LockCart);
    assert_eq!(Step::Validate.undo_from(true), Step::HoldPoints);
}

#[test]
fn patience_grows() {
    assert_eq!([0, 1, 5, 9, 10].map(backoff_seconds), [1, 2, 32, 60, 300]);
}
