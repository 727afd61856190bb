//! VIP tiers: they rise at once, and fall only when the membership year is over.

use crate::{
    App,
    actions::staff,
    domain::{
        credentials,
        vip::{CustomerType, VipTier, earned, recompute},
    },
    store::{
        customers::{self, Standing, Transition},
        loyalty_orders, points, vip,
    },
};
use async_graphql::ID;
use platform::{
    Error, Fault, Moment, Outcome, Tx, UserError, UserErrorCode, Viewer, error::parse_id, ids::CustomerId,
};

/// Memberships that are renewed at once.
const BATCH: i64 = 200;
/// The reason of every step that the spend made.
const SPEND: &str = "spend of the membership year";

/// Gives a tier by hand. The same tier again changes nothing.
pub async fn enroll(
    app: &App,
    viewer: &Viewer,
    id: &ID,
    tier: VipTier,
    reason: String,
) -> Outcome<CustomerId> {
    let id = parse_id::<CustomerId>(id)?;
    let reason = credentials::text(reason, 500, &["reason"])?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let standing = lock(&mut tx, id).await?;
    set(&mut tx, id, &standing, Some(tier), &reason).await?;
    staff::acted(&mut tx, viewer, id, "vip.enroll", Some(tier.as_str().to_owned())).await?;
    tx.commit().await?;
    Ok(id)
}

/// Gives the tier that the spend of the last membership year earns; before the renewal date never a lower one.
pub async fn recompute_tier(app: &App, viewer: &Viewer, id: &ID) -> Outcome<CustomerId> {
    let id = parse_id::<CustomerId>(id)?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let standing = lock(&mut tx, id).await?;
    let worth = worth(&mut tx, id).await?;
    let now = tx.now().await?;
    let tier = recompute(standing.tier.zip(standing.renews_at), worth, now);
    set(&mut tx, id, &standing, tier, SPEND).await?;
    let outcome = tier.map(|tier| tier.as_str().to_owned());
    staff::acted(&mut tx, viewer, id, "vip.recompute", outcome).await?;
    tx.commit().await?;
    Ok(id)
}

/// The tier that the spend of the year before now earns.
async fn worth(tx: &mut Tx, id: CustomerId) -> Result<Option<VipTier>, Error> {
    // The database's own clock, to the microsecond in which the sale has just been written.
    let now = points::programme(&mut **tx).await?.now;
    let thresholds = vip::thresholds(&mut **tx).await?;
    let spend = loyalty_orders::spend(&mut **tx, &[id], &[now]).await?;
    let spend: Vec<_> = spend.into_iter().map(|row| (row.1, row.2)).collect();
    Ok(earned(&thresholds, &spend))
}

/// After a sale: a higher tier at once. Guests have none.
pub async fn rise(tx: &mut Tx, id: CustomerId) -> Result<(), Error> {
    let Some(standing) = customers::lock(tx, id).await? else {
        return Ok(());
    };
    if standing.kind == CustomerType::Guest || standing.merged {
        return Ok(());
    }
    let tier = worth(tx, id).await?;
    if tier > standing.tier {
        set(tx, id, &standing, tier, SPEND)
            .await
            .map_err(|fault| match fault {
                Fault::Failed(error) => error,
                Fault::User(error) => Error::internal(anyhow::anyhow!("{error:?}")),
            })?;
    }
    Ok(())
}

/// Memberships whose year is over get the tier that its spend has earned, or end; on the day they were due, however
/// late this runs. True: there may be more.
pub async fn renew(app: &App) -> Result<bool, Error> {
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let due = vip::claim_due(&mut tx, BATCH).await?;
    if due.is_empty() {
        return Ok(false);
    }
    let thresholds = vip::thresholds(&mut *tx).await?;
    let (ids, dates): (Vec<_>, Vec<_>) = due.iter().map(|row| (row.customer, row.renews_at)).unzip();
    let spend = loyalty_orders::spend(&mut *tx, &ids, &dates).await?;
    let tiers: Vec<_> = due
        .iter()
        .map(|row| {
            let own = spend.iter().filter(|(customer, ..)| *customer == row.customer);
            let own: Vec<_> = own
                .map(|(_, currency, amount)| (currency.clone(), *amount))
                .collect();
            earned(&thresholds, &own)
        })
        .collect();
    vip::renew(&mut tx, &due, &tiers, SPEND).await?;
    tx.commit().await?;
    Ok(true)
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
