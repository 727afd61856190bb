//! Root fields that keep telling.

use super::stubs::ProductVariant;
use crate::domain::{alert::LowStockAlert, level::StockState};
use crate::store::{self, Scope};
use async_graphql::{Context, ID, SimpleObject, Subscription as Subscribe, futures_util::Stream};
use chrono::{DateTime, TimeDelta, Utc};
use platform::{
    Error,
    ids::{VariantId, VendorId},
    service::Deps,
    viewer::viewer,
};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Variants one subscription may follow.
const MAX_VARIANTS: usize = 100;

/// Root of all subscriptions.
pub struct Subscription;

/// The stock state of a variant is new.
#[derive(Clone, Debug, SimpleObject)]
pub struct StockChange {
    /// Which variant.
    variant: Option<ProductVariant>,
    /// Its state now.
    state: StockState,
    /// Grows with every change of the variant's state.
    seq: i32,
}

#[Subscribe]
impl Subscription {
    /// First the states that variants have, then every new one. At most 100 variants.
    async fn stock_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "IDs of the variants.")] variant_ids: Vec<ID>,
    ) -> Result<impl Stream<Item = StockChange>, Error> {
        if variant_ids.len() > MAX_VARIANTS {
            return Err(Error::BadInput(format!("at most {MAX_VARIANTS} variants")));
        }
        let deps = ctx.data_unchecked::<Deps>().clone();
        let wanted: HashSet<VariantId> = variant_ids.iter().filter_map(|id| VariantId::parse(id)).collect();
        let ids: Vec<Uuid> = platform::ids::uuids(&wanted);
        let mut follower = deps.live.follow("variant", None);
        Ok(async_stream::stream! {
            let mut told: HashMap<VariantId, i32> = HashMap::new();
            loop {
                match store::variants::states(deps.db.pool(), &ids).await {
                    Ok(states) => for now in states {
                        if told.insert(now.id, now.seq) != Some(now.seq) {
                            yield StockChange {
                                variant: Some(ProductVariant { id: now.id }),
                                state: now.state,
                                seq: now.seq,
                            };
                        }
                    },
                    Err(error) => tracing::warn!(%error, "cannot read stock states"),
                }
                // Hints about others' variants are not worth a read.
                while let Some(key) = follower.changed_key().await {
                    if VariantId::parse(&key).is_some_and(|id| wanted.contains(&id)) {
                        break;
                    }
                }
            }
        })
    }

    /// Alerts of the caller's variants as they are raised. Requires: VENDOR or STAFF.
    async fn low_stock_alert_raised(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only alerts of this vendor.")] vendor_id: Option<ID>,
    ) -> Result<impl Stream<Item = Option<LowStockAlert>>, Error> {
        let viewer = viewer(ctx);
        viewer.require_vendor_or_staff()?;
        let scope = Scope::from(viewer);
        let vendor = vendor_id.map(|id| VendorId::parse(&id).unwrap_or(VendorId(Uuid::nil())));
        let deps = ctx.data_unchecked::<Deps>().clone();
        let mut follower = deps.live.follow("alert", None);
        let start = deps.db.begin(platform::Moment::LIVE).await?.now().await?;
        Ok(async_stream::stream! {
            let mut since = start;
            let mut told: HashMap<Uuid, DateTime<Utc>> = HashMap::new();
            loop {
                match store::alerts::since(deps.db.pool(), &scope, vendor, since).await {
                    Ok(alerts) => for alert in alerts {
                        // A transaction that began earlier may end later: look a little back each time.
                        since = since.max(alert.raised_at - TimeDelta::minutes(1));
                        if told.insert(alert.id.0, alert.raised_at).is_none() {
                            yield Some(alert);
                        }
                    },
                    Err(error) => tracing::warn!(%error, "cannot read alerts"),
                }
                told.retain(|_, raised_at| *raised_at >= since);
                follower.changed().await;
            }
        })
    }
}
