//! The address book.

use async_graphql::{ComplexObject, Enum, SimpleObject};
use chrono::{DateTime, Utc};
use platform::{
    PostalAddress,
    ids::{AddressId, CustomerId},
};
use sqlx::types::Json;

/// What an address is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AddressKind {
    /// Parcels.
    Shipping,
    /// Bills.
    Billing,
    /// Parcels and bills.
    Both,
}

impl AddressKind {
    pub fn ships(self) -> bool {
        self != Self::Billing
    }

    pub fn bills(self) -> bool {
        self != Self::Shipping
    }
}

/// An entry of an address book. Orders keep copies, so a later edit does not change them.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Address {
    /// Opaque ID.
    pub id: AddressId,
    #[graphql(skip)]
    pub customer_id: CustomerId,
    /// The owner's own name for it, such as `Office`.
    pub label: Option<String>,
    /// What it is good for.
    pub kind: AddressKind,
    #[graphql(skip)]
    pub postal: Json<PostalAddress>,
    /// Whether parcels go here unless told otherwise.
    pub is_default_shipping: bool,
    /// Whether bills go here unless told otherwise.
    pub is_default_billing: bool,
    #[graphql(skip)]
    pub created_at: DateTime<Utc>,
    /// Goes up with every change.
    pub version: i32,
}

#[ComplexObject]
impl Address {
    /// The address itself.
    async fn address(&self) -> &PostalAddress {
        &self.postal.0
    }
}
