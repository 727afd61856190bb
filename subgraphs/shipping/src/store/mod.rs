//! All SQL.

pub mod events;
pub mod methods;
pub mod owners;
pub mod privacy;
pub mod shipments;
pub mod tariffs;
pub mod zones;

use platform::{Viewer, ids::uuids};
use uuid::Uuid;

/// Whose shipments may be read: the customer's own, the vendors' own, or all.
#[derive(Clone, Debug)]
pub struct Scope {
    pub staff: bool,
    pub customer: Option<Uuid>,
    pub vendors: Vec<Uuid>,
}

impl From<&Viewer> for Scope {
    fn from(viewer: &Viewer) -> Self {
        Self {
            staff: viewer.is_staff(),
            customer: viewer.customer.map(Uuid::from),
            vendors: uuids(&viewer.vendors),
        }
    }
}

impl Scope {
    /// The same without what a shopper may see: for lists and changes that only vendors and staff have.
    pub fn managed(viewer: &Viewer) -> Self {
        Self {
            customer: None,
            ..Self::from(viewer)
        }
    }
}
