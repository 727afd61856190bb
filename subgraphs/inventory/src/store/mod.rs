//! All SQL of the service.

use async_graphql::resolver_utils::{EnumType, enum_value};
use platform::{Viewer, ids};
use uuid::Uuid;

pub mod alerts;
pub mod allocations;
pub mod availability;
pub mod ledger;
pub mod levels;
pub mod privacy;
pub mod purchases;
pub mod reservations;
pub mod suppliers;
pub mod variants;
pub mod warehouses;

/// Whose rows a caller may see: staff all, members of vendors theirs, others none. Every read takes it.
#[derive(Clone, Debug)]
pub struct Scope {
    pub staff: bool,
    pub vendors: Vec<Uuid>,
}

impl From<&Viewer> for Scope {
    fn from(viewer: &Viewer) -> Self {
        Self {
            staff: viewer.is_staff(),
            vendors: ids::uuids(&viewer.vendors),
        }
    }
}

/// Enum values as they are stored: the same names as in GraphQL.
pub fn names<T: EnumType + Copy>(values: &[T]) -> Vec<String> {
    values
        .iter()
        .map(|value| enum_value(*value).to_string())
        .collect()
}
