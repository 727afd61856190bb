//! Root of all queries, and the entities the router asks for.

use super::{
    app,
    ledger::LedgerEntry,
    load,
    order::{KnownTotals, Order},
    stubs::{Customer, Refund, Vendor, VendorOrder},
};
use crate::{
    domain::coupon::{CouponRow, normal},
    provider::PaymentProvider,
    store::{
        coupons, ledger,
        payments::{self, Payment},
        redemptions::RedemptionRow,
        refunds::PaymentRefundRow,
    },
};
use async_graphql::{Context, ID, Object};
use platform::{
    Country, Currency, Error,
    ids::{
        CouponId, CouponRedemptionId, CustomerId, OrderId, PaymentId, PaymentRefundId, RefundId, VendorId,
        VendorOrderId,
    },
    page::PageArgs,
    viewer::viewer,
};

/// Root of all queries.
pub struct Query;

#[Object]
impl Query {
    /// A payment of the viewer's own, or any for staff.
    async fn payment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the payment.")] id: ID,
    ) -> Option<Result<Payment, Error>> {
        load(ctx, PaymentId::parse(&id)?).await.transpose()
    }

    /// What can be paid with.
    async fn payment_providers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Currency of the order.")] currency: Currency,
        #[graphql(desc = "Country of the payer; makes no difference to the providers there are.")]
        country: Option<Country>,
    ) -> Vec<PaymentProvider> {
        let _ = (currency, country);
        let stripe = app(ctx).stripe.as_ref().map(|_| PaymentProvider::Stripe);
        stripe.into_iter().chain([PaymentProvider::Manual]).collect()
    }

    /// A coupon by its ID or code; vendors see their own. Requires: STAFF or VENDOR.
    async fn coupon(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the coupon.")] id: Option<ID>,
        #[graphql(desc = "Its code, if no ID is given.")] code: Option<String>,
    ) -> Option<Result<CouponRow, Error>> {
        let viewer = viewer(ctx);
        if let Err(error) = viewer.require_vendor_or_staff() {
            return Some(Err(error));
        }
        let pool = app(ctx).deps.db.pool();
        let found = match (id, code) {
            (Some(id), _) => coupons::by_ids(pool, &[CouponId::parse(&id)?]).await,
            (None, Some(code)) => coupons::by_codes(pool, &[normal(&code)?]).await,
            (None, None) => return Some(Err(Error::BadInput("id or code must be given".to_owned()))),
        };
        let managed = |coupon: &CouponRow| {
            viewer.is_staff() || coupon.vendor_id.is_some_and(|vendor| viewer.is_member(vendor))
        };
        let found = found
            .map(|mut rows| rows.pop().filter(managed))
            .map_err(Error::from);
        found.transpose()
    }

    /// Coupons, newest first; vendors see their own. Requires: STAFF or VENDOR.
    async fn coupons(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "ID of the last coupon of the page before.")] after: Option<String>,
    ) -> Option<Result<Vec<CouponRow>, Error>> {
        if let Err(error) = viewer(ctx).require_vendor_or_staff() {
            return Some(Err(error));
        }
        let limit = match PageArgs::<i32>::new(first, None) {
            Ok(args) => args.limit() - 1,
            Err(error) => return Some(Err(error)),
        };
        let after = match after.map(|id| CouponId::parse(&id)) {
            None => None,
            Some(Some(id)) => Some(id),
            Some(None) => return Some(Err(Error::BadInput("after is not the ID of a coupon".to_owned()))),
        };
        let rows = coupons::page(app(ctx).deps.db.pool(), viewer(ctx), after, limit).await;
        Some(rows.map_err(Error::from))
    }

    /// Payments whose provider says what does not fit, oldest first, at most 100. Requires: STAFF.
    async fn unresolved_payments(&self, ctx: &Context<'_>) -> Option<Result<Vec<Payment>, Error>> {
        if let Err(error) = viewer(ctx).require_staff() {
            return Some(Err(error));
        }
        Some(
            payments::unresolved(app(ctx).deps.db.pool())
                .await
                .map_err(Error::from),
        )
    }

    /// Debits and credits of every account: their sums are equal. Requires: ADMIN.
    async fn ledger_trial_balance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Each currency has its own books.")] currency: Currency,
    ) -> Option<Result<Vec<LedgerEntry>, Error>> {
        if let Err(error) = viewer(ctx).require_admin() {
            return Some(Err(error));
        }
        let rows = ledger::trial_balance(app(ctx).deps.db.pool(), currency)
            .await
            .map_err(Error::from);
        let entry = |(account, debit, credit, at)| LedgerEntry::sums(currency, account, debit, credit, at);
        Some(rows.map(|rows| rows.into_iter().map(entry).collect()))
    }

    #[graphql(entity)]
    async fn find_payment_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Payment>, Error> {
        match PaymentId::parse(&id) {
            Some(id) => load(ctx, id).await,
            None => Ok(None),
        }
    }

    #[graphql(entity)]
    async fn find_payment_refund_by_id(
        &self,
        ctx: &Context<'_>,
        id: ID,
    ) -> Result<Option<PaymentRefundRow>, Error> {
        match PaymentRefundId::parse(&id) {
            Some(id) => load(ctx, id).await,
            None => Ok(None),
        }
    }

    #[graphql(entity)]
    async fn find_coupon_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<CouponRow>, Error> {
        match CouponId::parse(&id) {
            Some(id) => load(ctx, id).await,
            None => Ok(None),
        }
    }

    #[graphql(entity)]
    async fn find_redemption_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<RedemptionRow>, Error> {
        match CouponRedemptionId::parse(&id) {
            Some(id) => load(ctx, id).await,
            None => Ok(None),
        }
    }

    #[graphql(entity)]
    async fn find_order_by_id(&self, #[graphql(key)] id: ID, totals: Option<KnownTotals>) -> Option<Order> {
        Some(Order::with(OrderId::parse(&id)?, totals))
    }

    #[graphql(entity)]
    async fn find_refund_by_id(&self, id: ID) -> Option<Refund> {
        Some(Refund {
            id: RefundId::parse(&id)?,
        })
    }

    #[graphql(entity)]
    async fn find_vendor_order_by_id(&self, id: ID) -> Option<VendorOrder> {
        Some(VendorOrder {
            id: VendorOrderId::parse(&id)?,
        })
    }

    #[graphql(entity)]
    async fn find_customer_by_id(&self, id: ID) -> Option<Customer> {
        Some(Customer {
            id: CustomerId::parse(&id)?,
        })
    }

    #[graphql(entity)]
    async fn find_vendor_by_id(&self, id: ID) -> Option<Vendor> {
        Some(Vendor {
            id: VendorId::parse(&id)?,
        })
    }
}
