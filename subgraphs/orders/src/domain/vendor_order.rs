//! States of one vendor's part of an order.

use super::machine;
use chrono::{DateTime, Utc};
use platform::{
    Currency,
    ids::{CustomerId, OrderId, ShippingMethodId, VendorId, VendorOrderId},
};

machine! {
    /// State of a vendor's part of an order.
    VendorOrderStatus {
        /// The order is not confirmed yet.
        Pending = "PENDING" => [AwaitingAcceptance, Canceled],
        /// The vendor has to accept in time.
        AwaitingAcceptance = "AWAITING_ACCEPTANCE" => [Accepted, Rejected, Canceled],
        /// The vendor will deliver.
        Accepted = "ACCEPTED" => [Processing, Canceled],
        /// A shipment is being prepared.
        Processing = "PROCESSING" => [PartiallyShipped, Shipped, Canceled],
        /// Some pieces are on their way.
        PartiallyShipped = "PARTIALLY_SHIPPED" => [Shipped],
        /// All pieces are on their way.
        Shipped = "SHIPPED" => [Delivered],
        /// All pieces have arrived.
        Delivered = "DELIVERED" => [Completed],
        /// The time for returns is over.
        Completed = "COMPLETED" => [],
        /// The vendor refused or did not answer in time.
        Rejected = "REJECTED" => [],
        /// Called off.
        Canceled = "CANCELED" => [],
    }
}

impl VendorOrderStatus {
    /// Nothing has left the warehouse.
    pub const fn unshipped(self) -> bool {
        matches!(
            self,
            Self::Pending | Self::AwaitingAcceptance | Self::Accepted | Self::Processing
        )
    }

    /// Nothing more will happen to it.
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Rejected | Self::Canceled)
    }
}

/// The states to go through from `from` to `to`, a later one of the way from acceptance to delivery.
pub fn path(from: VendorOrderStatus, to: VendorOrderStatus) -> Vec<VendorOrderStatus> {
    use VendorOrderStatus::*;
    const WAY: [VendorOrderStatus; 7] = [
        AwaitingAcceptance,
        Accepted,
        Processing,
        PartiallyShipped,
        Shipped,
        Delivered,
        Completed,
    ];
    let at = |state| WAY.iter().position(|s| *s == state);
    match (at(from), at(to)) {
        (Some(from), Some(to)) if from < to => WAY[from + 1..=to]
            .iter()
            .copied()
            .filter(|state| *state != PartiallyShipped || WAY[to] == PartiallyShipped)
            .collect(),
        _ => Vec::new(),
    }
}

/// A vendor order with what its order says.
#[derive(Clone, Debug)]
pub struct VendorOrderRow {
    pub id: VendorOrderId,
    pub order_id: OrderId,
    pub customer_id: CustomerId,
    pub number: String,
    pub position: i32,
    pub vendor_id: VendorId,
    pub status: VendorOrderStatus,
    pub method_id: Option<ShippingMethodId>,
    pub currency: Currency,
    pub subtotal: i64,
    pub platform_discount: i64,
    pub vendor_discount: i64,
    pub loyalty: i64,
    pub shipping: i64,
    pub shipping_refunded: i64,
    pub tax: i64,
    pub tax_included: i64,
    pub total: i64,
    pub commission: Option<i64>,
    pub vendor_net: Option<i64>,
    pub accept_by: Option<DateTime<Utc>>,
    pub version: i32,
    pub placed_at: DateTime<Utc>,
    pub opened_at: Option<DateTime<Utc>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use VendorOrderStatus::*;

    #[test]
    fn paths_are_made_of_transitions() {
        for to in [
            Accepted,
            Processing,
            PartiallyShipped,
            Shipped,
            Delivered,
            Completed,
        ] {
            let mut at = AwaitingAcceptance;
            for next in path(at, to) {
                assert!(at.check(next).is_ok(), "{at} {next}");
                at = next;
            }
            assert_eq!(at, to);
        }
        assert!(path(Delivered, Shipped).is_empty() && path(Rejected, Shipped).is_empty());
    }
}
