//! What is done with facts and tracked events.

pub mod audit;
pub mod dashboards;
pub mod record;
pub mod track;
