//! Root fields that keep telling.

use super::deps;
use crate::domain::shipment::Shipment;
use crate::store::{self, Scope};
use async_graphql::{Context, ID, Subscription as Subscribe, futures_util::Stream};
use contracts::orders::GetOrders;
use platform::{Deps, Error, Viewer, ids::OrderId, viewer::viewer};

/// Root of all subscriptions.
pub struct Subscription;

#[Subscribe]
impl Subscription {
    /// The order's shipments, one for each of their events, in order. The greatest `seq` of the received `events` is
    /// where to resume after a cut: the events then end with the one that is being told.
    async fn shipment_tracking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the order.")] order_id: ID,
        #[graphql(desc = "Tell events after this one first; 0: all. By default only new ones.")]
        after_seq: Option<i32>,
    ) -> Result<impl Stream<Item = Shipment> + use<>, Error> {
        let missing = || Error::BadInput("there is no such order".to_owned());
        let order = OrderId::parse(&order_id).ok_or_else(missing)?;
        let (deps, viewer) = (deps(ctx).clone(), viewer(ctx).clone());
        if !may_follow(&deps, &viewer, order).await? {
            return Err(missing());
        }
        let scope = Scope::from(&viewer);
        let mut follower = deps.live.follow("shipment", Some(order.to_string()));
        let mut seq = match after_seq {
            Some(seq) => i64::from(seq),
            None => store::events::last_seq(deps.db.pool(), order).await?,
        };
        Ok(async_stream::stream! {
            loop {
                match store::events::after(deps.db.pool(), &scope, order, seq).await {
                    Ok(told) => {
                        let full = !told.is_empty();
                        for shipment in told {
                            seq = shipment.until.unwrap_or(seq);
                            yield shipment;
                        }
                        // A page may end before the events do.
                        if full {
                            continue;
                        }
                    }
                    Err(error) => tracing::warn!(%error, "cannot read shipment events"),
                }
                follower.changed().await;
            }
        })
    }
}

/// The order's customer, its vendors and staff. Before its first shipment only the orders service knows them.
async fn may_follow(deps: &Deps, viewer: &Viewer, order: OrderId) -> Result<bool, Error> {
    let scope = Scope::from(viewer);
    if !store::shipments::by_orders(deps.db.pool(), &scope, &[order.0])
        .await?
        .is_empty()
    {
        return Ok(true);
    }
    let orders = deps.commands.call(&GetOrders { ids: vec![order] }).await?;
    let allowed =
        |vendors: &[platform::ids::VendorId]| vendors.iter().any(|vendor| viewer.is_member(*vendor));
    Ok(orders
        .iter()
        .any(|known| known.id == order && (viewer.acts_for(known.customer) || allowed(&known.vendors))))
}
