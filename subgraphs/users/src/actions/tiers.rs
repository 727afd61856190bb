//! What the tiers take.

use crate::{
    App,
    domain::{tier_rules::check, vip::VipTier},
    store::vip,
};
use contracts::events::StaffActed;
use platform::{Moment, Money, Outcome, Viewer};

/// Puts new thresholds in place of those of a tier. They count from the next sale, look or renewal on: nobody loses a
/// tier before the year is over.
pub async fn update(app: &App, viewer: &Viewer, tier: VipTier, thresholds: &[Money]) -> Outcome<VipTier> {
    let (staff, customer) = (viewer.require_user()?, viewer.require_customer()?);
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let rules = vip::lock_thresholds(&mut tx).await?;
    check(tier, thresholds, &rules)?;
    let currencies: Vec<_> = thresholds
        .iter()
        .map(|one| one.currency.as_str().to_owned())
        .collect();
    let spend: Vec<i64> = thresholds.iter().map(|one| one.amount()).collect();
    vip::put_thresholds(&mut tx, tier, &currencies, &spend).await?;
    let amounts: Vec<_> = thresholds
        .iter()
        .map(|one| format!("{} {}", one.amount(), one.currency.as_str()))
        .collect();
    tx.emit(&StaffActed {
        customer,
        staff,
        action: "vip.tier_update".to_owned(),
        subject: Some(tier.as_str().to_owned()),
        outcome: Some(amounts.join(", ")),
    })
    .await?;
    tx.commit().await?;
    Ok(tier)
}
