//! What every service answers about one person: [`ExportPerson`] and [`ErasePerson`].

pub use platform::privacy::{Document, ErasePerson, ErasePersonReply, ExportPerson, Person};

/// All services, in the order in which a person is erased: those come first in which something may be open that needs
/// the others; users comes last, because it knows who the person is.
pub const SERVICES: [&str; 8] = [
    "orders",
    "payments",
    "shipping",
    "inventory",
    "products",
    "analytics",
    "notifications",
    "users",
];
