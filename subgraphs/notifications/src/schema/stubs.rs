//! Entities of other services that messages point to.

use super::{
    loaders::{MessagesAbout, Reader},
    notification::Notification,
};
use async_graphql::{ComplexObject, Context, SimpleObject, Union};
use platform::{
    Error,
    ids::{OrderId, ShipmentId, VariantId, VendorId},
    loader::Batch,
    viewer::viewer,
};

/// An order of the orders service.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Order {
    /// Opaque ID.
    pub id: OrderId,
}

#[ComplexObject]
impl Order {
    /// Everything that was told about this order, oldest first. Requires: STAFF.
    async fn notifications(&self, ctx: &Context<'_>) -> Option<Result<Vec<Notification>, Error>> {
        if let Err(error) = viewer(ctx).require_staff() {
            return Some(Err(error));
        }
        let loader = ctx.data_unchecked::<Batch<Reader>>();
        Some(
            loader
                .load_one(MessagesAbout(self.id))
                .await
                .map(Option::unwrap_or_default),
        )
    }
}

/// A shipment of the shipping service.
#[derive(SimpleObject)]
#[graphql(unresolvable = "id")]
pub struct Shipment {
    /// Opaque ID.
    pub id: ShipmentId,
}

/// A product variant of the products service.
#[derive(SimpleObject)]
#[graphql(unresolvable = "id")]
pub struct ProductVariant {
    /// Opaque ID.
    pub id: VariantId,
}

/// A vendor of the users service.
#[derive(SimpleObject)]
#[graphql(unresolvable = "id")]
pub struct Vendor {
    /// Opaque ID.
    pub id: VendorId,
}

/// What a message is about.
#[derive(Union)]
pub enum NotificationSubject {
    Order(Order),
    Shipment(Shipment),
    ProductVariant(ProductVariant),
    Vendor(Vendor),
}
