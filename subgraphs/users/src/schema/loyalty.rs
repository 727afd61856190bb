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
    /// Points that can be spent.
    available: i32,
    /// Points of orders whose return window is not over yet.
    pending: i32,
    /// Points set aside for orders that are being placed.
    held: i32,
    /// Points that ever became available through orders, less those taken back.
    lifetime: i32,
    /// What one point is worth in the customer's currency.
    point_value: Money,
}

impl LoyaltyAccount {
    pub fn new(customer: CustomerId, currency: Option<Currency>, account: Option<Account>) -> Self {
        let counter = |of: fn(&Account) -> i32| account.as_ref().map_or(0, of);
        Self {
            customer,
            available: counter(|a| a.available),
            pending: counter(|a| a.pending),
            held: counter(|a| a.held),
            lifetime: counter(|a| a.lifetime),
            point_value: point_value(currency.unwrap_or(Currency::GBP)),
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
    /// Change of the available points; for EARN_PENDING and its REVERSE of the pending ones, for REDEEM of the held ones.
    pub points: i32,
    #[graphql(skip)]
    pub order_id: Option<OrderId>,
    /// Words of whoever did it.
    pub reason: Option<String>,
    /// When these points expire, unless they are spent before; for points that became available.
    pub expires_at: Option<DateTime<Utc>>,
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
