//! The GraphQL face of the service.

pub mod audit;
pub mod dashboard;
pub mod event;
pub mod loaders;
pub mod metrics;
pub mod mutation;
pub mod query;
pub mod stubs;
pub mod subscription;
pub mod traffic;

pub use crate::domain::dashboard::Granularity;
use async_graphql::{ID, Interface};
use dashboard::Dashboard;
use event::EventRecord;

/// Something with an ID of its own that can be fetched again by it.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Opaque ID."))]
pub enum Node {
    EventRecord(EventRecord),
    Dashboard(Dashboard),
}

/// `Int` of a count.
pub fn int(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
