//! What shipping adds to entities of other services, or only refers to.

use super::{
    Nullable, loader,
    loaders::{OfferedBy, ShipmentsOf, ShipmentsOfPart},
};
use crate::domain::{catalog::ShippingMethod, shipment::Shipment};
use async_graphql::{ComplexObject, Context, SimpleObject};
use platform::ids::{OrderId, OrderLineId, VendorId, VendorOrderId};

/// An order.
#[derive(Clone, Copy, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Order {
    /// ID of the order.
    pub id: OrderId,
}

#[ComplexObject]
impl Order {
    /// Its shipments, oldest first; members of a vendor see those of their vendor.
    async fn shipments(&self, ctx: &Context<'_>) -> Nullable<Vec<Shipment>> {
        Some(
            loader(ctx)
                .load_one(ShipmentsOf(self.id))
                .await
                .map(Option::unwrap_or_default),
        )
    }
}

/// A vendor's part of an order.
#[derive(Clone, Copy, Debug, SimpleObject)]
#[graphql(complex)]
pub struct VendorOrder {
    /// ID of the vendor order.
    pub id: VendorOrderId,
}

#[ComplexObject]
impl VendorOrder {
    /// Its shipments, oldest first.
    async fn shipments(&self, ctx: &Context<'_>) -> Nullable<Vec<Shipment>> {
        Some(
            loader(ctx)
                .load_one(ShipmentsOfPart(self.id))
                .await
                .map(Option::unwrap_or_default),
        )
    }
}

/// A line of an order.
#[derive(Clone, Copy, Debug, SimpleObject)]
#[graphql(unresolvable = "id")]
pub struct OrderLine {
    /// ID of the line.
    pub id: OrderLineId,
}

/// A seller.
#[derive(Clone, Copy, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Vendor {
    /// ID of the vendor.
    pub id: VendorId,
}

#[ComplexObject]
impl Vendor {
    /// The active methods it offers: those of the platform and its own.
    async fn shipping_methods(&self, ctx: &Context<'_>) -> Nullable<Vec<ShippingMethod>> {
        Some(
            loader(ctx)
                .load_one(OfferedBy(self.id))
                .await
                .map(Option::unwrap_or_default),
        )
    }
}
