//! Root of all mutations.

use super::{app, coupon_input::CouponInput};
use crate::{
    actions::{coupon_admin, staff},
    domain::coupon::CouponRow,
    error::{Outcome, UserError},
    store::{payments::Payment, refunds::PaymentRefundRow},
};
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use platform::{MinorUnits, error::Split, viewer::viewer};

/// Root of all mutations.
pub struct Mutation;

/// A payment, or why it was refused.
#[derive(SimpleObject)]
pub struct PaymentPayload {
    /// The payment as it is now.
    pub payment: Option<Payment>,
    /// Why nothing, or not everything, happened.
    pub user_errors: Vec<UserError>,
}

/// A refund, or why it was refused.
#[derive(SimpleObject)]
pub struct PaymentRefundPayload {
    /// The refund as it is now.
    pub refund: Option<PaymentRefundRow>,
    /// Why nothing, or not everything, happened.
    pub user_errors: Vec<UserError>,
}

/// A coupon, or why it was refused.
#[derive(SimpleObject)]
pub struct CouponPayload {
    /// The coupon as it is now.
    pub coupon: Option<CouponRow>,
    /// Why nothing happened.
    pub user_errors: Vec<UserError>,
}

fn payment(outcome: Outcome<Payment>) -> Result<PaymentPayload> {
    let (payment, user_errors) = outcome.split()?;
    Ok(PaymentPayload { payment, user_errors })
}

fn coupon(outcome: Outcome<CouponRow>) -> Result<CouponPayload> {
    let (coupon, user_errors) = outcome.split()?;
    Ok(CouponPayload { coupon, user_errors })
}

#[Object]
impl Mutation {
    /// Takes authorized money. Errors: NOT_FOUND, INVALID_TRANSITION, PAYMENT_DECLINED. Requires: STAFF.
    async fn payment_capture(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the payment.")] id: ID,
        #[graphql(desc = "Minor units to take; the rest is released. All, if absent.")] amount: Option<
            MinorUnits,
        >,
        #[graphql(desc = "The same key and input again is the same capture.")] idempotency_key: ID,
    ) -> Option<Result<PaymentPayload>> {
        if let Err(error) = viewer(ctx).require_staff() {
            return Some(Err(error.into()));
        }
        let amount = amount.map(|amount| amount.0);
        Some(payment(
            staff::capture(app(ctx), viewer(ctx), &id, amount, &idempotency_key).await,
        ))
    }

    /// Cancels a payment of which nothing was captured. Errors: NOT_FOUND, INVALID_TRANSITION. Requires: STAFF.
    async fn payment_void(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the payment.")] id: ID,
        #[graphql(desc = "The same key and input again is the same cancellation.")] idempotency_key: ID,
    ) -> Option<Result<PaymentPayload>> {
        if let Err(error) = viewer(ctx).require_staff() {
            return Some(Err(error.into()));
        }
        Some(payment(
            staff::void(app(ctx), viewer(ctx), &id, &idempotency_key).await,
        ))
    }

    /// Asks the provider where the payment stands, for example after the payer has come back. Errors: NOT_FOUND.
    async fn payment_sync(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the payment.")] id: ID,
    ) -> Result<PaymentPayload> {
        payment(staff::sync(app(ctx), viewer(ctx), &id).await)
    }

    /// The money of a manual payment has arrived. Errors: NOT_FOUND, INVALID_TRANSITION. Requires: ADMIN.
    async fn payment_mark_paid(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the order.")] order_id: ID,
        #[graphql(
            desc = "What tells the money apart, for example the bank's reference; 1 to 200 characters."
        )]
        reference: String,
        #[graphql(desc = "The same key and input again is the same payment.")] idempotency_key: ID,
    ) -> Option<Result<PaymentPayload>> {
        if let Err(error) = viewer(ctx).require_admin() {
            return Some(Err(error.into()));
        }
        Some(payment(
            staff::mark_paid(app(ctx), viewer(ctx), &order_id, &reference, &idempotency_key).await,
        ))
    }

    /// Tries a failed refund again. Errors: NOT_FOUND, INVALID_TRANSITION, LIMIT_EXCEEDED. Requires: STAFF.
    async fn payment_refund_retry(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the payment refund.")] id: ID,
        #[graphql(desc = "The same key and input again is the same try.")] idempotency_key: ID,
    ) -> Option<Result<PaymentRefundPayload>> {
        if let Err(error) = viewer(ctx).require_staff() {
            return Some(Err(error.into()));
        }
        let outcome = staff::retry_refund(app(ctx), viewer(ctx), &id, &idempotency_key).await;
        Some(
            outcome
                .split()
                .map(|(refund, user_errors)| PaymentRefundPayload { refund, user_errors }),
        )
    }

    /// Makes a coupon; vendors make those they pay for. Errors: INVALID, CONFLICT, FORBIDDEN. Requires: STAFF or VENDOR.
    async fn coupon_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The coupon.")] input: CouponInput,
        #[graphql(desc = "The same key and input again is the same coupon.")] idempotency_key: ID,
    ) -> Option<Result<CouponPayload>> {
        if let Err(error) = viewer(ctx).require_vendor_or_staff() {
            return Some(Err(error.into()));
        }
        let outcome = match input.coupon() {
            Ok(new) => coupon_admin::create(app(ctx), viewer(ctx), new, &idempotency_key).await,
            Err(fault) => Err(fault),
        };
        Some(coupon(outcome))
    }

    /// Replaces all of a coupon but its scope and vendor. Errors: NOT_FOUND, VERSION_CONFLICT, INVALID, CONFLICT.
    /// Requires: STAFF or VENDOR.
    async fn coupon_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the coupon.")] id: ID,
        #[graphql(desc = "The coupon as it shall be.")] input: CouponInput,
        #[graphql(desc = "The version that was read.")] expected_version: i32,
    ) -> Option<Result<CouponPayload>> {
        if let Err(error) = viewer(ctx).require_vendor_or_staff() {
            return Some(Err(error.into()));
        }
        let outcome = match input.coupon() {
            Ok(new) => coupon_admin::update(app(ctx), viewer(ctx), &id, new, expected_version).await,
            Err(fault) => Err(fault),
        };
        Some(coupon(outcome))
    }

    /// Switches a coupon off for good. Errors: NOT_FOUND. Requires: STAFF or VENDOR.
    async fn coupon_deactivate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the coupon.")] id: ID,
    ) -> Option<Result<CouponPayload>> {
        if let Err(error) = viewer(ctx).require_vendor_or_staff() {
            return Some(Err(error.into()));
        }
        Some(coupon(coupon_admin::deactivate(app(ctx), viewer(ctx), &id).await))
    }
}
