//! VIP tiers.

use crate::{
    App,
    domain::{
        credentials,
        vip::{CustomerType, VipTier, earned, recompute},
    },
    store::{
        customers::{self, Standing, Transition},
        vip,
    },
};
use async_graphql::ID;
use platform::{Moment, Outcome, Tx, UserError, UserErrorCode, error::parse_id, ids::CustomerId};

/// Gives a tier by hand. The same tier again changes nothing.
pub async fn enroll(app: &App, id: &ID, tier: VipTier, reason: String) -> Outcome<CustomerId> {
    let id = parse_id::<CustomerId>(id)?;
    let reason = credentials::text(reason, 500, &["reason"])?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let standing = lock(&mut tx, id).await?;
    set(&mut tx, id, &standing, Some(tier), &reason).await?;
    tx.commit().await?;
    Ok(id)
}

/// Gives the tier that the spend of the last 365 days earns; before the renewal date never a lower one.
pub async fn recompute_tier(app: &App, id: &ID) -> Outcome<CustomerId> {
    let id = parse_id::<CustomerId>(id)?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let standing = lock(&mut tx, id).await?;
    let thresholds = vip::thresholds(&mut *tx).await?;
    let spend: Vec<_> = vip::spend(&mut *tx, &[id])
        .await?
        .into_iter()
        .map(|row| (row.1, row.2))
        .collect();
    let now = tx.now().await?;
    let tier = recompute(
        standing.tier.zip(standing.renews_at),
        earned(&thresholds, &spend),
        now,
    );
    set(&mut tx, id, &standing, tier, "spend of the last 365 days").await?;
    tx.commit().await?;
    Ok(id)
}

async fn lock(tx: &mut Tx, id: CustomerId) -> Outcome<Standing> {
    let standing = customers::lock(tx, id)
        .await?
        .ok_or_else(|| UserError::not_found(id))?;
    if standing.kind == CustomerType::Guest {
        return Err(UserError::refused(UserErrorCode::Conflict, "a guest has no tier").into());
    }
    Ok(standing)
}

/// Stores a tier and the step to it.
pub async fn set(
    tx: &mut Tx,
    id: CustomerId,
    was: &Standing,
    tier: Option<VipTier>,
    reason: &str,
) -> Outcome<()> {
    if was.tier == tier {
        return Ok(());
    }
    customers::set_tier(tx, id, tier).await?;
    let to = if tier.is_some() {
        CustomerType::Vip
    } else {
        CustomerType::Registered
    };
    let step = Transition {
        customer: id,
        from: was.kind,
        to,
        tiers: (was.tier, tier),
        reason,
    };
    customers::record(tx, step).await?;
    Ok(())
}
