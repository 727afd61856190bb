//! All SQL of this service.

pub mod attempts;
pub mod coupons;
pub mod events;
pub mod ledger;
pub mod owners;
pub mod payments;
pub mod privacy;
pub mod redemptions;
pub mod refunds;
pub mod shares;
pub mod webhooks;
