//! What people do: each a transaction that locks, decides, stores and tells.

pub mod account;
pub mod address;
pub mod admin;
pub mod erasure;
pub mod export;
pub mod loyalty;
pub mod mail;
pub mod password;
pub mod profile;
pub mod session;
pub mod vendor;
pub mod vip;
