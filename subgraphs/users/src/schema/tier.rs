//! What the tiers take.

use crate::{
    domain::vip::{Threshold, VipTier},
    schema::{load_many, loaders::Thresholds, payloads::halves},
};
use async_graphql::{Context, SimpleObject};
use platform::{Currency, Error, Money, Outcome, UserError};

/// A VIP tier and what it takes.
#[derive(SimpleObject)]
pub struct VipTierRule {
    /// The tier.
    tier: VipTier,
    /// Spend within a membership year that earns it, for each currency in which it can be earned; amounts of different
    /// currencies are never added up.
    thresholds: Vec<Money>,
}

/// The rules of all tiers, lowest first.
pub async fn rules(ctx: &Context<'_>) -> Result<Vec<VipTierRule>, Error> {
    let mut all: Vec<Threshold> = load_many(ctx, Thresholds(())).await?;
    all.sort_by(|a, b| (a.tier, &a.currency).cmp(&(b.tier, &b.currency)));
    let mut rules: Vec<VipTierRule> = Vec::new();
    for one in all {
        let Some(currency) = Currency::parse(&one.currency) else {
            continue;
        };
        let amount = Money::new(one.spend, currency);
        match rules.last_mut().filter(|rule| rule.tier == one.tier) {
            Some(rule) => rule.thresholds.push(amount),
            None => rules.push(VipTierRule {
                tier: one.tier,
                thresholds: vec![amount],
            }),
        }
    }
    Ok(rules)
}

/// The rules of a tier, or why not.
#[derive(SimpleObject)]
pub struct VipTierPayload {
    /// The rules as they are now; null if it was refused.
    rule: Option<VipTierRule>,
    /// Why it was refused.
    user_errors: Vec<UserError>,
}

impl VipTierPayload {
    pub async fn new(ctx: &Context<'_>, outcome: Outcome<VipTier>) -> Result<Self, Error> {
        let (tier, user_errors) = halves(outcome)?;
        let rule = match tier {
            Some(tier) => rules(ctx).await?.into_iter().find(|rule| rule.tier == tier),
            None => None,
        };
        Ok(Self { rule, user_errors })
    }
}
