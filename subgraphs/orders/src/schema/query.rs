//! The root of reads and of entities.

use crate::{
    actions::guest_access,
    domain::refund::RefundStatus,
    schema::{
        cart::{Cart, CartLine},
        deps, load,
        loaders::{
            CartOfCustomer, OwnCart, OwnCartLine, Reader, VisibleLine, VisibleOrder, VisibleOrderNumber,
            VisiblePart, VisibleRefund,
        },
        order::{Order, OrderWhere, page},
        order_line::OrderLine,
        refund::Refund,
        saga::CheckoutSaga,
        stubs::{Customer, Vendor},
        vendor_order::VendorOrder,
    },
    store,
};
use async_graphql::{Context, ID, Object};
use platform::{
    Error,
    ids::{CartId, CartLineId, CustomerId, OrderId, OrderLineId, RefundId, VendorId, VendorOrderId},
    loader::Batch,
    page::CountedPage,
    viewer::viewer,
};

/// The root of reads.
pub struct Query;

#[Object]
impl Query {
    /// A cart by ID, or the viewer's own one in use. Null if there is none or it is somebody else's.
    async fn cart(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID; the viewer's cart unless given.")] id: Option<ID>,
    ) -> Option<Result<Cart, Error>> {
        match id {
            Some(id) => load(ctx, OwnCart(CartId::parse(&id)?)).await.transpose(),
            None => load(ctx, CartOfCustomer(viewer(ctx).customer?)).await.transpose(),
        }
    }

    /// An order by ID or number. Null if there is none or it is not the viewer's to see; whoever has the token of a
    /// guest's order sees what the guest sees.
    async fn order(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its ID.")] id: Option<ID>,
        #[graphql(desc = "Its number, unless the ID is given.")] number: Option<String>,
        #[graphql(
            desc = "From the link in a mail to a guest. It ends when the order becomes an account's, or after 180 days."
        )]
        guest_access_token: Option<String>,
    ) -> Option<Result<Order, Error>> {
        order(ctx, id, number, guest_access_token).await.transpose()
    }

    /// All orders, newest first. Requires: STAFF.
    async fn orders(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size, 1 to 100; 20 unless told.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the last item seen.")] after: Option<String>,
        #[graphql(name = "where", desc = "Narrows the list.")] filter: Option<OrderWhere>,
    ) -> Option<Result<CountedPage<Order>, Error>> {
        if let Err(error) = viewer(ctx).require_staff() {
            return Some(Err(error));
        }
        Some(page(ctx, first, after, filter, None).await)
    }

    /// A vendor's part of an order. Null if there is none or it is not the viewer's to see.
    async fn vendor_order(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its ID.")] id: ID,
    ) -> Option<Result<VendorOrder, Error>> {
        load(ctx, VisiblePart(VendorOrderId::parse(&id)?))
            .await
            .transpose()
    }

    /// A refund. Null if there is none or it is not the viewer's to see.
    async fn refund(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its ID.")] id: ID,
    ) -> Option<Result<Refund, Error>> {
        load(ctx, VisibleRefund(RefundId::parse(&id)?)).await.transpose()
    }

    /// Refunds, newest first. Requires: STAFF.
    async fn refunds(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 unless told.")] first: Option<i32>,
        #[graphql(desc = "In one of these states.")] status: Option<Vec<RefundStatus>>,
    ) -> Option<Result<Vec<Refund>, Error>> {
        Some(refunds(ctx, first, status).await)
    }

    /// Checkouts that do not get on. Requires: STAFF.
    async fn stuck_sagas(&self, ctx: &Context<'_>) -> Option<Result<Vec<CheckoutSaga>, Error>> {
        Some(stuck(ctx).await)
    }

    #[graphql(entity)]
    async fn find_cart_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Cart>, Error> {
        match CartId::parse(&id) {
            Some(id) => load(ctx, OwnCart(id)).await,
            None => Ok(None),
        }
    }

    #[graphql(entity)]
    async fn find_cart_line_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<CartLine>, Error> {
        match CartLineId::parse(&id) {
            Some(id) => load(ctx, OwnCartLine(id)).await,
            None => Ok(None),
        }
    }

    #[graphql(entity)]
    async fn find_order_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Order>, Error> {
        match OrderId::parse(&id) {
            Some(id) => load(ctx, VisibleOrder(id)).await,
            None => Ok(None),
        }
    }

    #[graphql(entity)]
    async fn find_order_by_number(&self, ctx: &Context<'_>, number: String) -> Result<Option<Order>, Error> {
        load(ctx, VisibleOrderNumber(number)).await
    }

    #[graphql(entity)]
    async fn find_vendor_order_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<VendorOrder>, Error> {
        match VendorOrderId::parse(&id) {
            Some(id) => load(ctx, VisiblePart(id)).await,
            None => Ok(None),
        }
    }

    #[graphql(entity)]
    async fn find_order_line_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<OrderLine>, Error> {
        match OrderLineId::parse(&id) {
            Some(id) => load(ctx, VisibleLine(id)).await,
            None => Ok(None),
        }
    }

    #[graphql(entity)]
    async fn find_refund_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Refund>, Error> {
        match RefundId::parse(&id) {
            Some(id) => load(ctx, VisibleRefund(id)).await,
            None => Ok(None),
        }
    }

    #[graphql(entity)]
    async fn find_customer_by_id(&self, id: ID) -> Option<Customer> {
        CustomerId::parse(&id).map(|id| Customer { id })
    }

    #[graphql(entity)]
    async fn find_vendor_by_id(&self, id: ID) -> Option<Vendor> {
        VendorId::parse(&id).map(|id| Vendor { id })
    }
}

async fn order(
    ctx: &Context<'_>,
    id: Option<ID>,
    number: Option<String>,
    token: Option<String>,
) -> Result<Option<Order>, Error> {
    let id = match (id, &number) {
        (Some(id), _) => match OrderId::parse(&id) {
            None => return Ok(None),
            known => known,
        },
        (None, Some(_)) => None,
        (None, None) => return Err(Error::BadInput("id or number is required".to_owned())),
    };
    if let Some(token) = token
        && let Some(order) = guest_access::order(deps(ctx), id, number.as_deref(), &token).await?
    {
        ctx.data_unchecked::<Batch<Reader>>().loader().show(order);
    }
    match id {
        Some(id) => load(ctx, VisibleOrder(id)).await,
        None => load(ctx, VisibleOrderNumber(number.unwrap_or_default())).await,
    }
}

async fn refunds(
    ctx: &Context<'_>,
    first: Option<i32>,
    status: Option<Vec<RefundStatus>>,
) -> Result<Vec<Refund>, Error> {
    viewer(ctx).require_staff()?;
    let first = first.unwrap_or(20);
    if !(1..=100).contains(&first) {
        return Err(Error::BadInput("first must be 1..100".to_owned()));
    }
    let names: Option<Vec<String>> =
        status.map(|all| all.into_iter().map(|s| s.as_str().to_owned()).collect());
    let rows = store::refunds::list(deps(ctx).db.pool(), names.as_deref(), first.into()).await?;
    Ok(rows.into_iter().map(Refund).collect())
}

async fn stuck(ctx: &Context<'_>) -> Result<Vec<CheckoutSaga>, Error> {
    viewer(ctx).require_staff()?;
    Ok(store::sagas::stuck(deps(ctx).db.pool())
        .await?
        .into_iter()
        .map(CheckoutSaga)
        .collect())
}
