//! Live news. Hints only wake; what is told comes from Postgres, after the follower's own cursor.

use crate::{
    actions::transitions::{CUSTOMER_ORDERS, ORDER, VENDOR_ORDERS},
    domain::order::OrderEventRow,
    schema::{
        deps, load,
        loaders::VisibleOrder,
        order::{Order, OrderEvent},
        vendor_order::VendorOrder,
    },
    store,
};
use async_graphql::{Context, ID, SimpleObject, Subscription};
use futures::Stream;
use platform::{
    Error,
    ids::{OrderId, VendorId},
    viewer::viewer,
};
use std::collections::{HashMap, HashSet};

/// Something new about an order.
#[derive(Clone, Debug, SimpleObject)]
pub struct OrderUpdate {
    /// The order as it is now.
    pub order: Order,
    /// What happened.
    pub event: OrderEvent,
    /// Its position; pass it as `afterSeq` to go on from here.
    pub seq: i32,
}

/// The root of live news.
pub struct Subscription;

fn update(order: Order, row: OrderEventRow, staff: bool) -> OrderUpdate {
    let event = OrderEvent::new(row, staff);
    OrderUpdate {
        order,
        seq: event.seq,
        event,
    }
}

#[Subscription]
impl Subscription {
    /// Everything that happens to an order that its customer may see, from `afterSeq` on.
    async fn order_status_changed<'ctx>(
        &self,
        ctx: &Context<'ctx>,
        #[graphql(desc = "The order.")] order_id: ID,
        #[graphql(desc = "Position of the last update seen; only news unless given.")] after_seq: Option<i32>,
    ) -> Result<impl Stream<Item = OrderUpdate> + use<'ctx>, Error> {
        let unknown = || Error::BadInput("there is no such order".to_owned());
        let id = OrderId::parse(&order_id).ok_or_else(unknown)?;
        let (deps, ctx, viewer) = (deps(ctx), ctx.clone(), viewer(ctx).clone());
        let mut follower = deps.live.follow(ORDER, Some(id.to_string()));
        let first = load(&ctx, VisibleOrder(id))
            .await?
            .filter(|order| order.full)
            .ok_or_else(unknown)?;
        let mut seq = match after_seq {
            Some(seq) => i64::from(seq),
            None => last_seq(deps, &first).await?,
        };
        Ok(async_stream::stream! {
            loop {
                let rows = store::history::after(deps.db.pool(), id, seq, !viewer.is_staff(), 100).await.unwrap_or_default();
                let more = rows.len() == 100;
                if !rows.is_empty() && let Ok(Some(order)) = load(&ctx, VisibleOrder(id)).await {
                    for row in rows {
                        seq = row.seq;
                        yield update(order.clone(), row, viewer.is_staff());
                    }
                }
                if !more {
                    follower.changed().await;
                }
            }
        })
    }

    /// Everything that happens to the viewer's orders from now on.
    async fn my_order_updates<'ctx>(
        &self,
        ctx: &Context<'ctx>,
    ) -> Result<impl Stream<Item = OrderUpdate> + use<'ctx>, Error> {
        let customer = viewer(ctx).customer.ok_or(Error::Unauthenticated)?;
        let (deps, ctx) = (deps(ctx), ctx.clone());
        let mut follower = deps.live.follow(CUSTOMER_ORDERS, Some(customer.to_string()));
        let mut seen: HashMap<OrderId, i64> = store::orders::event_counts(deps.db.pool(), customer)
            .await?
            .into_iter()
            .collect();
        Ok(async_stream::stream! {
            loop {
                follower.changed().await;
                let counts = store::orders::event_counts(deps.db.pool(), customer).await.unwrap_or_default();
                for (id, count) in counts {
                    let last = seen.entry(id).or_insert(0);
                    if *last >= count {
                        continue;
                    }
                    let rows = store::history::after(deps.db.pool(), id, *last, true, 100).await.unwrap_or_default();
                    let Ok(Some(order)) = load(&ctx, VisibleOrder(id)).await else { continue };
                    *last = count.max(rows.last().map_or(0, |row| row.seq));
                    for row in rows {
                        yield update(order.clone(), row, false);
                    }
                }
            }
        })
    }

    /// Parts that the vendor is asked to accept, from now on. Requires: VENDOR.
    async fn vendor_order_placed<'ctx>(
        &self,
        ctx: &Context<'ctx>,
        #[graphql(desc = "The vendor.")] vendor_id: ID,
    ) -> Result<impl Stream<Item = Option<VendorOrder>> + use<'ctx>, Error> {
        let id = VendorId::parse(&vendor_id)
            .ok_or_else(|| Error::BadInput("there is no such vendor".to_owned()))?;
        viewer(ctx).require_manages(id)?;
        let deps = deps(ctx);
        let mut follower = deps.live.follow(VENDOR_ORDERS, Some(id.to_string()));
        let mut since = chrono::Utc::now();
        let known =
            store::vendor_orders::opened_since(deps.db.pool(), id, since - chrono::Duration::minutes(1))
                .await?;
        let mut seen: HashSet<_> = known.into_iter().map(|part| part.id).collect();
        Ok(async_stream::stream! {
            loop {
                follower.changed().await;
                // A transaction may become visible after a later one; a minute is far more than any takes.
                let from = since - chrono::Duration::minutes(1);
                for part in store::vendor_orders::opened_since(deps.db.pool(), id, from).await.unwrap_or_default() {
                    since = part.opened_at.unwrap_or(since).max(since);
                    if seen.insert(part.id) {
                        yield Some(VendorOrder(part));
                    }
                }
            }
        })
    }
}

async fn last_seq(deps: &platform::Deps, order: &Order) -> Result<i64, Error> {
    let counts = store::orders::event_counts(deps.db.pool(), order.row.customer_id).await?;
    Ok(counts
        .into_iter()
        .find(|(id, _)| *id == order.row.id)
        .map_or(0, |(_, count)| count))
}
