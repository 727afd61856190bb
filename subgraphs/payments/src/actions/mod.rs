//! The verbs. A call to a provider is written down first, made outside of any transaction, and its result recorded
//! under the payment's lock.

pub mod cancel;
pub mod capture;
pub mod coupon_admin;
pub mod coupons;
pub mod create;
pub mod record;
pub mod refund;
pub mod reverse;
pub mod settle;
pub mod staff;
pub mod sync;
pub mod webhook;
