//! Facts, hash chains and figures: without I/O.

pub mod audit;
pub mod dashboard;
pub mod fact;
pub mod sales;
pub mod track;
