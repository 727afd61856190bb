//! Stock on its way from a supplier.

use async_graphql::{Enum, SimpleObject};
use platform::{
    Currency, Date,
    ids::{PurchaseOrderId, SupplierId, VariantId, WarehouseId},
};
use std::fmt;

/// State of a purchase order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PurchaseOrderStatus {
    /// Not sent.
    Draft,
    /// Sent; nothing has arrived.
    Ordered,
    /// Some pieces have arrived.
    PartiallyReceived,
    /// All pieces have arrived.
    Received,
    /// Nothing more will arrive.
    Canceled,
}

impl PurchaseOrderStatus {
    /// States that follow.
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::Draft => &[Self::Ordered, Self::Canceled],
            Self::Ordered | Self::PartiallyReceived => {
                &[Self::PartiallyReceived, Self::Received, Self::Canceled]
            }
            Self::Received | Self::Canceled => &[],
        }
    }

    pub fn may_become(self, next: Self) -> bool {
        self.next().contains(&next)
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Ordered => "ORDERED",
            Self::PartiallyReceived => "PARTIALLY_RECEIVED",
            Self::Received => "RECEIVED",
            Self::Canceled => "CANCELED",
        }
    }
}

impl fmt::Display for PurchaseOrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Pieces ordered from a supplier for a warehouse.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct PurchaseOrder {
    #[graphql(skip)]
    pub id: PurchaseOrderId,
    #[graphql(skip)]
    pub supplier_id: SupplierId,
    #[graphql(skip)]
    pub warehouse_id: WarehouseId,
    /// State of the order.
    pub status: PurchaseOrderStatus,
    /// When the pieces should arrive, by the supplier's lead time.
    pub expected_at: Option<Date>,
    #[graphql(skip)]
    pub currency: Currency,
    #[graphql(skip)]
    pub total: i64,
    /// Grows with every change.
    pub version: i32,
}

/// Pieces of one variant on a purchase order.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct PurchaseOrderLine {
    #[graphql(skip)]
    pub variant_id: VariantId,
    /// Ordered pieces.
    pub quantity: i32,
    /// Pieces that have arrived.
    pub received_quantity: i32,
    #[graphql(skip)]
    pub unit_cost: i64,
    #[graphql(skip)]
    pub currency: Currency,
}

#[cfg(test)]
mod tests {
    use super::PurchaseOrderStatus::{self, *};

    #[test]
    fn every_transition() {
        let all = [Draft, Ordered, PartiallyReceived, Received, Canceled];
        let allowed: &[(PurchaseOrderStatus, &[PurchaseOrderStatus])] = &[
            (Draft, &[Ordered, Canceled]),
            (Ordered, &[PartiallyReceived, Received, Canceled]),
            (PartiallyReceived, &[PartiallyReceived, Received, Canceled]),
            (Received, &[]),
            (Canceled, &[]),
        ];
        for (from, to) in allowed {
            for next in all {
                assert_eq!(from.may_become(next), to.contains(&next), "{from} {next}");
            }
        }
    }
}
