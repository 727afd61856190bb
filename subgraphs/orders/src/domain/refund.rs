//! How much of an order goes back.

use super::machine;
use async_graphql::Enum;
use chrono::{DateTime, Utc};
use platform::{
    Currency,
    ids::{OrderId, OrderLineId, RefundId, VendorId, VendorOrderId},
};

machine! {
    /// State of a refund: the decision and its money.
    RefundStatus {
        /// Asked for.
        Requested = "REQUESTED" => [Approved, Rejected, Canceled],
        /// Granted.
        Approved = "APPROVED" => [Processing],
        /// The money is on its way.
        Processing = "PROCESSING" => [Succeeded, Failed],
        /// The money has gone back.
        Succeeded = "SUCCEEDED" => [],
        /// The money could not be moved; staff may try again.
        Failed = "FAILED" => [Processing],
        /// Refused.
        Rejected = "REJECTED" => [],
        /// Taken back by whoever asked.
        Canceled = "CANCELED" => [],
    }
}

/// Why money goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefundReason {
    /// The customer changed their mind.
    CustomerRequest,
    /// Goods came back.
    Return,
    /// Goods arrived damaged.
    Damaged,
    /// Goods did not arrive.
    NotReceived,
    /// Goods could not be delivered.
    OutOfStock,
    /// The vendor refused the order.
    VendorRejected,
    /// Bought twice.
    Duplicate,
    /// Bought by somebody else.
    Fraud,
    /// A gift of the shop.
    Goodwill,
    /// Paid after the order had expired.
    LatePayment,
}

/// A refund without its lines.
#[derive(Clone, Debug)]
pub struct RefundRow {
    pub id: RefundId,
    pub order_id: OrderId,
    pub vendor_order_id: Option<VendorOrderId>,
    pub status: RefundStatus,
    pub reason: RefundReason,
    pub shipping: i64,
    pub total: i64,
    pub currency: Currency,
    pub requested_by: String,
    pub note: Option<String>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
}

/// Pieces of a line that are refunded.
#[derive(Clone, Debug)]
pub struct RefundLineRow {
    pub refund_id: RefundId,
    pub order_line_id: OrderLineId,
    pub quantity: i32,
    pub amount: i64,
    pub restock: bool,
}

/// One vendor order's part of a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub vendor_order: VendorOrderId,
    pub vendor: VendorId,
    pub amount: i64,
    pub shipping: i64,
}

/// The amount for `k` more of `quantity` pieces that cost `total` together: whatever the order of refunds, all of
/// them sum to `total`.
pub fn amount(total: i64, quantity: i32, refunded_quantity: i32, refunded_amount: i64, k: i32) -> i64 {
    let after = i128::from(refunded_quantity) + i128::from(k);
    let due = i128::from(total) * after / i128::from(quantity.max(1));
    i64::try_from(due).unwrap_or(total) - refunded_amount
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_sum_to_the_line(total in 0..10_000_000_i64, parts in prop::collection::vec(1..20_i32, 1..10)) {
            let quantity: i32 = parts.iter().sum();
            let (mut pieces, mut money) = (0, 0);
            for k in parts {
                let part = amount(total, quantity, pieces, money, k);
                prop_assert!(part >= 0);
                pieces += k;
                money += part;
            }
            prop_assert_eq!(money, total);
        }
    }

    #[test]
    fn only_decided_refunds_move_money() {
        assert!(RefundStatus::Requested.check(RefundStatus::Processing).is_err());
        assert!(RefundStatus::Rejected.check(RefundStatus::Processing).is_err());
        assert!(RefundStatus::Failed.check(RefundStatus::Processing).is_ok());
    }
}
