//! Inputs and payloads of the mutations.

use crate::domain::{
    alert::LowStockAlert, level::StockLevel, purchase::PurchaseOrder, supplier::Supplier,
    warehouse::Warehouse,
};
use async_graphql::{ID, InputObject, SimpleObject};
use platform::{AddressInput, Country, UserError, money::MoneyInput};

macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident { $(#[$field_doc:meta])* $field:ident: $type:ty })*) => {
        $(
            $(#[$doc])*
            #[derive(SimpleObject)]
            pub struct $name {
                $(#[$field_doc])*
                pub $field: Option<$type>,
                /// Why nothing was changed; empty if it was.
                pub user_errors: Vec<UserError>,
            }
        )*
    };
}

payloads! {
    /// Result of a change of stock.
    StockPayload {
        /// The changed levels as they are now.
        stock_levels: Vec<StockLevel>
    }
    /// Result of a change of a warehouse.
    WarehousePayload {
        /// The warehouse as it is now.
        warehouse: Warehouse
    }
    /// Result of a change of a supplier.
    SupplierPayload {
        /// The supplier as it is now.
        supplier: Supplier
    }
    /// Result of a change of a purchase order.
    PurchaseOrderPayload {
        /// The order as it is now.
        purchase_order: PurchaseOrder
    }
    /// Result of a change of an alert.
    AlertPayload {
        /// The alert as it is now.
        alert: LowStockAlert
    }
}

/// So many pieces more or fewer are on hand.
#[derive(InputObject)]
pub struct StockAdjustInput {
    /// What to correct.
    pub variant_id: ID,
    /// Where to correct it.
    pub warehouse_id: ID,
    /// Pieces to add; negative to take away.
    pub delta: i32,
    /// Only if exactly so many pieces are on hand now; otherwise CONFLICT.
    pub change_from_quantity: Option<i32>,
}

/// So many pieces are on hand.
#[derive(InputObject)]
pub struct StockSetInput {
    /// What was counted.
    pub variant_id: ID,
    /// Where it was counted.
    pub warehouse_id: ID,
    /// Counted pieces, not fewer than are reserved and allocated.
    pub on_hand: i32,
    /// Only if exactly so many pieces are on hand now; otherwise CONFLICT.
    pub change_from_quantity: Option<i32>,
}

/// A warehouse, as input.
#[derive(InputObject)]
pub struct WarehouseInput {
    /// Short name, unique per vendor, 1 to 50 characters.
    pub code: String,
    /// Name for people, 1 to 200 characters.
    pub name: String,
    /// Where it stands.
    pub address: AddressInput,
    /// Whose it is. Absent: the caller's only vendor's or, for staff, the marketplace's.
    pub vendor_id: Option<ID>,
    /// Warehouses with smaller numbers are used first.
    #[graphql(default_with = "Some(0)")]
    pub priority: Option<i32>,
    /// Countries it ships to; empty: all.
    pub serves_countries: Vec<Country>,
}

/// A line of a purchase order, as input.
#[derive(InputObject)]
pub struct PurchaseOrderLineInput {
    /// What to order.
    pub variant_id: ID,
    /// Pieces, 1 to 1,000,000.
    pub quantity: i32,
    /// Cost of one piece in the supplier's currency.
    pub unit_cost: MoneyInput,
}
