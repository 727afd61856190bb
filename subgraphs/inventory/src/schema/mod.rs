//! The GraphQL side.

use crate::domain::{
    alert::LowStockAlert, ledger::InventoryTransaction, level::StockLevel, purchase::PurchaseOrder,
    reservation::Reservation, supplier::Supplier, warehouse::Warehouse,
};
use async_graphql::{ID, Interface, Schema};
use platform::service::Deps;

mod entities;
pub mod loaders;
mod mutation;
pub mod payloads;
mod purchasing;
mod query;
pub mod stubs;
mod subscription;
mod types;

pub use mutation::Mutation;
pub use query::Query;
pub use subscription::Subscription;

/// An object with a globally unique ID.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Globally unique ID."))]
pub enum Node {
    Warehouse(Warehouse),
    Supplier(Supplier),
    StockLevel(StockLevel),
    Reservation(Reservation),
    InventoryTransaction(InventoryTransaction),
    LowStockAlert(LowStockAlert),
    PurchaseOrder(PurchaseOrder),
}

/// The executable schema.
pub fn schema(deps: Deps) -> Schema<Query, Mutation, Subscription> {
    platform::service::schema(Query::default(), Mutation::default(), Subscription)
        .register_output_type::<Node>()
        .data(deps)
        .finish()
}
