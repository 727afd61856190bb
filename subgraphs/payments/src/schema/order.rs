//! What this service knows about an order.

use super::{load_many, loaders::PaymentsOf};
use crate::{domain::status::PaymentStatus, store::payments::Payment};
use async_graphql::{Context, InputObject, Object, SimpleObject};
use platform::{Error, Money, ids::OrderId, money::MoneyInput, viewer::viewer};

/// An order of the orders service.
pub struct Order {
    id: OrderId,
    totals: Option<Totals>,
}

// Totals of an order; orders owns and describes them.
#[derive(Clone, SimpleObject)]
pub struct Totals {
    /// What the customer pays.
    #[graphql(external)]
    pub total: Money,
}

/// What the router hands over of an order's totals.
#[derive(InputObject)]
pub struct KnownTotals {
    /// What the customer pays.
    pub total: Option<MoneyInput>,
}

impl Order {
    pub fn stub(id: OrderId) -> Self {
        Self { id, totals: None }
    }

    pub fn with(id: OrderId, totals: Option<KnownTotals>) -> Self {
        let total = totals.and_then(|totals| totals.total);
        Self {
            id,
            totals: total.map(|total| Totals { total: total.into() }),
        }
    }

    /// The payments, oldest first; `None` if they are somebody else's. Whose order it is, only a payment tells: without
    /// one it is nobody's, so that an order of somebody else looks like a missing one.
    async fn own(&self, ctx: &Context<'_>) -> Result<Option<Vec<Payment>>, Error> {
        let (rows, viewer) = (load_many(ctx, PaymentsOf(self.id)).await?, viewer(ctx));
        let own = !rows.is_empty() && rows.iter().all(|payment| payment.visible_to(viewer));
        Ok((own || viewer.is_staff()).then_some(rows))
    }
}

#[Object]
impl Order {
    /// Opaque ID.
    async fn id(&self) -> OrderId {
        self.id
    }

    /// Totals, from the orders service.
    #[graphql(external)]
    async fn totals(&self) -> Result<&Totals, Error> {
        self.totals
            .as_ref()
            .ok_or_else(|| Error::BadInput("totals belong to the orders service".to_owned()))
    }

    /// Attempts to pay for it, oldest first. The payer and staff see them.
    async fn payments(&self, ctx: &Context<'_>) -> Option<Result<Vec<Payment>, Error>> {
        self.own(ctx).await.transpose()
    }

    /// Where the latest attempt stands.
    async fn payment_status(&self, ctx: &Context<'_>) -> Option<Result<PaymentStatus, Error>> {
        let own = self
            .own(ctx)
            .await
            .map(|rows| rows.and_then(|rows| Some(rows.last()?.status)));
        own.transpose()
    }

    /// What is still to be paid: the total less what is captured or authorized. A refund does not make it due again.
    #[graphql(requires = "totals { total { amount currency } }")]
    async fn amount_due(&self, ctx: &Context<'_>) -> Option<Result<Money, Error>> {
        let total = self.totals.as_ref()?.total;
        let own = match self.own(ctx).await {
            Ok(own) => own?,
            Err(error) => return Some(Err(error)),
        };
        let covers = |payment: &Payment| match payment.status {
            PaymentStatus::Authorized => payment.authorized,
            _ => payment.captured,
        };
        let covered: i64 = own
            .iter()
            .filter(|payment| payment.currency == total.currency)
            .map(covers)
            .sum();
        Some(Ok(Money::new((total.amount() - covered).max(0), total.currency)))
    }
}
