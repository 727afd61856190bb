//! What is in stock and what a shopper may know of it.

use async_graphql::{Enum, SimpleObject};
use platform::ids::{StockLevelId, VariantId, VendorId, WarehouseId};

/// Whether a variant can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(clippy::enum_variant_names, reason = "the names are the API's")]
pub enum StockState {
    /// Enough is there.
    InStock,
    /// Some pieces are left, no more than the reorder points of the warehouses together.
    LowStock,
    /// Nothing can be ordered.
    OutOfStock,
}

impl StockState {
    /// `available` pieces of all warehouses against the sum of their reorder points.
    pub const fn of(available: i32, threshold: i32) -> Self {
        match available {
            ..=0 => Self::OutOfStock,
            _ if available <= threshold => Self::LowStock,
            _ => Self::InStock,
        }
    }

    /// A product is as available as its most available variant.
    pub fn best(states: impl IntoIterator<Item = Self>) -> Self {
        states
            .into_iter()
            .fold(Self::OutOfStock, |best, state| match (best, state) {
                (Self::InStock, _) | (_, Self::InStock) => Self::InStock,
                (Self::LowStock, _) | (_, Self::LowStock) => Self::LowStock,
                _ => Self::OutOfStock,
            })
    }

    /// As in GraphQL and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InStock => "IN_STOCK",
            Self::LowStock => "LOW_STOCK",
            Self::OutOfStock => "OUT_OF_STOCK",
        }
    }
}

/// Most pieces one line of a cart may have.
const MAX_LINE: i32 = 999;

/// What may be ordered at once, told to everybody: always in stock, but coarse from ten pieces on, because exact
/// numbers are the vendor's.
pub const fn max_orderable(available: i32) -> i32 {
    match available {
        ..=0 => 0,
        1..=10 => available,
        11..=99 => available / 10 * 10,
        100..=MAX_LINE => available / 100 * 100,
        _ => MAX_LINE,
    }
}

/// Stock of one variant in one warehouse.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct StockLevel {
    #[graphql(skip)]
    pub id: StockLevelId,
    #[graphql(skip)]
    pub variant_id: VariantId,
    #[graphql(skip)]
    pub warehouse_id: WarehouseId,
    #[graphql(skip)]
    pub vendor_id: VendorId,
    /// Pieces in the warehouse.
    pub on_hand: i32,
    /// Pieces held for checkouts that have not ended.
    pub reserved: i32,
    /// Pieces that belong to confirmed orders and have not left.
    pub allocated: i32,
    /// Pieces on their way from suppliers.
    pub incoming: i32,
    /// Pieces that are never sold.
    pub safety_stock: i32,
    /// An alert is raised when no more than so many pieces are available; 0: never.
    pub reorder_point: i32,
    /// Grows with every change.
    pub version: i32,
}

impl StockLevel {
    /// Pieces that can be reserved. Negative if safety stock was raised above what is there.
    pub const fn free(&self) -> i32 {
        self.on_hand - self.reserved - self.allocated - self.safety_stock
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states() {
        for (available, threshold, state) in [
            (-1, 0, StockState::OutOfStock),
            (0, 5, StockState::OutOfStock),
            (1, 0, StockState::InStock),
            (5, 5, StockState::LowStock),
            (6, 5, StockState::InStock),
        ] {
            assert_eq!(
                StockState::of(available, threshold),
                state,
                "{available} {threshold}"
            );
        }
        assert_eq!(StockState::best([]), StockState::OutOfStock);
        assert_eq!(
            StockState::best([StockState::OutOfStock, StockState::LowStock]),
            StockState::LowStock
        );
    }

    #[test]
    fn what_everybody_may_know_is_never_more_than_there_is() {
        for available in -5..2_000 {
            let shown = max_orderable(available);
            assert!(
                shown <= available.max(0) && (shown > 0) == (available > 0),
                "{available}"
            );
        }
        assert_eq!((max_orderable(57), max_orderable(657)), (50, 600));
    }
}
