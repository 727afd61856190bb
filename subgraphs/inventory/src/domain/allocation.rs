//! What a confirmed order's lines get from the warehouses, and what became of it.

use contracts::inventory::LineQuantity;
use platform::ids::{OrderLineId, VariantId, WarehouseId};
use std::collections::HashMap;

/// A line's pieces from one warehouse.
#[derive(Clone, Copy, Debug)]
pub struct Allocation {
    pub line: OrderLineId,
    pub warehouse: WarehouseId,
    pub variant: VariantId,
    pub quantity: i32,
    pub shipped: i32,
    pub deallocated: i32,
    pub restocked: i32,
}

impl Allocation {
    /// Pieces that still wait in the warehouse.
    pub const fn open(&self) -> i32 {
        self.quantity - self.shipped - self.deallocated
    }

    /// Pieces that left and have not come back.
    pub const fn away(&self) -> i32 {
        self.shipped - self.restocked
    }
}

/// Pieces of an allocation that move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    pub line: OrderLineId,
    pub warehouse: WarehouseId,
    pub variant: VariantId,
    pub quantity: i32,
}

/// Takes `wanted` out of what `part` of each allocation still has, in the order of `allocations`. Also returns how
/// many pieces could not be found.
pub fn take(
    allocations: &[Allocation],
    wanted: &[LineQuantity],
    part: impl Fn(&Allocation) -> i32,
) -> (Vec<Move>, i32) {
    let mut missing: HashMap<OrderLineId, i32> = HashMap::new();
    for line in wanted.iter().filter(|line| line.quantity > 0) {
        *missing.entry(line.line).or_default() += line.quantity;
    }
    let mut moves = Vec::new();
    for allocation in allocations {
        let Some(rest) = missing.get_mut(&allocation.line) else {
            continue;
        };
        let quantity = part(allocation).min(*rest);
        if quantity > 0 {
            *rest -= quantity;
            moves.push(Move {
                line: allocation.line,
                warehouse: allocation.warehouse,
                variant: allocation.variant,
                quantity,
            });
        }
    }
    (moves, missing.values().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_from_several_warehouses_and_counts_what_is_missing() {
        let (line, variant) = (OrderLineId::new(), VariantId::new());
        let allocation = |quantity, shipped| Allocation {
            line,
            warehouse: WarehouseId::new(),
            variant,
            quantity,
            shipped,
            deallocated: 0,
            restocked: 0,
        };
        let allocations = [allocation(3, 1), allocation(2, 0)];
        let wanted = |quantity| [LineQuantity { line, quantity }];
        let (moves, missing) = take(&allocations, &wanted(3), Allocation::open);
        assert_eq!(
            (moves.iter().map(|m| m.quantity).collect::<Vec<_>>(), missing),
            (vec![2, 1], 0)
        );
        let (moves, missing) = take(&allocations, &wanted(3), Allocation::away);
        assert_eq!((moves.len(), missing), (1, 2));
    }
}
