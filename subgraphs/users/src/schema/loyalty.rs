//! Loyalty points.

use crate::{
    domain::loyalty::{LoyaltyTxKind, point_value},
    schema::{load_many, node::Order},
    store::loyalty::{Account, Slice},
};
use async_graphql::{ComplexObject, Context, SimpleObject};
use chrono::{DateTime, Utc};
use platform::{
    Currency, Error, Money,
    ids::{CustomerId, LoyaltyTransactionId, OrderId},
    page::{Page, PageArgs},
};
use uuid::Uuid;

/// Points of a customer.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct LoyaltyAccount {
    #[graphql(skip)]
    customer: CustomerId,
    /// Points that can be spent. Below zero after a refund of points that had been spent.
    available: i32,
    /// Points set aside for orders that are being placed.
    held: i32,
    /// Points ever earned, less those taken back.
    lifetime: i32,
    /// What one point is worth in the customer's currency.
    point_value: Money,
}

impl LoyaltyAccount {
    pub fn new(customer: CustomerId, currency: Option<Currency>, account: Option<Account>) -> Self {
        let (available, held, lifetime) = account.map_or((0, 0, 0), |a| (a.available, a.held, a.lifetime));
        let point_value = point_value(currency.unwrap_or(Currency::GBP));
        Self {
            customer,
            available,
            held,
            lifetime,
            point_value,
        }
    }
}

#[ComplexObject]
impl LoyaltyAccount {
    /// The ledger, newest first.
    async fn transactions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size, 1 to 100; 20 unless told.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the last item seen.")] after: Option<String>,
    ) -> Result<Page<LoyaltyTransaction>, Error> {
        let args = PageArgs::<(DateTime<Utc>, Uuid)>::new(first, after.as_deref())?;
        let slice = Slice {
            customer: self.customer,
            after: args.after,
            limit: args.limit(),
        };
        let rows = load_many(ctx, slice).await?;
        Ok(args.page(rows, |row: &LoyaltyTransaction| (row.created_at, row.id.0)))
    }
}

/// A line of the ledger; never changed afterwards.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct LoyaltyTransaction {
    /// Opaque ID.
    pub id: LoyaltyTransactionId,
    /// Why points moved.
    pub kind: LoyaltyTxKind,
    /// Change of the available points; for REDEEM, the points that left the hold.
    pub points: i32,
    #[graphql(skip)]
    pub order_id: Option<OrderId>,
    /// Words of whoever did it.
    pub reason: Option<String>,
    /// When.
    pub created_at: DateTime<Utc>,
}

#[ComplexObject]
impl LoyaltyTransaction {
    /// The order it belongs to.
    async fn order(&self) -> Option<Order> {
        self.order_id.map(|id| Order { id })
    }
}
