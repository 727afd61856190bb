//! Entities of other services: what this one adds to them, or only their key.

use super::{
    loaders::{RatingOf, WishlistsOf, reader},
    products::{ListArgs, connection},
    review,
};
use crate::{
    domain::{
        filter::ProductWhere,
        product::Product,
        review::{RatingSummary, Review},
        wishlist::Wishlist,
    },
    store::{list::Owner, reviews},
};
use async_graphql::{ComplexObject, Context, SimpleObject};
use platform::{
    Error,
    ids::{CustomerId, UserId, VendorId},
    page::{CountedPage, Page},
    viewer::viewer,
};

/// A seller; owned by the users service.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Vendor {
    /// Opaque and unique.
    pub id: VendorId,
}

#[ComplexObject]
impl Vendor {
    /// Products on sale of this vendor; its members and staff see the others too, but archived ones only on demand.
    async fn products(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows, 1 to 100; 20 if absent.")] first: Option<i32>,
        #[graphql(desc = "Rows after this cursor.")] after: Option<String>,
        #[graphql(name = "where", desc = "Narrows the list.")] filter: Option<ProductWhere>,
    ) -> Option<Result<CountedPage<Product>, Error>> {
        let args = ListArgs {
            first,
            after,
            filter,
            sort: None,
        };
        Some(connection(ctx, (Owner::Vendor, self.id.0), args).await)
    }

    /// What the published reviews of its products on sale add up to; null if it sells nothing.
    async fn rating(&self, ctx: &Context<'_>) -> Option<Result<RatingSummary, Error>> {
        reader(ctx).load_one(RatingOf(self.id)).await.transpose()
    }
}

/// A shopper; owned by the users service.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Customer {
    /// Opaque and unique.
    pub id: CustomerId,
}

#[ComplexObject]
impl Customer {
    /// Their wishlists, oldest first; null for anybody but themself and staff.
    async fn wishlists(&self, ctx: &Context<'_>) -> Option<Result<Vec<Wishlist>, Error>> {
        if !viewer(ctx).acts_for(self.id) {
            return None;
        }
        Some(
            reader(ctx)
                .load_one(WishlistsOf(self.id))
                .await
                .map(Option::unwrap_or_default),
        )
    }

    /// Reviews they wrote of products on sale, newest first; null for anybody but themself and staff.
    async fn reviews(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows, 1 to 100; 20 if absent.")] first: Option<i32>,
        #[graphql(desc = "Rows after this cursor.")] after: Option<String>,
    ) -> Option<Result<Page<Review>, Error>> {
        if !viewer(ctx).acts_for(self.id) {
            return None;
        }
        Some(review::page(ctx, (reviews::Owner::Customer, self.id.0), first, after, None).await)
    }
}

/// A login; owned by the users service.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(unresolvable = "id")]
pub struct User {
    /// Opaque and unique.
    pub id: UserId,
}
