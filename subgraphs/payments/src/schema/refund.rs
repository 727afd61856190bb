//! Money that goes back. Whoever holds one of these may see it: the check is where it is looked up.

use super::{load, stubs::Refund};
use crate::{
    domain::status::PaymentRefundStatus,
    store::{payments::Payment, refunds::PaymentRefundRow},
};
use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use platform::{Error, Money};

/// A movement of money back to the payer.
#[Object(name = "PaymentRefund")]
impl PaymentRefundRow {
    /// Opaque ID.
    pub async fn id(&self) -> ID {
        self.id.to_string().into()
    }

    /// The payment it is taken from.
    async fn payment(&self, ctx: &Context<'_>) -> Result<Payment, Error> {
        let payment = load(ctx, self.payment_id).await?;
        payment.ok_or_else(|| Error::internal(std::io::Error::other("a refund without its payment")))
    }

    /// The decision behind it; absent when money went back without one.
    async fn refund(&self) -> Option<Refund> {
        self.refund_id.map(|id| Refund { id })
    }

    /// How much goes back.
    async fn amount(&self) -> Money {
        Money::new(self.amount, self.currency)
    }

    /// Where it stands.
    async fn status(&self) -> PaymentRefundStatus {
        self.status
    }

    /// The provider's own ID.
    async fn provider_ref(&self) -> Option<&str> {
        self.provider_ref.as_deref()
    }

    /// Why the provider refused it or the bank sent it back.
    async fn failure_reason(&self) -> Option<&str> {
        self.failure_reason.as_deref()
    }

    /// When it was begun.
    async fn created_at(&self) -> DateTime<Utc> {
        self.created_at
    }
}
