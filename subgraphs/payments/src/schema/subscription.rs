//! Live payments: read from Postgres, woken by hints.

use super::app;
use crate::store::payments::{self, Payment};
use async_graphql::{Context, ID, Subscription, futures_util::Stream};
use async_stream::stream;
use platform::{
    ids::{OrderId, PaymentId},
    viewer::viewer,
};
use std::collections::HashMap;

/// Root of all subscriptions.
pub struct Subscription;

#[Subscription]
impl Subscription {
    /// The payments of an order: as they are now, then each time one of them changes. The payer and staff hear of them.
    async fn payment_status_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the order.")] order_id: ID,
    ) -> impl Stream<Item = Payment> {
        let (deps, viewer) = (app(ctx).deps.clone(), viewer(ctx).clone());
        stream! {
            let Some(order) = OrderId::parse(&order_id) else { return };
            let mut follower = deps.live.follow("payment", Some(order.to_string()));
            let mut seen: HashMap<PaymentId, i32> = HashMap::new();
            loop {
                match payments::of_orders(deps.db.pool(), &[order]).await {
                    Ok(rows) => for row in rows.into_iter().filter(|row| row.visible_to(&viewer)) {
                        if seen.insert(row.id, row.version) != Some(row.version) {
                            yield row;
                        }
                    },
                    Err(error) => tracing::warn!(%error, "cannot read payments"),
                }
                follower.changed().await;
            }
        }
    }
}
