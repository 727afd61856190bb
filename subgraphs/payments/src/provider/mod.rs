//! Who moves the money. Cards go through Stripe; `manual` is money that people see arrive; nothing else is offered.

pub mod objects;
pub mod signature;
pub mod stripe;
pub mod units;

use async_graphql::Enum;
pub use stripe::{ProviderError, Refusal, Stripe};

/// A payment provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PaymentProvider {
    /// Cards and wallets through Stripe's API.
    Stripe,
    /// PayPal.
    Paypal,
    /// Bank transfer, invoice or cash, confirmed by staff.
    Manual,
    /// Never takes money.
    Fake,
}

impl PaymentProvider {
    /// The lower-case name other services use, for what is implemented.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "stripe" => Some(Self::Stripe),
            "manual" => Some(Self::Manual),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::Paypal => "paypal",
            Self::Manual => "manual",
            Self::Fake => "fake",
        }
    }
}
