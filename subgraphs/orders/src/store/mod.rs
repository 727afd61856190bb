//! All SQL of the service.

pub mod carts;
pub mod clock;
pub mod completion;
pub mod guests;
pub mod history;
pub mod imports;
pub mod lines;
pub mod orders;
pub mod privacy;
pub mod quotes;
pub mod refunds;
pub mod sagas;
pub mod tasks;
pub mod vendor_orders;
