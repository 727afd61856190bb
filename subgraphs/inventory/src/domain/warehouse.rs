//! Where stock lies.

use async_graphql::SimpleObject;
use platform::{
    Country, PostalAddress,
    ids::{VendorId, WarehouseId},
};
use sqlx::types::Json;

/// A building with stock, of a vendor or of the marketplace itself.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Warehouse {
    #[graphql(skip)]
    pub id: WarehouseId,
    /// Short name, unique per vendor.
    pub code: String,
    /// Name for people.
    pub name: String,
    #[graphql(skip)]
    pub address: Json<PostalAddress>,
    #[graphql(skip)]
    pub vendor_id: Option<VendorId>,
    /// Warehouses with smaller numbers are used first.
    pub priority: i32,
    /// Countries it ships to; empty: all.
    pub serves_countries: Vec<Country>,
    /// Whether orders are served from it.
    pub active: bool,
    /// Grows with every edit.
    pub version: i32,
}

/// What a caller may set, checked.
#[derive(Clone, Debug)]
pub struct NewWarehouse {
    pub code: String,
    pub name: String,
    pub address: PostalAddress,
    pub vendor: Option<VendorId>,
    pub priority: i32,
    pub serves_countries: Vec<Country>,
}
