//! The ledger of stock: every change of a counter is a row in it.

use async_graphql::{Enum, SimpleObject};
use chrono::{DateTime, Utc};
use platform::ids::{InventoryTransactionId, VariantId, WarehouseId};
use uuid::Uuid;

/// Why stock changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InventoryTxType {
    /// Pieces came from a supplier or from another system.
    Receipt,
    /// Somebody corrected the number of pieces.
    Adjustment,
    /// A checkout holds pieces.
    Reserve,
    /// A checkout gave pieces back.
    Release,
    /// Held pieces now belong to a confirmed order.
    Allocate,
    /// Pieces of a confirmed order were given back before they left.
    Deallocate,
    /// Pieces left the warehouse.
    Ship,
    /// Returned pieces can be sold again.
    ReturnRestock,
    /// Returned pieces cannot be sold again.
    ReturnWriteOff,
    /// Pieces went to another warehouse.
    TransferOut,
    /// Pieces came from another warehouse.
    TransferIn,
    /// Somebody counted the pieces.
    Count,
}

/// One row of the ledger. It never changes.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct InventoryTransaction {
    #[graphql(skip)]
    pub id: InventoryTransactionId,
    /// Why stock changed.
    #[graphql(name = "type")]
    pub kind: InventoryTxType,
    #[graphql(skip)]
    pub variant_id: VariantId,
    #[graphql(skip)]
    pub warehouse_id: WarehouseId,
    /// Pieces by which the counter of this type changed: reserved for RESERVE and RELEASE, allocated for ALLOCATE and
    /// DEALLOCATE, on hand for all others.
    pub delta: i32,
    /// Pieces on hand afterwards.
    pub on_hand_after: i32,
    /// Pieces reserved afterwards.
    pub reserved_after: i32,
    /// Kind of the object that caused it, for example ORDER.
    pub ref_type: Option<String>,
    #[graphql(skip)]
    pub ref_id: Option<String>,
    /// What the person who did it gave as reason.
    pub reason: Option<String>,
    /// Login ID of the person, or name of the service, that did it.
    pub actor: String,
    /// When it happened.
    pub at: DateTime<Utc>,
}

/// A change of one stock level.
#[derive(Clone, Debug)]
pub struct Change {
    pub variant: Uuid,
    pub warehouse: Uuid,
    pub on_hand: i32,
    pub reserved: i32,
    pub allocated: i32,
    /// ID of what caused it.
    pub reference: Option<String>,
}

impl Change {
    /// Nothing yet; set the counters that move.
    pub fn of(variant: VariantId, warehouse: WarehouseId, reference: Option<String>) -> Self {
        Self {
            variant: variant.0,
            warehouse: warehouse.0,
            on_hand: 0,
            reserved: 0,
            allocated: 0,
            reference,
        }
    }
}

/// What several changes have in common.
#[derive(Clone, Debug)]
pub struct Cause<'a> {
    pub kind: InventoryTxType,
    pub ref_type: Option<&'static str>,
    pub reason: Option<&'a str>,
    pub actor: &'a str,
}
