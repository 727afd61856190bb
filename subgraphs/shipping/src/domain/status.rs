//! The life of a shipment, and how late scans fit into it.

use async_graphql::Enum;
use chrono::{DateTime, Utc};
use std::fmt;

/// State of a shipment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ShipmentStatus {
    /// Planned; nothing is packed.
    Draft,
    /// To be handed to the carrier.
    Ready,
    /// Its label is paid.
    LabelPurchased,
    /// The carrier has it.
    InTransit,
    /// On the last mile.
    OutForDelivery,
    /// Handed over.
    Delivered,
    /// Nobody could take it; another try follows.
    DeliveryFailed,
    /// Back at the vendor.
    ReturnedToSender,
    /// The carrier cannot find it.
    Lost,
    /// Will not be sent.
    Canceled,
}

use ShipmentStatus as S;

impl ShipmentStatus {
    pub const ALL: [Self; 10] = [
        S::Draft,
        S::Ready,
        S::LabelPurchased,
        S::InTransit,
        S::OutForDelivery,
        S::Delivered,
        S::DeliveryFailed,
        S::ReturnedToSender,
        S::Lost,
        S::Canceled,
    ];

    /// As in GraphQL and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            S::Draft => "DRAFT",
            S::Ready => "READY",
            S::LabelPurchased => "LABEL_PURCHASED",
            S::InTransit => "IN_TRANSIT",
            S::OutForDelivery => "OUT_FOR_DELIVERY",
            S::Delivered => "DELIVERED",
            S::DeliveryFailed => "DELIVERY_FAILED",
            S::ReturnedToSender => "RETURNED_TO_SENDER",
            S::Lost => "LOST",
            S::Canceled => "CANCELED",
        }
    }

    /// The states that may follow.
    pub const fn next(self) -> &'static [Self] {
        match self {
            S::Draft => &[S::Ready, S::Canceled],
            S::Ready => &[S::LabelPurchased, S::InTransit, S::Canceled],
            S::LabelPurchased => &[S::InTransit, S::Canceled],
            S::InTransit => &[
                S::OutForDelivery,
                S::Delivered,
                S::DeliveryFailed,
                S::ReturnedToSender,
                S::Lost,
            ],
            S::OutForDelivery => &[S::Delivered, S::DeliveryFailed],
            S::DeliveryFailed => &[S::OutForDelivery, S::ReturnedToSender],
            S::Lost => &[S::Delivered],
            S::Delivered | S::ReturnedToSender | S::Canceled => &[],
        }
    }

    pub fn allows(self, to: Self) -> bool {
        self.next().contains(&to)
    }

    /// States a carrier reports.
    pub const fn is_scan(self) -> bool {
        matches!(
            self,
            S::InTransit
                | S::OutForDelivery
                | S::Delivered
                | S::DeliveryFailed
                | S::ReturnedToSender
                | S::Lost
        )
    }
}

impl fmt::Display for ShipmentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an order to change the state means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is there already: success without a change.
    Repeat,
    Move,
    /// No such transition.
    Refused,
}

/// Somebody wants the shipment to be `to`.
pub fn change(from: ShipmentStatus, to: ShipmentStatus) -> Change {
    match () {
        () if from == to => Change::Repeat,
        () if from.allows(to) => Change::Move,
        () => Change::Refused,
    }
}

/// What a carrier's scan means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scan {
    /// It moves the state.
    Move,
    /// It belongs into the history, no more.
    Record,
    /// It contradicts what is known.
    Refused,
}

/// Scans arrive in any order. One that is older than the newest scan which moved the state is late and only recorded,
/// except for a delivery: that is the end, whenever we hear of it.
pub fn scan(
    from: ShipmentStatus,
    newest: Option<DateTime<Utc>>,
    to: ShipmentStatus,
    occurred_at: DateTime<Utc>,
) -> Scan {
    let late = newest.is_some_and(|newest| occurred_at < newest);
    match change(from, to) {
        Change::Repeat => Scan::Record,
        Change::Move if !late || to == S::Delivered => Scan::Move,
        _ if late => Scan::Record,
        _ => Scan::Refused,
    }
}

/// Pieces of a line that may still be put into a shipment.
pub fn remaining(ordered: i32, canceled: i32, in_shipments: i64) -> i64 {
    (i64::from(ordered) - i64::from(canceled) - in_shipments).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn every_state_and_every_wish() {
        let allowed: &[(S, &[S])] = &[
            (S::Draft, &[S::Ready, S::Canceled]),
            (S::Ready, &[S::LabelPurchased, S::InTransit, S::Canceled]),
            (S::LabelPurchased, &[S::InTransit, S::Canceled]),
            (
                S::InTransit,
                &[
                    S::OutForDelivery,
                    S::Delivered,
                    S::DeliveryFailed,
                    S::ReturnedToSender,
                    S::Lost,
                ],
            ),
            (S::OutForDelivery, &[S::Delivered, S::DeliveryFailed]),
            (S::DeliveryFailed, &[S::OutForDelivery, S::ReturnedToSender]),
            (S::Lost, &[S::Delivered]),
        ];
        for from in S::ALL {
            let next = allowed
                .iter()
                .find(|(state, _)| *state == from)
                .map_or(&[][..], |(_, next)| *next);
            for to in S::ALL {
                let expected = match to {
                    _ if from == to => Change::Repeat,
                    _ if next.contains(&to) => Change::Move,
                    _ => Change::Refused,
                };
                assert_eq!(change(from, to), expected, "{from} -> {to}");
            }
        }
    }

    #[test]
    fn names_are_those_of_graphql() {
        for state in S::ALL {
            let name = async_graphql::resolver_utils::enum_value(state).to_string();
            assert_eq!(name, state.as_str());
        }
    }

    #[test]
    fn a_late_scan_never_moves_the_state_back() {
        let noon = DateTime::UNIX_EPOCH + TimeDelta::hours(12);
        let (earlier, later) = (noon - TimeDelta::hours(1), noon + TimeDelta::hours(1));
        for (from, newest, to, at, expected) in [
            (S::InTransit, None, S::OutForDelivery, earlier, Scan::Move),
            (S::OutForDelivery, Some(noon), S::InTransit, earlier, Scan::Record),
            (S::OutForDelivery, Some(noon), S::InTransit, later, Scan::Refused),
            (
                S::DeliveryFailed,
                Some(noon),
                S::OutForDelivery,
                earlier,
                Scan::Record,
            ),
            (
                S::DeliveryFailed,
                Some(noon),
                S::OutForDelivery,
                later,
                Scan::Move,
            ),
            (S::Delivered, Some(noon), S::OutForDelivery, earlier, Scan::Record),
            (S::Delivered, Some(noon), S::Lost, later, Scan::Refused),
            (S::OutForDelivery, Some(noon), S::Delivered, earlier, Scan::Move),
            (S::InTransit, Some(noon), S::InTransit, later, Scan::Record),
            (S::Ready, None, S::InTransit, noon, Scan::Move),
            (S::Ready, None, S::Delivered, noon, Scan::Refused),
            (S::Canceled, None, S::InTransit, noon, Scan::Refused),
        ] {
            assert_eq!(scan(from, newest, to, at), expected, "{from} -> {to}");
        }
    }

    #[test]
    fn nothing_is_shipped_twice() {
        assert_eq!(remaining(5, 1, 2), 2);
        assert_eq!(remaining(5, 3, 4), 0, "canceled after it was packed");
    }
}
