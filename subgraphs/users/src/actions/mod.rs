//! What people do: each a transaction that locks, decides, stores and tells.

pub mod account;
pub mod address;
pub mod admin;
pub mod loyalty;
pub mod mail;
pub mod members;
pub mod password;
pub mod profile;
pub mod session;
pub mod staff;
pub mod vendor;
pub mod vip;
