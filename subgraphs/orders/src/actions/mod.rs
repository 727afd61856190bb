//! The verbs.

pub mod carts;
pub mod checkout;
pub mod completion;
pub mod crash;
pub mod fulfilment;
pub mod guest_access;
pub mod imports;
pub mod merge;
pub mod on_behalf;
pub mod orders;
pub mod quoting;
pub mod refunds;
pub mod saga;
pub mod tasks;
pub mod transitions;
pub mod vendor_orders;
