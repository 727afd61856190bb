//! Relations of a review, and connections of reviews.

use super::{
    loaders::{ReviewsOf, reader},
    stubs::Customer,
};
use crate::{
    domain::{
        product::Product,
        review::{Review, ReviewWhere},
    },
    store::reviews::{self, Owner},
};
use async_graphql::{ComplexObject, Context, ID, Result};
use platform::{
    Deps, Error,
    page::{Page, PageArgs},
    viewer::viewer,
};
use std::sync::Arc;
use uuid::Uuid;

#[ComplexObject]
impl Review {
    /// Opaque and unique.
    pub async fn id(&self) -> ID {
        ID(self.id.to_string())
    }

    /// What it is about.
    async fn product(&self, ctx: &Context<'_>) -> Result<Product> {
        let product = reader(ctx).load_one(self.product_id).await?;
        Ok(product.ok_or_else(|| Error::BadInput("the product is not available any more".to_owned()))?)
    }

    /// Who wrote it; null if they have no account here, see `authorName`.
    async fn author(&self) -> Option<Customer> {
        self.customer_id.map(|id| Customer { id })
    }
}

/// Reviews that wait for staff.
pub async fn moderation_queue(
    ctx: &Context<'_>,
    first: Option<i32>,
    after: Option<String>,
) -> Result<Page<Review>, Error> {
    viewer(ctx).require_staff()?;
    let args = PageArgs::<(i64, Uuid)>::new(first, after.as_deref())?;
    let db = ctx.data_unchecked::<Deps>().db.pool();
    let rows = reviews::pending(db, args.after, args.limit()).await?;
    Ok(args.page(rows, reviews::waiting_since))
}

/// Reviews of a product or by a customer; pages of several owners with equal arguments are one statement.
pub async fn page(
    ctx: &Context<'_>,
    (kind, owner): (Owner, Uuid),
    first: Option<i32>,
    after: Option<String>,
    filter: Option<ReviewWhere>,
) -> Result<Page<Review>, Error> {
    let args = PageArgs::<(i64, Uuid)>::new(first, after.as_deref())?;
    let filter = Arc::new(filter.unwrap_or_default());
    let asked = ReviewsOf {
        kind,
        owner,
        filter,
        after: args.after,
        limit: args.limit(),
    };
    let rows = reader(ctx).load_one(asked).await?.unwrap_or_default();
    Ok(args.page(rows, reviews::cursor))
}
