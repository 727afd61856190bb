//! `Shipment` and what hangs on it.

use super::{
    Nullable, loader,
    loaders::{EventsOf, ItemsOf, MethodById},
    stubs::{Order, OrderLine, VendorOrder},
};
use crate::domain::{
    catalog::ShippingMethod,
    shipment::{Shipment, ShipmentEvent},
    status::ShipmentStatus,
    tracking,
};
use async_graphql::{ComplexObject, Context, SimpleObject};
use platform::Error;

/// Pieces of an order line in a shipment.
#[derive(Clone, Debug, SimpleObject)]
pub struct ShipmentItem {
    /// The line.
    order_line: Option<OrderLine>,
    /// Pieces.
    quantity: i32,
}

#[ComplexObject]
impl Shipment {
    /// The order it belongs to.
    async fn order(&self) -> Option<Order> {
        Some(Order { id: self.order_id })
    }

    /// The vendor's part of the order.
    async fn vendor_order(&self) -> Option<VendorOrder> {
        Some(VendorOrder {
            id: self.vendor_order_id,
        })
    }

    /// What is in it.
    async fn items(&self, ctx: &Context<'_>) -> Result<Vec<ShipmentItem>, Error> {
        let items = loader(ctx).load_one(ItemsOf(self.id)).await?.unwrap_or_default();
        let item = |item: crate::domain::shipment::Item| ShipmentItem {
            order_line: Some(OrderLine {
                id: item.order_line_id,
            }),
            quantity: item.quantity,
        };
        Ok(items.into_iter().map(item).collect())
    }

    /// How it is shipped.
    async fn method(&self, ctx: &Context<'_>) -> Nullable<ShippingMethod> {
        loader(ctx)
            .load_one(MethodById(self.method_id?))
            .await
            .transpose()
    }

    /// The carrier's page about it, for carriers we know.
    async fn tracking_url(&self) -> Option<String> {
        tracking::url(self.carrier.as_deref(), self.tracking_number.as_deref())
    }

    /// What happened to it, in the order in which it happened. In a stream, only what has been told so far.
    async fn events(&self, ctx: &Context<'_>) -> Result<Vec<ShipmentEvent>, Error> {
        let mut events = loader(ctx).load_one(EventsOf(self.id)).await?.unwrap_or_default();
        if let Some(until) = self.until {
            events.retain(|event| i64::from(event.seq) <= until);
        }
        Ok(events)
    }

    /// States it may go to.
    async fn allowed_transitions(&self) -> &'static [ShipmentStatus] {
        self.status.next()
    }
}
