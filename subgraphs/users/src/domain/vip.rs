//! Customer types and VIP tiers.

use async_graphql::Enum;
use chrono::{DateTime, Utc};

/// How much of a regular somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CustomerType {
    /// Shops without an account.
    Guest,
    /// Has an account, or came from an import.
    Registered,
    /// Has a tier.
    Vip,
}

/// Tier of a VIP, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum VipTier {
    /// The lowest tier.
    Bronze,
    /// The second tier.
    Silver,
    /// The third tier.
    Gold,
    /// The highest tier.
    Platinum,
}

impl VipTier {
    /// As in GraphQL and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bronze => "BRONZE",
            Self::Silver => "SILVER",
            Self::Gold => "GOLD",
            Self::Platinum => "PLATINUM",
        }
    }
}

/// One row of the thresholds table.
#[derive(Clone, Debug)]
pub struct Threshold {
    pub tier: VipTier,
    pub currency: String,
    /// Minor units within 365 days.
    pub spend: i64,
}

/// The highest tier that some currency's spend reaches; currencies are never added up.
pub fn earned(thresholds: &[Threshold], spend: &[(String, i64)]) -> Option<VipTier> {
    thresholds
        .iter()
        .filter(|t| {
            spend
                .iter()
                .any(|(currency, amount)| *currency == t.currency && *amount >= t.spend)
        })
        .map(|t| t.tier)
        .max()
}

/// The tier after a look at the spend. Until the renewal date a tier can only rise.
pub fn recompute(
    current: Option<(VipTier, DateTime<Utc>)>,
    earned: Option<VipTier>,
    now: DateTime<Utc>,
) -> Option<VipTier> {
    match current {
        Some((tier, renews_at)) if now < renews_at => Some(earned.map_or(tier, |earned| earned.max(tier))),
        _ => earned,
    }
}

/// What is missing to the next tier in one currency; `None` at the top.
pub fn to_next(thresholds: &[Threshold], tier: VipTier, currency: &str, spend: i64) -> Option<i64> {
    thresholds
        .iter()
        .filter(|t| t.tier > tier && t.currency == currency)
        .map(|t| t.spend)
        .min()
        .map(|needed| (needed - spend).max(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn thresholds() -> Vec<Threshold> {
        let row = |tier, spend| Threshold {
            tier,
            currency: "GBP".into(),
            spend,
        };
        vec![
            row(VipTier::Bronze, 100),
            row(VipTier::Silver, 200),
            row(VipTier::Gold, 300),
        ]
    }

    #[test]
    fn spend_earns_tiers_in_its_own_currency() {
        let spend = |currency: &str, amount| vec![(currency.to_owned(), amount)];
        assert_eq!(earned(&thresholds(), &spend("GBP", 99)), None);
        assert_eq!(earned(&thresholds(), &spend("GBP", 200)), Some(VipTier::Silver));
        assert_eq!(earned(&thresholds(), &spend("EUR", 9999)), None);
    }

    #[test]
    fn a_tier_falls_only_after_its_renewal_date() {
        let now: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        let (later, earlier) = (now + TimeDelta::days(1), now - TimeDelta::days(1));
        let (silver, gold) = (VipTier::Silver, VipTier::Gold);
        assert_eq!(recompute(Some((silver, later)), None, now), Some(silver));
        assert_eq!(recompute(Some((silver, later)), Some(gold), now), Some(gold));
        assert_eq!(recompute(Some((gold, earlier)), Some(silver), now), Some(silver));
        assert_eq!(recompute(Some((gold, earlier)), None, now), None);
        assert_eq!(recompute(None, Some(silver), now), Some(silver));
    }

    #[test]
    fn distance_to_the_next_tier() {
        assert_eq!(to_next(&thresholds(), VipTier::Bronze, "GBP", 150), Some(50));
        assert_eq!(to_next(&thresholds(), VipTier::Gold, "GBP", 150), None);
    }
}
