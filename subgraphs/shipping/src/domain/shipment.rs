//! Shipments, their items and events, as they are kept.

use super::status::ShipmentStatus;
use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use platform::ids::{
    CustomerId, OrderId, OrderLineId, ShipmentEventId, ShipmentId, ShippingMethodId, VendorId, VendorOrderId,
};

/// Pieces of one vendor's part of an order on their way.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Shipment {
    /// Opaque ID.
    pub id: ShipmentId,
    /// For people: the vendor order's number and a count.
    pub number: String,
    /// State.
    pub status: ShipmentStatus,
    /// Who carries it.
    pub carrier: Option<String>,
    /// The carrier's number for it.
    pub tracking_number: Option<String>,
    /// When it left.
    pub shipped_at: Option<DateTime<Utc>>,
    /// When it was handed over.
    pub delivered_at: Option<DateTime<Utc>>,
    /// Grows with every change of its state; pass it as `expectedVersion`.
    pub version: i32,
    #[graphql(skip)]
    pub order_id: OrderId,
    #[graphql(skip)]
    pub vendor_order_id: VendorOrderId,
    #[graphql(skip)]
    pub vendor_id: VendorId,
    #[graphql(skip)]
    pub customer_id: CustomerId,
    #[graphql(skip)]
    pub method_id: Option<ShippingMethodId>,
    /// Time of the newest carrier scan that moved the state.
    #[graphql(skip)]
    pub scanned_at: Option<DateTime<Utc>>,
    /// In a stream: the event that is being told; later ones come later.
    #[graphql(skip)]
    pub until: Option<i64>,
}

/// Pieces of an order line in a shipment.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    pub shipment_id: ShipmentId,
    pub order_line_id: OrderLineId,
    pub quantity: i32,
}

/// Something that happened to a shipment.
#[derive(Clone, Debug, SimpleObject)]
pub struct ShipmentEvent {
    /// Opaque ID.
    pub id: ShipmentEventId,
    /// Position among the events of all shipments of the order, without gaps: what `shipmentTracking` resumes after.
    pub seq: i32,
    /// The state that was reported; for a late scan not the state the shipment then had.
    pub status: ShipmentStatus,
    /// In words.
    pub description: Option<String>,
    /// Where.
    pub location: Option<String>,
    /// When it happened, which may be long before it became known.
    pub occurred_at: DateTime<Utc>,
    /// Who told: `VENDOR`, `STAFF` or `IMPORT`.
    pub source: String,
    #[graphql(skip)]
    pub shipment_id: ShipmentId,
}

/// Who tells of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Vendor,
    Staff,
    Import,
}

impl Source {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vendor => "VENDOR",
            Self::Staff => "STAFF",
            Self::Import => "IMPORT",
        }
    }
}

/// States of a vendor order in which pieces may be packed.
pub fn is_shippable(vendor_order: &str) -> bool {
    matches!(vendor_order, "ACCEPTED" | "PROCESSING" | "PARTIALLY_SHIPPED")
}
