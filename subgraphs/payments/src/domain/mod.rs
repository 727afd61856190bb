//! What payments are, without a database or a network.

pub mod coupon;
pub mod fold;
pub mod ledger;
pub mod status;
