//! The benefits that every shop begins with. What counts afterwards is the table.

use crate::domain::vip::VipTier;

/// Multiplies the points of an order by its basis points.
pub const POINTS_MULTIPLIER: &str = "POINTS_MULTIPLIER";
/// The prices of the tier, where vendors have set such.
pub const TIER_PRICES: &str = "TIER_PRICES";

/// A benefit to begin with.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    pub code: &'static str,
    pub tier: VipTier,
    pub title: &'static str,
    pub kind: &'static str,
    pub basis_points: Option<i32>,
}

/// One multiplier for each tier, and the tier's prices for all.
pub fn defaults() -> Vec<Preset> {
    let multiplier = |code, tier, title, basis_points| Preset {
        code,
        tier,
        title,
        kind: POINTS_MULTIPLIER,
        basis_points: Some(basis_points),
    };
    vec![
        multiplier("points-bronze", VipTier::Bronze, "10% more points", 11_000),
        multiplier("points-silver", VipTier::Silver, "25% more points", 12_500),
        multiplier("points-gold", VipTier::Gold, "50% more points", 15_000),
        multiplier("points-platinum", VipTier::Platinum, "Double points", 20_000),
        Preset {
            code: "tier-prices",
            tier: VipTier::Bronze,
            title: "Prices of your tier",
            kind: TIER_PRICES,
            basis_points: None,
        },
    ]
}
