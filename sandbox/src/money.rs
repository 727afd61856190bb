//! Amounts in the smallest unit, as Stripe counts them, and the fees of this provider.

use crate::error::{ApiError, ApiResult};

/// Stripe's ceiling: eight digits (Stripe API reference: `PaymentIntent.amount`).
const MOST: i64 = 99_999_999;

/// What losing or merely having a dispute costs, in minor units.
pub const DISPUTE_FEE: i64 = 1_500;

/// 2.9 % rounded half up, plus 30 minor units, never more than the amount. One tariff for every currency.
pub fn fee(amount: i64) -> i64 {
    ((amount.saturating_mul(29) + 500) / 1_000 + 30).clamp(0, amount.max(0))
}

pub fn currency(text: &str) -> ApiResult<String> {
    let code = text.to_ascii_lowercase();
    match code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_lowercase()) {
        true => Ok(code),
        false => Err(ApiError::invalid("currency", format!("Invalid currency: {text}"))),
    }
}

/// The amount rules of the Stripe documentation: positive, a minimum for a charge, and multiples where the
/// card networks cannot carry the last digit (three-decimal currencies) or any decimals (ISK, UGX).
pub fn charge_amount(amount: i64, currency: &str) -> ApiResult<i64> {
    if amount < 1 {
        return Err(
            ApiError::invalid("amount", "This value must be greater than or equal to 1.")
                .code("parameter_invalid_integer"),
        );
    }
    if amount < minimum(currency) {
        let message = format!(
            "Amount must be at least {} {currency} in the smallest unit.",
            minimum(currency)
        );
        return Err(ApiError::invalid("amount", message).code("amount_too_small"));
    }
    if amount > MOST {
        return Err(
            ApiError::invalid("amount", format!("Amount must be no more than {MOST}."))
                .code("amount_too_large"),
        );
    }
    if amount % step(currency) != 0 {
        let message = format!(
            "Invalid amount: in {currency} it must be a multiple of {}.",
            step(currency)
        );
        return Err(ApiError::invalid("amount", message));
    }
    Ok(amount)
}

fn minimum(currency: &str) -> i64 {
    match currency {
        "usd" | "eur" | "cad" | "aud" | "chf" | "sgd" | "jpy" => 50,
        "gbp" => 30,
        _ => 1,
    }
}

fn step(currency: &str) -> i64 {
    match currency {
        "bhd" | "jod" | "kwd" | "omr" | "tnd" => 10,
        "isk" | "ugx" => 100,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fees_are_exact_integers() {
        for (amount, expected) in [
            (1_000, 59),
            (10_000, 320),
            (50, 31),
            (10, 10),
            (0, 0),
            (1_017, 59),
            (1_018, 60),
        ] {
            assert_eq!(fee(amount), expected, "{amount}");
        }
    }

    #[test]
    fn amounts_follow_their_currency() {
        assert!(charge_amount(50, "usd").is_ok());
        assert!(charge_amount(49, "usd").is_err());
        assert!(charge_amount(1_230, "kwd").is_ok());
        assert!(charge_amount(1_234, "kwd").is_err());
        assert!(charge_amount(500, "jpy").is_ok());
        assert!(charge_amount(0, "xof").is_err());
        assert!(charge_amount(100_000_000, "usd").is_err());
        assert_eq!(currency("EUR").unwrap(), "eur");
        assert!(currency("euro").is_err());
    }
}
