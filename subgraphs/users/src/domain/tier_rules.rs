//! What the rules of a tier may be.

use crate::domain::vip::{Threshold, VipTier};
use platform::{Money, UserError};

/// Currencies of one tier.
const MOST: usize = 50;
/// Amounts are sums in 64 bits, and exact in JSON.
const LARGEST: i64 = 9_007_199_254_740_991;

/// Each currency once, more than nothing, and in every currency more than for the tier below and less than for the tier
/// above.
pub fn check(tier: VipTier, new: &[Money], others: &[Threshold]) -> Result<(), UserError> {
    let wrong = |rule: &str| Err(UserError::invalid(&["thresholds"], rule));
    if new.is_empty() || new.len() > MOST {
        return wrong("1..50 amounts");
    }
    for (n, one) in new.iter().enumerate() {
        let (amount, code) = (one.amount(), one.currency.as_str());
        if !(1..=LARGEST).contains(&amount) {
            return wrong("amounts above 0");
        }
        if new[..n].iter().any(|earlier| earlier.currency == one.currency) {
            return wrong("amounts of different currencies");
        }
        let crossed = others
            .iter()
            .filter(|other| other.tier != tier && other.currency == code)
            .find(|other| (other.tier < tier) != (other.spend < amount) || other.spend == amount);
        if let Some(other) = crossed {
            let rule = format!(
                "in the order of the tiers: {} takes {} {code}",
                other.tier.as_str(),
                other.spend
            );
            return wrong(&rule);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use platform::Currency;

    #[test]
    fn tiers_keep_their_order_in_every_currency() {
        let rule = |tier, spend| Threshold {
            tier,
            currency: "GBP".to_owned(),
            spend,
        };
        let rules = [
            rule(VipTier::Bronze, 100),
            rule(VipTier::Silver, 200),
            rule(VipTier::Gold, 300),
        ];
        let check = |amounts: &[(i64, Currency)]| {
            let new: Vec<_> = amounts
                .iter()
                .map(|(n, currency)| Money::new(*n, *currency))
                .collect();
            check(VipTier::Silver, &new, &rules).is_ok()
        };
        for good in [101, 200, 299] {
            assert!(check(&[(good, Currency::GBP)]), "{good}");
        }
        for bad in [-1, 0, 100, 300, 301, i64::MAX] {
            assert!(!check(&[(bad, Currency::GBP)]), "{bad}");
        }
        assert!(
            check(&[(150, Currency::GBP), (1, Currency::EUR)]),
            "other currencies are free"
        );
        assert!(!check(&[(150, Currency::GBP), (160, Currency::GBP)]));
        assert!(!check(&[]));
    }
}
