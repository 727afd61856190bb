//! What a confirmed order and a refund add to the figures.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use contracts::events::{OrderConfirmed, RefundStatusChanged};
use platform::ids::VendorId;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Stands for the whole marketplace where a vendor stands otherwise.
pub const MARKETPLACE: VendorId = VendorId(Uuid::nil());

/// One vendor's part of a sale, or all of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Part {
    pub units: i64,
    pub discount: i64,
    pub total: i64,
}

/// Parts of an order by vendor, the marketplace's included, in the order of IDs.
pub fn parts(order: &OrderConfirmed) -> BTreeMap<VendorId, Part> {
    let mut parts: BTreeMap<VendorId, Part> = BTreeMap::new();
    for line in &order.lines {
        let part = parts.entry(line.vendor).or_default();
        part.units += i64::from(line.quantity);
        part.discount += line.discount;
    }
    for vendor_order in &order.vendor_orders {
        parts.entry(vendor_order.vendor).or_default().total += vendor_order.total;
    }
    let whole = Part {
        units: order.lines.iter().map(|line| i64::from(line.quantity)).sum(),
        discount: order.discount + order.loyalty,
        total: order.total,
    };
    parts.insert(MARKETPLACE, whole);
    parts
}

/// Refunded amounts by vendor, the marketplace's included.
pub fn refund_parts(refund: &RefundStatusChanged) -> BTreeMap<VendorId, i64> {
    let mut parts: BTreeMap<VendorId, i64> = BTreeMap::new();
    for part in &refund.parts {
        *parts.entry(part.vendor).or_default() += part.amount;
    }
    parts.insert(MARKETPLACE, refund.total);
    parts
}

/// A half-open span, and the whole hours in it, which rollups answer; facts answer the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub first_hour: DateTime<Utc>,
    pub end_hour: DateTime<Utc>,
}

impl Span {
    /// `None` bounds are far away.
    pub fn new(from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>) -> Self {
        let bound = |seconds| DateTime::from_timestamp(seconds, 0).unwrap_or_default();
        // The years 1900 and 2200.
        let (early, late) = (bound(-2_208_988_800), bound(7_258_118_400));
        let from = from.unwrap_or(early).clamp(early, late);
        let to = to.unwrap_or(late).clamp(early, late);
        let hour = TimeDelta::hours(1);
        let floor = |at: DateTime<Utc>| at.duration_trunc(hour).unwrap_or(at);
        let first_hour = if floor(from) == from {
            from
        } else {
            floor(from) + hour
        };
        Self {
            from,
            to,
            first_hour,
            end_hour: floor(to).max(first_hour.min(to)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        format!("2026-01-01T{text}Z").parse().unwrap()
    }

    #[test]
    fn whole_hours_and_both_ends_make_the_span() {
        let span = |from: &str, to: &str| {
            let s = Span::new(Some(at(from)), Some(at(to)));
            // Facts answer from..min(first_hour, to) and end_hour..to.
            (s.first_hour.min(s.to), s.end_hour)
        };
        assert_eq!(span("10:00:00", "12:00:00"), (at("10:00:00"), at("12:00:00")));
        assert_eq!(span("10:15:00", "12:30:00"), (at("11:00:00"), at("12:00:00")));
        // Within one hour there is no whole one: the second end is empty.
        assert_eq!(span("10:15:00", "10:30:00"), (at("10:30:00"), at("10:30:00")));
        assert_eq!(span("10:15:00", "11:00:00"), (at("11:00:00"), at("11:00:00")));
    }
}
