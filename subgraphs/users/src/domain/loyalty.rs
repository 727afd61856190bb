//! Points: whole numbers, rounded down.

use async_graphql::Enum;
use platform::{Currency, Money};

/// Why points moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LoyaltyTxKind {
    /// Earned with an order; can be spent when its return window is over.
    EarnPending,
    /// Can be spent from now on.
    Earn,
    /// Set aside for an order that is being placed.
    Hold,
    /// Given back, because the order did not come about.
    Release,
    /// Spent on an order.
    Redeem,
    /// Taken back, because the order was refunded; or given back, because an order that was paid with points was
    /// called off.
    Reverse,
    /// Grown too old.
    Expire,
    /// Changed by staff, with a reason.
    Adjust,
}

impl LoyaltyTxKind {
    /// As in GraphQL and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EarnPending => "EARN_PENDING",
            Self::Earn => "EARN",
            Self::Hold => "HOLD",
            Self::Release => "RELEASE",
            Self::Redeem => "REDEEM",
            Self::Reverse => "REVERSE",
            Self::Expire => "EXPIRE",
            Self::Adjust => "ADJUST",
        }
    }
}

/// Most points one order can bring or take.
const MAX: i128 = 1_000_000_000;

/// One point for each whole major unit, times the tier's multiplier in basis points.
pub fn earned(total: Money, multiplier_basis_points: i32) -> i32 {
    let units = i128::from(total.amount().max(0)) / i128::from(10_i64.pow(total.currency.exponent()));
    clamp(units * i128::from(multiplier_basis_points) / 10_000)
}

/// Points that a refunded part of an order takes back altogether; all of them once everything is refunded.
pub fn reversed(earned: i32, total: i64, refunded: i64) -> i32 {
    if total <= 0 {
        return 0;
    }
    let refunded = refunded.clamp(0, total);
    clamp(i128::from(earned) * i128::from(refunded) / i128::from(total))
}

/// What a point is worth: one minor unit.
pub fn point_value(currency: Currency) -> Money {
    Money::new(1, currency)
}

fn clamp(points: i128) -> i32 {
    i32::try_from(points.clamp(0, MAX)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_units_of_the_currency_count() {
        let jpy = Currency::parse("JPY").unwrap();
        assert_eq!(earned(Money::new(1999, Currency::GBP), 10_000), 19);
        assert_eq!(earned(Money::new(1999, Currency::GBP), 12_500), 23);
        assert_eq!(earned(Money::new(1999, jpy), 10_000), 1999);
        assert_eq!(earned(Money::new(-5, Currency::GBP), 10_000), 0);
    }

    #[test]
    fn refunds_take_back_their_share_and_never_more() {
        assert_eq!(reversed(10, 1000, 333), 3);
        assert_eq!(reversed(10, 1000, 1000), 10);
        assert_eq!(reversed(10, 1000, 5000), 10);
        assert_eq!(reversed(10, 0, 5), 0);
    }
}
