//! All SQL of the catalogue.

use platform::{Viewer, ids::uuids};
use uuid::Uuid;

pub mod attributes;
pub mod brands;
pub mod bulk;
pub mod categories;
pub mod conditions;
pub mod copies;
pub mod customers;
pub mod details;
pub mod import;
pub mod list;
pub mod logos;
pub mod media;
pub mod news;
pub mod prices;
pub mod privacy;
pub mod products;
pub mod reviews;
pub mod revisions;
pub mod search;
pub mod variants;
pub mod vendors;
pub mod wishlists;

/// Whose eyes see the rows: what is on sale is for all, the rest for its vendor and staff.
#[derive(Clone, Debug)]
pub struct Scope {
    pub staff: bool,
    pub vendors: Vec<Uuid>,
    pub customer: Option<Uuid>,
}

impl From<&Viewer> for Scope {
    fn from(viewer: &Viewer) -> Self {
        Self {
            staff: viewer.is_staff(),
            vendors: uuids(&viewer.vendors),
            customer: viewer.customer.map(Into::into),
        }
    }
}

impl Scope {
    /// Sees only what is on sale.
    pub fn is_public(&self) -> bool {
        !self.staff && self.vendors.is_empty()
    }

    /// Sees everything.
    pub fn all() -> Self {
        Self {
            staff: true,
            vendors: Vec::new(),
            customer: None,
        }
    }
}

/// For `like`: the text itself, wherever it stands.
pub fn containing(text: &str) -> String {
    format!("%{}%", escaped(text))
}

/// For `like`: wildcards taken literally.
pub fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
