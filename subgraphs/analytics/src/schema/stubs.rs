//! What this service adds to entities of other services.

use super::{
    audit::AuditEntry,
    loaders::{AlsoBought, LifetimeOf, List, ProductsFor, Reader, TrailOf},
    metrics::{ProductMetrics, SalesMetrics},
};
use crate::domain::sales::Span;
use async_graphql::{ComplexObject, Context, SimpleObject};
use platform::{
    Currency, Error, Money,
    ids::{CustomerId, OrderId, ProductId, VendorId},
    loader::Batch,
    scalars::DateTimeRange,
    viewer::viewer,
};

fn loader<'a>(ctx: &Context<'a>) -> &'a Batch<Reader> {
    ctx.data_unchecked::<Batch<Reader>>()
}

pub fn span(range: Option<DateTimeRange>) -> Span {
    let range = range.unwrap_or_default();
    Span::new(range.from, range.to)
}

/// Checks how many products are asked for.
pub fn first(first: i32) -> Result<i64, Error> {
    match first {
        1..=50 => Ok(first.into()),
        _ => Err(Error::BadInput("first must be 1..50".to_owned())),
    }
}

fn stubs(ids: Option<Vec<ProductId>>) -> Vec<Option<Product>> {
    ids.unwrap_or_default()
        .into_iter()
        .map(|id| Some(Product { id }))
        .collect()
}

/// A product of the products service.
#[derive(Clone, SimpleObject)]
#[graphql(complex)]
pub struct Product {
    /// Opaque ID.
    pub id: ProductId,
}

#[ComplexObject]
impl Product {
    /// How it sells.
    async fn metrics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The span; all time by default.")] range: Option<DateTimeRange>,
    ) -> Option<Result<ProductMetrics, Error>> {
        Some(ProductMetrics::load(ctx, self.id, span(range)).await)
    }

    /// What else was in orders with this product, the most frequent first.
    async fn also_bought(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 50.", default = 8, name = "first")] count: i32,
    ) -> Option<Result<Vec<Option<Product>>, Error>> {
        match first(count) {
            Ok(limit) => Some(loader(ctx).load_one(AlsoBought(self.id, limit)).await.map(stubs)),
            Err(error) => Some(Err(error)),
        }
    }
}

/// A vendor of the users service.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Vendor {
    /// Opaque ID.
    pub id: VendorId,
}

#[ComplexObject]
impl Vendor {
    /// What this vendor has sold. Requires: VENDOR or STAFF.
    async fn sales_metrics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The span.")] range: DateTimeRange,
        #[graphql(desc = "The currency; there is no conversion.")] currency: Currency,
    ) -> Option<Result<SalesMetrics, Error>> {
        if let Err(error) = viewer(ctx).require_manages(self.id) {
            return Some(Err(error));
        }
        Some(SalesMetrics::load(ctx, self.id, currency, span(Some(range))).await)
    }
}

/// A customer of the users service.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Customer {
    /// Opaque ID.
    pub id: CustomerId,
}

impl Customer {
    async fn products(
        &self,
        ctx: &Context<'_>,
        list: List,
        count: i32,
    ) -> Option<Result<Vec<Option<Product>>, Error>> {
        if !viewer(ctx).acts_for(self.id) {
            return None;
        }
        match first(count) {
            Ok(limit) => Some(
                loader(ctx)
                    .load_one(ProductsFor(self.id, list, limit))
                    .await
                    .map(stubs),
            ),
            Err(error) => Some(Err(error)),
        }
    }
}

#[ComplexObject]
impl Customer {
    /// What the customer was charged in this currency, less refunds. Requires: STAFF.
    async fn lifetime_value(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The currency; there is no conversion.")] currency: Currency,
    ) -> Option<Result<Money, Error>> {
        if let Err(error) = viewer(ctx).require_staff() {
            return Some(Err(error));
        }
        let total = loader(ctx).load_one(LifetimeOf(self.id, currency)).await;
        Some(total.map(|total| Money::new(total.unwrap_or(0), currency)))
    }

    /// What goes together with what the customer bought or looked at last, without what they have bought. Absent for
    /// other people.
    async fn recommendations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 50.", default = 8, name = "first")] count: i32,
    ) -> Option<Result<Vec<Option<Product>>, Error>> {
        self.products(ctx, List::Recommended, count).await
    }

    /// What the customer looked at last, newest first: tracked events `product_view`. Absent for other people.
    async fn recently_viewed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 50.", default = 8, name = "first")] count: i32,
    ) -> Option<Result<Vec<Option<Product>>, Error>> {
        self.products(ctx, List::RecentlyViewed, count).await
    }
}

/// An order of the orders service.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Order {
    /// Opaque ID.
    pub id: OrderId,
}

#[ComplexObject]
impl Order {
    /// The newest 200 entries of its audit chain, oldest first: the order's, its vendor orders', payments', refunds'
    /// and shipments' changes. Requires: STAFF.
    async fn audit_trail(&self, ctx: &Context<'_>) -> Option<Result<Vec<AuditEntry>, Error>> {
        if let Err(error) = viewer(ctx).require_staff() {
            return Some(Err(error));
        }
        Some(
            loader(ctx)
                .load_one(TrailOf(self.id))
                .await
                .map(Option::unwrap_or_default),
        )
    }
}
