//! Refunds.

use crate::{
    domain::refund::{RefundReason, RefundRow, RefundStatus},
    schema::{
        load, load_many,
        loaders::{LinesOfRefund, VisibleLine, VisibleOrder, VisiblePart},
        order::Order,
        order_line::OrderLine,
        present,
        vendor_order::VendorOrder,
    },
};
use async_graphql::{Context, Object, SimpleObject};
use chrono::{DateTime, Utc};
use platform::{Error, Money, ids::RefundId, viewer::viewer};

/// Money that goes back: the decision and how it ended.
#[derive(Clone, Debug)]
pub struct Refund(pub RefundRow);

/// Pieces of a line that are refunded.
#[derive(Clone, Debug, SimpleObject)]
pub struct RefundLine {
    /// The line.
    pub order_line: OrderLine,
    /// Pieces.
    pub quantity: i32,
    /// Money for them.
    pub amount: Money,
    /// They go back into stock.
    pub restock: bool,
}

#[Object]
impl Refund {
    /// Opaque ID.
    pub async fn id(&self) -> RefundId {
        self.0.id
    }

    /// The order.
    async fn order(&self, ctx: &Context<'_>) -> Result<Order, Error> {
        present(load(ctx, VisibleOrder(self.0.order_id)).await?)
    }

    /// The vendor's part it is about, if it is about one only.
    async fn vendor_order(&self, ctx: &Context<'_>) -> Option<Result<VendorOrder, Error>> {
        load(ctx, VisiblePart(self.0.vendor_order_id?)).await.transpose()
    }

    /// State.
    async fn status(&self) -> RefundStatus {
        self.0.status
    }

    /// Why.
    async fn reason(&self) -> RefundReason {
        self.0.reason
    }

    /// Lines that are refunded.
    async fn lines(&self, ctx: &Context<'_>) -> Result<Vec<RefundLine>, Error> {
        let rows = load_many(ctx, LinesOfRefund(self.0.id)).await?;
        let lines = rows.into_iter().map(|row| async move {
            Ok(RefundLine {
                order_line: present(load(ctx, VisibleLine(row.order_line_id)).await?)?,
                quantity: row.quantity,
                amount: Money::new(row.amount, self.0.currency),
                restock: row.restock,
            })
        });
        futures::future::try_join_all(lines).await
    }

    /// Shipping fees in it.
    async fn shipping(&self) -> Money {
        Money::new(self.0.shipping, self.0.currency)
    }

    /// All of it.
    async fn total(&self) -> Money {
        Money::new(self.0.total, self.0.currency)
    }

    /// Who asked for it; for others than staff only whether it was the viewer.
    async fn requested_by(&self, ctx: &Context<'_>) -> String {
        let viewer = viewer(ctx);
        if viewer.is_staff() || viewer.actor() == self.0.requested_by {
            self.0.requested_by.clone()
        } else {
            "other".to_owned()
        }
    }

    /// Note or, where it failed, the provider's reason.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Goes up with every change.
    async fn version(&self) -> i32 {
        self.0.version
    }
}
