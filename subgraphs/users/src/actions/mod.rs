//! What people do: each a transaction that locks, decides, stores and tells.

pub mod account;
pub mod address;
pub mod admin;
pub mod brake;
pub mod claims;
pub mod erasure;
pub mod export;
pub mod loyalty;
pub mod mail;
pub mod members;
pub mod notice;
pub mod password;
pub mod profile;
pub mod registration;
pub mod session;
pub mod staff;
pub mod tiers;
pub mod vendor;
pub mod vip;
