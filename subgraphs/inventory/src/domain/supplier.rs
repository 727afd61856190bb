//! Who stock is bought from.

use async_graphql::SimpleObject;
use platform::{
    Currency,
    ids::{SupplierId, VendorId},
};

/// A company that a vendor, or the marketplace, buys stock from.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Supplier {
    #[graphql(skip)]
    pub id: SupplierId,
    /// Name of the company.
    pub name: String,
    #[graphql(skip)]
    pub vendor_id: Option<VendorId>,
    /// Where orders are sent to.
    pub email: Option<String>,
    /// Days between order and delivery.
    pub lead_time_days: Option<i32>,
    /// Currency of its prices.
    pub currency: Currency,
    /// Whether it can be ordered from.
    pub active: bool,
    /// Grows with every edit.
    pub version: i32,
}
