//! Stock as pure data: states, plans and arithmetic.

pub mod alert;
pub mod allocation;
pub mod ledger;
pub mod level;
pub mod plan;
pub mod purchase;
pub mod reservation;
pub mod supplier;
pub mod warehouse;
