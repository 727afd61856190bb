//! States of an order; its fulfilment follows from its vendor orders.

use super::{machine, vendor_order::VendorOrderStatus};
use chrono::{DateTime, Utc};
use platform::{
    Currency, PostalAddress,
    ids::{
        CartId, CouponId, CustomerId, OrderEventId, OrderId, OrderLineId, ProductId, VariantId, VendorId,
        VendorOrderId,
    },
};
use sqlx::types::Json;

machine! {
    /// State of an order. Payment and refunds are no order states.
    OrderStatus {
        /// Placed; the payment is awaited.
        PendingPayment = "PENDING_PAYMENT" => [Confirmed, OnHold, Expired, Canceled],
        /// Paid or authorized; vendors work on it.
        Confirmed = "CONFIRMED" => [OnHold, PartiallyFulfilled, Fulfilled, Canceled],
        /// Stopped by staff or by a failed capture.
        OnHold = "ON_HOLD" => [Confirmed, Canceled],
        /// Some pieces were shipped.
        PartiallyFulfilled = "PARTIALLY_FULFILLED" => [Fulfilled, Canceled],
        /// All pieces were shipped.
        Fulfilled = "FULFILLED" => [Delivered],
        /// All pieces have arrived.
        Delivered = "DELIVERED" => [Completed],
        /// The time for returns is over.
        Completed = "COMPLETED" => [],
        /// Called off.
        Canceled = "CANCELED" => [],
        /// Not paid in time.
        Expired = "EXPIRED" => [Confirmed, Canceled],
    }
}

impl OrderStatus {
    /// Vendors may work on it.
    pub const fn in_fulfilment(self) -> bool {
        matches!(self, Self::Confirmed | Self::PartiallyFulfilled | Self::Fulfilled)
    }
}

/// What the vendor orders make of the order. `None`: no part is left.
pub fn fulfilment(parts: &[VendorOrderStatus]) -> Option<OrderStatus> {
    use VendorOrderStatus as V;
    let live: Vec<V> = parts
        .iter()
        .copied()
        .filter(|part| !matches!(part, V::Rejected | V::Canceled))
        .collect();
    let all = |of: &[V]| live.iter().all(|part| of.contains(part));
    let any = |of: &[V]| live.iter().any(|part| of.contains(part));
    if live.is_empty() {
        None
    } else if all(&[V::Completed]) {
        Some(OrderStatus::Completed)
    } else if all(&[V::Delivered, V::Completed]) {
        Some(OrderStatus::Delivered)
    } else if all(&[V::Shipped, V::Delivered, V::Completed]) {
        Some(OrderStatus::Fulfilled)
    } else if any(&[V::PartiallyShipped, V::Shipped, V::Delivered, V::Completed]) {
        Some(OrderStatus::PartiallyFulfilled)
    } else {
        Some(OrderStatus::Confirmed)
    }
}

/// The states to go through from `from` to a later state of fulfilment; empty if it is not later.
pub fn path(from: OrderStatus, to: OrderStatus) -> &'static [OrderStatus] {
    use OrderStatus::*;
    match (from, to) {
        (Confirmed, PartiallyFulfilled) => &[PartiallyFulfilled],
        (Confirmed | PartiallyFulfilled, Fulfilled) => &[Fulfilled],
        (Confirmed | PartiallyFulfilled, Delivered) => &[Fulfilled, Delivered],
        (Fulfilled, Delivered) => &[Delivered],
        (Confirmed | PartiallyFulfilled, Completed) => &[Fulfilled, Delivered, Completed],
        (Fulfilled, Completed) => &[Delivered, Completed],
        (Delivered, Completed) => &[Completed],
        _ => &[],
    }
}

/// An order without its parts.
#[derive(Clone, Debug)]
pub struct OrderRow {
    pub id: OrderId,
    pub number: String,
    pub customer_id: CustomerId,
    pub cart_id: Option<CartId>,
    pub status: OrderStatus,
    pub currency: Currency,
    pub subtotal: i64,
    pub discount: i64,
    pub loyalty: i64,
    pub shipping: i64,
    pub tax: i64,
    pub total: i64,
    pub refunded_total: i64,
    pub refund_approved: i64,
    pub shipping_address: Json<PostalAddress>,
    pub billing_address: Json<PostalAddress>,
    pub coupon_ids: Vec<CouponId>,
    pub loyalty_points: i32,
    pub version: i32,
    pub placed_at: DateTime<Utc>,
}

/// A line, its terms frozen.
#[derive(Clone, Debug)]
pub struct OrderLineRow {
    pub id: OrderLineId,
    pub order_id: OrderId,
    pub vendor_order_id: VendorOrderId,
    pub vendor_id: VendorId,
    pub currency: Currency,
    pub position: i32,
    pub product_id: ProductId,
    pub variant_id: VariantId,
    pub product_name: String,
    pub variant_name: String,
    pub sku: String,
    pub image_url: Option<String>,
    pub quantity: i32,
    pub fulfilled_quantity: i32,
    pub delivered_quantity: i32,
    pub returned_quantity: i32,
    pub refunded_quantity: i32,
    pub canceled_quantity: i32,
    pub unit_price: i64,
    pub platform_discount: i64,
    pub vendor_discount: i64,
    pub loyalty: i64,
    pub tax: i64,
    pub total: i64,
    pub refunded_amount: i64,
}

/// Something that happened to an order.
#[derive(Clone, Debug)]
pub struct OrderEventRow {
    pub id: OrderEventId,
    pub order_id: OrderId,
    pub seq: i64,
    pub kind: String,
    pub vendor_order_id: Option<VendorOrderId>,
    pub from_state: Option<String>,
    pub to_state: Option<String>,
    pub actor: Option<String>,
    pub note: Option<String>,
    pub is_public: bool,
    pub at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use VendorOrderStatus as V;

    const ALL: [OrderStatus; 9] = [
        OrderStatus::PendingPayment,
        OrderStatus::Confirmed,
        OrderStatus::OnHold,
        OrderStatus::PartiallyFulfilled,
        OrderStatus::Fulfilled,
        OrderStatus::Delivered,
        OrderStatus::Completed,
        OrderStatus::Canceled,
        OrderStatus::Expired,
    ];

    #[test]
    fn every_step_of_every_path_is_a_transition() {
        for from in ALL {
            for to in ALL {
                let mut at = from;
                for next in path(from, to) {
                    assert!(at.check(*next).is_ok(), "{at} {next}");
                    at = *next;
                }
            }
        }
    }

    #[test]
    fn final_states_are_final() {
        for from in [OrderStatus::Canceled, OrderStatus::Completed] {
            assert!(ALL.iter().all(|to| from.check(*to).is_err()));
        }
    }

    #[test]
    fn fulfilment_follows_the_parts() {
        let table: [(&[V], Option<OrderStatus>); 7] = [
            (&[V::Rejected, V::Canceled], None),
            (
                &[V::AwaitingAcceptance, V::Accepted],
                Some(OrderStatus::Confirmed),
            ),
            (&[V::Shipped, V::Accepted], Some(OrderStatus::PartiallyFulfilled)),
            (&[V::PartiallyShipped], Some(OrderStatus::PartiallyFulfilled)),
            (&[V::Shipped, V::Delivered], Some(OrderStatus::Fulfilled)),
            (&[V::Delivered, V::Rejected], Some(OrderStatus::Delivered)),
            (&[V::Completed], Some(OrderStatus::Completed)),
        ];
        for (parts, expected) in table {
            assert_eq!(fulfilment(parts), expected, "{parts:?}");
        }
    }
}
