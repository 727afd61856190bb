//! What the inventory service answers. `reference` is the order: every command may be sent again.

use crate::{Done, command};
use chrono::{DateTime, Utc};
use platform::{
    Country,
    ids::{OrderId, OrderLineId, ProductId, ReservationId, VariantId, VendorId},
};
use serde::{Deserialize, Serialize};

/// Free stock by variant; variants without stock rows are missing from the reply.
#[derive(Debug, Serialize, Deserialize)]
pub struct GetAvailability {
    pub variants: Vec<VariantId>,
}
command!(GetAvailability, "inventory", "get_availability", Vec<Available>);

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Available {
    pub variant: VariantId,
    /// Pieces that can be ordered now.
    pub quantity: i32,
}

/// Step 3 of the checkout: all lines or none, in one transaction.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReserveStock {
    pub order: OrderId,
    pub lines: Vec<StockLine>,
    /// Where it ships to; warehouses that do not serve it are left out.
    pub country: Option<Country>,
    /// When the reservation ends by itself.
    pub expires_at: DateTime<Utc>,
}
command!(ReserveStock, "inventory", "reserve_stock", ReserveReply);

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct StockLine {
    pub line: OrderLineId,
    pub variant: VariantId,
    pub quantity: i32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum ReserveReply {
    Reserved {
        reservation: ReservationId,
    },
    Insufficient {
        variant: VariantId,
        available: i32,
        requested: i32,
    },
}

/// Undoes [`ReserveStock`], also before or without it: a reservation that arrives later is refused by its order.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReleaseStock {
    pub order: OrderId,
}
command!(ReleaseStock, "inventory", "release_stock", Done);

/// Step 10: from now on the reservation does not expire; an expired one is reserved again.
#[derive(Debug, Serialize, Deserialize)]
pub struct SecureStock {
    pub order: OrderId,
}
command!(SecureStock, "inventory", "secure_stock", ReserveReply);

/// Step 11: the reservation becomes an allocation. Cannot be refused after [`SecureStock`].
#[derive(Debug, Serialize, Deserialize)]
pub struct CommitStock {
    pub order: OrderId,
}
command!(CommitStock, "inventory", "commit_stock", Done);

/// Gives allocated pieces of a canceled order or line back.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeallocateStock {
    pub order: OrderId,
    /// Makes the command unique: a cancellation's or refund's ID.
    pub key: String,
    pub lines: Vec<LineQuantity>,
}
command!(DeallocateStock, "inventory", "deallocate_stock", Done);

/// Takes pieces of shipped lines back into stock.
#[derive(Debug, Serialize, Deserialize)]
pub struct RestockLines {
    pub order: OrderId,
    /// Makes the command unique: a return's or refund's ID.
    pub key: String,
    pub lines: Vec<LineQuantity>,
}
command!(RestockLines, "inventory", "restock_lines", Done);

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct LineQuantity {
    pub line: OrderLineId,
    pub quantity: i32,
}

/// Stock of another system: a warehouse of the vendor that exists afterwards and has received these pieces.
#[derive(Debug, Serialize, Deserialize)]
pub struct ImportStock {
    pub vendor: VendorId,
    pub warehouse_code: String,
    pub country: Country,
    /// Makes the command unique.
    pub key: String,
    /// At most 1,000.
    pub lines: Vec<ImportStockLine>,
}
command!(ImportStock, "inventory", "import_stock", Done);

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct ImportStockLine {
    pub product: ProductId,
    pub variant: VariantId,
    pub quantity: i32,
}
