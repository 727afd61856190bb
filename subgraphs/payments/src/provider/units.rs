//! Stripe counts some currencies differently than ISO 4217 (docs.stripe.com/currencies).

use platform::Currency;

/// Stripe's number for `amount` minor units. `None` if the card networks cannot carry it.
pub fn to_stripe(amount: i64, currency: Currency) -> Option<i64> {
    match currency.as_str() {
        // No decimals, but written with two.
        "ISK" | "UGX" => amount.checked_mul(100),
        // Two decimals by ISO, none at Stripe.
        "MGA" => (amount % 100 == 0).then_some(amount / 100),
        _ if currency.exponent() == 3 => (amount % 10 == 0).then_some(amount),
        _ => Some(amount),
    }
}

/// The minor units of a number of Stripe's.
pub fn from_stripe(amount: i64, currency: Currency) -> i64 {
    match currency.as_str() {
        "ISK" | "UGX" => amount / 100,
        "MGA" => amount.saturating_mul(100),
        _ => amount,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_currencies() {
        let cases = [
            ("GBP", 1_999, Some(1_999)),
            ("JPY", 500, Some(500)),
            ("ISK", 500, Some(50_000)),
            ("MGA", 50_000, Some(500)),
            ("MGA", 50_001, None),
            ("KWD", 1_230, Some(1_230)),
            ("KWD", 1_234, None),
        ];
        for (code, amount, expected) in cases {
            let currency = Currency::parse(code).unwrap();
            assert_eq!(to_stripe(amount, currency), expected, "{code} {amount}");
            if let Some(sent) = expected {
                assert_eq!(from_stripe(sent, currency), amount, "{code} {amount}");
            }
        }
    }
}
