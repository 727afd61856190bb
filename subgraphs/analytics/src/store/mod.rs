//! All SQL of the service.

pub mod audit;
pub mod dashboards;
pub mod events;
pub mod privacy;
pub mod products;
pub mod sales;
pub mod traffic;
