//! Lines of orders.

use crate::{
    domain::order::OrderLineRow,
    schema::{
        load,
        loaders::{VisibleOrder, VisiblePart},
        order::Order,
        present,
        stubs::ProductVariant,
        vendor_order::VendorOrder,
    },
};
use async_graphql::{Context, Object};
use platform::{Error, Money, ids::OrderLineId};

/// What was bought, as it was then.
#[derive(Clone, Debug)]
pub struct OrderLine(pub OrderLineRow);

impl OrderLine {
    fn money(&self, amount: i64) -> Money {
        Money::new(amount, self.0.currency)
    }
}

#[Object]
impl OrderLine {
    /// Opaque ID.
    pub async fn id(&self) -> OrderLineId {
        self.0.id
    }

    /// The order.
    async fn order(&self, ctx: &Context<'_>) -> Result<Order, Error> {
        present(load(ctx, VisibleOrder(self.0.order_id)).await?)
    }

    /// The vendor's part it belongs to.
    async fn vendor_order(&self, ctx: &Context<'_>) -> Result<VendorOrder, Error> {
        present(load(ctx, VisiblePart(self.0.vendor_order_id)).await?)
    }

    /// The variant, as it is now.
    async fn variant(&self) -> Option<ProductVariant> {
        Some(ProductVariant {
            id: self.0.variant_id,
        })
    }

    /// The product's name then.
    async fn product_name(&self) -> &str {
        &self.0.product_name
    }

    /// The variant's name then.
    async fn variant_name(&self) -> &str {
        &self.0.variant_name
    }

    /// The variant's stock keeping unit then.
    async fn sku(&self) -> &str {
        &self.0.sku
    }

    /// A picture.
    async fn image_url(&self) -> Option<&str> {
        self.0.image_url.as_deref()
    }

    /// Ordered pieces.
    async fn quantity(&self) -> i32 {
        self.0.quantity
    }

    /// Shipped pieces.
    async fn fulfilled_quantity(&self) -> i32 {
        self.0.fulfilled_quantity
    }

    /// Pieces that came back.
    async fn returned_quantity(&self) -> i32 {
        self.0.returned_quantity
    }

    /// Pieces that a refund was granted for.
    async fn refunded_quantity(&self) -> i32 {
        self.0.refunded_quantity
    }

    /// Pieces that were called off.
    async fn canceled_quantity(&self) -> i32 {
        self.0.canceled_quantity
    }

    /// Price for one piece.
    async fn unit_price(&self) -> Money {
        self.money(self.0.unit_price)
    }

    /// Taken off the line by coupons and loyalty points.
    async fn discount(&self) -> Money {
        self.money(self.0.platform_discount + self.0.vendor_discount + self.0.loyalty)
    }

    /// Tax of the line.
    async fn tax(&self) -> Money {
        self.money(self.0.tax)
    }

    /// What the customer pays for the line.
    async fn total(&self) -> Money {
        self.money(self.0.total)
    }

    /// What can still be refunded of it.
    async fn refundable(&self) -> Money {
        self.money(self.0.total - self.0.refunded_amount)
    }
}
