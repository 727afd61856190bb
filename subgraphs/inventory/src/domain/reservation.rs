//! Stock held for a checkout.

use async_graphql::{Enum, SimpleObject};
use chrono::{DateTime, Utc};
use platform::{
    Country,
    ids::{OrderId, ReservationId, VariantId, WarehouseId},
};

/// State of a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReservationStatus {
    /// The pieces are held.
    Active,
    /// The pieces belong to a confirmed order.
    Committed,
    /// The checkout gave the pieces back.
    Released,
    /// Time ran out.
    Expired,
}

impl ReservationStatus {
    /// States that follow. From EXPIRED back to ACTIVE only if the pieces are still to be had.
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::Active => &[Self::Committed, Self::Released, Self::Expired],
            Self::Expired => &[Self::Active, Self::Released],
            Self::Committed | Self::Released => &[],
        }
    }

    pub fn may_become(self, next: Self) -> bool {
        self.next().contains(&next)
    }
}

/// Pieces held for an order.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Reservation {
    #[graphql(skip)]
    pub id: ReservationId,
    #[graphql(skip)]
    pub order_id: OrderId,
    /// State of the reservation.
    pub status: ReservationStatus,
    #[graphql(skip)]
    pub country: Option<Country>,
    #[graphql(skip)]
    pub secured: bool,
    /// When the pieces are given back by themselves, unless the order is confirmed before.
    pub expires_at: DateTime<Utc>,
}

/// Pieces of a variant held or set aside in a warehouse.
#[derive(Clone, Copy, Debug, SimpleObject)]
#[graphql(complex)]
pub struct ReservationLine {
    #[graphql(skip)]
    pub variant_id: VariantId,
    #[graphql(skip)]
    pub warehouse_id: WarehouseId,
    /// Pieces.
    pub quantity: i32,
}

#[cfg(test)]
mod tests {
    use super::ReservationStatus::{self, *};

    #[test]
    fn every_transition() {
        let allowed: &[(ReservationStatus, ReservationStatus)] = &[
            (Active, Committed),
            (Active, Released),
            (Active, Expired),
            (Expired, Active),
            (Expired, Released),
        ];
        for from in [Active, Committed, Released, Expired] {
            for to in [Active, Committed, Released, Expired] {
                assert_eq!(
                    from.may_become(to),
                    allowed.contains(&(from, to)),
                    "{from:?} {to:?}"
                );
            }
        }
    }
}
