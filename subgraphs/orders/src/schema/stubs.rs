//! Objects of other services, by ID.

use crate::{
    domain::{order::OrderStatus, vendor_order::VendorOrderStatus},
    schema::{
        cart::Cart,
        deps, load,
        loaders::CartOfCustomer,
        order::OrderWhere,
        order::{self, Order},
        vendor_order::{VendorOrder, VendorOrderWhere},
    },
    store,
};
use async_graphql::{ComplexObject, Context, SimpleObject};
use chrono::{DateTime, Utc};
use platform::{
    Error,
    ids::{CouponId, CustomerId, VariantId, VendorId},
    page::{CountedPage, PageArgs, TotalCount},
    viewer::viewer,
};
use uuid::Uuid;

/// A shopping persona; see the users service.
#[derive(Clone, Copy, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Customer {
    /// Opaque ID.
    pub id: CustomerId,
}

#[ComplexObject]
impl Customer {
    /// The cart in use. Null for others than the customer and staff.
    async fn cart(&self, ctx: &Context<'_>) -> Option<Result<Cart, Error>> {
        if !viewer(ctx).acts_for(self.id) {
            return None;
        }
        load(ctx, CartOfCustomer(self.id)).await.transpose()
    }

    /// Orders, newest first. Null for others than the customer and staff.
    async fn orders(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size, 1 to 100; 20 unless told.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the last item seen.")] after: Option<String>,
        #[graphql(name = "where", desc = "Narrows the list.")] filter: Option<OrderWhere>,
    ) -> Option<Result<CountedPage<Order>, Error>> {
        if !viewer(ctx).acts_for(self.id) {
            return None;
        }
        Some(order::page(ctx, first, after, filter, Some(self.id)).await)
    }
}

/// A vendor; see the users service.
#[derive(Clone, Copy, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Vendor {
    /// Opaque ID.
    pub id: VendorId,
}

#[ComplexObject]
impl Vendor {
    /// The vendor's parts of orders, newest first. Requires: VENDOR or STAFF.
    async fn vendor_orders(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size, 1 to 100; 20 unless told.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the last item seen.")] after: Option<String>,
        #[graphql(name = "where", desc = "Narrows the list.")] filter: Option<VendorOrderWhere>,
    ) -> Option<Result<CountedPage<VendorOrder>, Error>> {
        Some(self.page(ctx, first, after, filter.unwrap_or_default()).await)
    }
}

impl Vendor {
    async fn page(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        filter: VendorOrderWhere,
    ) -> Result<CountedPage<VendorOrder>, Error> {
        viewer(ctx).require_manages(self.id)?;
        let args = PageArgs::<(DateTime<Utc>, Uuid)>::new(first, after.as_deref())?;
        let range = filter.placed_at.unwrap_or_default();
        let statuses = filter.status.map(|all| {
            all.into_iter()
                .map(|s: VendorOrderStatus| s.as_str().to_owned())
                .collect()
        });
        let filter = store::vendor_orders::Filter {
            vendor: self.id.0,
            statuses,
            from: range.from,
            to: range.to,
        };
        let db = deps(ctx).db.clone();
        let rows = store::vendor_orders::page(db.pool(), &filter, args.after, args.limit()).await?;
        let total = TotalCount::new(move |max| {
            let (db, filter) = (db.clone(), filter.clone());
            Box::pin(async move { Ok(store::vendor_orders::count(db.pool(), &filter, max).await?) })
        });
        Ok(args.counted(
            rows.into_iter().map(VendorOrder).collect(),
            |part| (part.0.placed_at, part.0.id.0),
            total,
        ))
    }
}

/// A variant of a product; see the products service.
#[derive(Clone, Copy, Debug, SimpleObject)]
#[graphql(unresolvable = "id")]
pub struct ProductVariant {
    /// Opaque ID.
    pub id: VariantId,
}

/// A coupon; see the payments service.
#[derive(Clone, Copy, Debug, SimpleObject)]
#[graphql(unresolvable = "id")]
pub struct Coupon {
    /// Opaque ID.
    pub id: CouponId,
}

/// Orders' states as the database writes them.
pub fn names(statuses: Vec<OrderStatus>) -> Vec<String> {
    statuses
        .into_iter()
        .map(|status| status.as_str().to_owned())
        .collect()
}
