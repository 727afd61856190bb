//! Rules without I/O.

pub mod catalog;
pub mod offer;
pub mod rate;
pub mod shipment;
pub mod status;
pub mod tracking;
pub mod zone;
