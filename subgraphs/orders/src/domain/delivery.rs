//! What shipments do to the counters of a vendor order's lines, and what follows for its state.

use super::{order::OrderLineRow, vendor_order::VendorOrderStatus};
use contracts::events::ShippedItem;
use platform::ids::OrderLineId;

/// New counters of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    pub line: OrderLineId,
    pub fulfilled: i32,
    pub delivered: i32,
}

/// Adds pieces that left the warehouse or arrived. What is told twice changes nothing beyond the ordered pieces.
pub fn count(lines: &[OrderLineRow], items: &[ShippedItem], left: bool, arrived: bool) -> Vec<Counters> {
    lines
        .iter()
        .map(|line| {
            let pieces: i32 = items
                .iter()
                .filter(|item| item.line == line.id)
                .map(|item| item.quantity.max(0))
                .sum();
            let most = line.quantity - line.canceled_quantity;
            let add = |counter: i32, really: bool| {
                if really {
                    counter.saturating_add(pieces).min(most)
                } else {
                    counter
                }
            };
            let delivered = add(line.delivered_quantity, arrived);
            // An arrival may be told before the departure.
            Counters {
                line: line.id,
                delivered,
                fulfilled: add(line.fulfilled_quantity, left).max(delivered),
            }
        })
        .collect()
}

/// The state that these counters mean.
pub fn state(lines: &[OrderLineRow], counters: &[Counters]) -> VendorOrderStatus {
    let all = |of: fn(&Counters) -> i32| {
        lines
            .iter()
            .zip(counters)
            .all(|(line, c)| of(c) >= line.quantity - line.canceled_quantity)
    };
    if all(|c| c.delivered) {
        VendorOrderStatus::Delivered
    } else if all(|c| c.fulfilled) {
        VendorOrderStatus::Shipped
    } else if counters.iter().any(|c| c.fulfilled > 0) {
        VendorOrderStatus::PartiallyShipped
    } else {
        VendorOrderStatus::Processing
    }
}
