//! Entities of other services, with what this service adds to them.

use super::{
    ledger::{CommissionRule, LedgerEntry, VendorBalance},
    load_many,
    loaders::MovementsOf,
    vendor_loaders::{AvailableTo, BalancesOf, CouponsOf, EntriesOf, RulesOf},
};
use crate::{domain::coupon::CouponRow, store::refunds::PaymentRefundRow};
use async_graphql::{ComplexObject, Context, SimpleObject};
use platform::{
    Error,
    ids::{CustomerId, RefundId, VendorId, VendorOrderId},
    viewer::viewer,
};

/// The decision to send money back, of the orders service.
#[derive(Clone, SimpleObject)]
#[graphql(complex)]
pub struct Refund {
    /// Opaque ID.
    pub id: RefundId,
}

#[ComplexObject]
impl Refund {
    /// How the money moves, oldest first. The payer and staff see it.
    async fn transactions(&self, ctx: &Context<'_>) -> Option<Result<Vec<PaymentRefundRow>, Error>> {
        Some(load_many(ctx, MovementsOf(self.id)).await)
    }
}

/// One vendor's part of an order, of the orders service.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct VendorOrder {
    /// Opaque ID.
    pub id: VendorOrderId,
}

#[ComplexObject]
impl VendorOrder {
    /// What was booked for it, oldest first. Requires: VENDOR or STAFF.
    async fn ledger_entries(&self, ctx: &Context<'_>) -> Option<Result<Vec<LedgerEntry>, Error>> {
        if let Err(error) = viewer(ctx).require_vendor_or_staff() {
            return Some(Err(error));
        }
        let rows = load_many(ctx, EntriesOf(self.id)).await;
        Some(rows.map(|rows| rows.into_iter().map(LedgerEntry::from).collect()))
    }
}

/// The shopping persona, of the users service.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Customer {
    /// Opaque ID.
    pub id: CustomerId,
}

#[ComplexObject]
impl Customer {
    /// Coupons this customer could use now, those that end first first. Visible to themself and to staff.
    async fn available_coupons(&self, ctx: &Context<'_>) -> Option<Result<Vec<CouponRow>, Error>> {
        if !viewer(ctx).acts_for(self.id) {
            return None;
        }
        Some(load_many(ctx, AvailableTo(self.id)).await)
    }
}

/// A vendor, of the users service.
#[derive(Clone, SimpleObject)]
#[graphql(complex)]
pub struct Vendor {
    /// Opaque ID.
    pub id: VendorId,
}

#[ComplexObject]
impl Vendor {
    /// What it has earned, by currency. Requires: VENDOR or STAFF.
    async fn balances(&self, ctx: &Context<'_>) -> Option<Result<Vec<VendorBalance>, Error>> {
        if let Err(error) = viewer(ctx).require_manages(self.id) {
            return Some(Err(error));
        }
        let rows = load_many(ctx, BalancesOf(self.id)).await;
        Some(rows.map(|rows| rows.into_iter().map(VendorBalance::from).collect()))
    }

    /// Rates of commission that apply or will apply to it, newest first. Requires: VENDOR or STAFF.
    async fn commission_rules(&self, ctx: &Context<'_>) -> Option<Result<Vec<CommissionRule>, Error>> {
        if let Err(error) = viewer(ctx).require_manages(self.id) {
            return Some(Err(error));
        }
        let rows = load_many(ctx, RulesOf(self.id)).await;
        Some(rows.map(|rows| rows.into_iter().map(CommissionRule::from).collect()))
    }

    /// Coupons it pays for, newest first. Requires: VENDOR or STAFF.
    async fn coupons(&self, ctx: &Context<'_>) -> Option<Result<Vec<CouponRow>, Error>> {
        if let Err(error) = viewer(ctx).require_manages(self.id) {
            return Some(Err(error));
        }
        Some(load_many(ctx, CouponsOf(self.id)).await)
    }
}
