//! Steps about what it is paid with: coupons, points, the payment.

use super::{Driver, Verdict};
use crate::domain::saga::{Refusal, Saga};
use chrono::{DateTime, Duration, Utc};
use contracts::{
    payments::{
        CapturePayment, CaptureReply, CouponUse, CreatePayment, CreatePaymentReply, HoldCoupons,
        HoldCouponsReply, PaymentInfo, PaymentState, SyncPayment, VendorShare,
    },
    users::{HoldPoints, HoldPointsReply},
};
use platform::Error;

/// The money is there.
pub(super) fn is_paid(payment: &PaymentInfo) -> bool {
    matches!(
        payment.status,
        PaymentState::Authorized | PaymentState::PartiallyCaptured | PaymentState::Captured
    )
}

impl Driver<'_> {
    pub(super) async fn hold_coupons(&self, saga: &Saga) -> Result<Verdict, Error> {
        let coupons = saga
            .plan
            .quote
            .iter()
            .flat_map(|quote| &quote.coupons)
            .map(|used| CouponUse {
                coupon: used.coupon,
                amount: used.amount,
            })
            .collect();
        let command = HoldCoupons {
            order: saga.order_id,
            customer: saga.customer_id,
            currency: saga.plan.currency,
            coupons,
        };
        Ok(match self.ask(&command).await? {
            HoldCouponsReply::Held => Verdict::Done,
            HoldCouponsReply::Rejected { code, reason } => {
                Verdict::Refused(Refusal::CouponRejected { code, reason })
            }
        })
    }

    pub(super) async fn hold_points(&self, saga: &Saga) -> Result<Verdict, Error> {
        let points = saga.plan.quote.as_ref().map_or(0, |quote| quote.points);
        let command = HoldPoints {
            order: saga.order_id,
            customer: saga.customer_id,
            points,
        };
        Ok(match self.ask(&command).await? {
            HoldPointsReply::Held => Verdict::Done,
            HoldPointsReply::Insufficient { available } => {
                Verdict::Refused(Refusal::TooFewPoints { available })
            }
        })
    }

    pub(super) async fn create_payment(&mut self, saga: &mut Saga) -> Result<Verdict, Error> {
        let Some(command) = payment_command(saga) else {
            return Ok(Verdict::Done);
        };
        match self.ask(&command).await? {
            CreatePaymentReply::Created(payment) => {
                self.payment = Some(payment);
                Ok(Verdict::Done)
            }
            // A later try that is refused leaves the order as it is: another one may work.
            CreatePaymentReply::Refused { reason } if saga.plan.attempt > 1 => {
                saga.last_error = Some(reason);
                Ok(Verdict::Done)
            }
            CreatePaymentReply::Refused { reason } => {
                Ok(Verdict::Refused(Refusal::PaymentRefused { reason }))
            }
        }
    }

    pub(super) async fn await_payment(&mut self, saga: &mut Saga) -> Result<Verdict, Error> {
        let now: DateTime<Utc> = Utc::now();
        let left = saga
            .deadline
            .map_or(0, |deadline| (deadline - now).num_seconds() + 1);
        // Just created and not paid at once: nothing to ask for yet.
        if self.payment.as_ref().is_some_and(|payment| !is_paid(payment)) && left > 0 {
            return Ok(Verdict::Wait(left.min(30)));
        }
        let payment = self.ask(&SyncPayment { order: saga.order_id }).await?;
        match payment {
            Some(payment) if is_paid(&payment) => Ok(Verdict::Done),
            _ if left <= 0 => Ok(Verdict::Refused(Refusal::Expired)),
            payment => {
                saga.last_error = payment
                    .filter(|p| {
                        matches!(
                            p.status,
                            PaymentState::Failed | PaymentState::Expired | PaymentState::Voided
                        )
                    })
                    .map(|p| format!("payment {:?}", p.status).to_uppercase());
                Ok(Verdict::Wait(left.min(30)))
            }
        }
    }

    pub(super) async fn capture(&self, saga: &mut Saga) -> Result<Verdict, Error> {
        match self
            .ask(&CapturePayment {
                order: saga.order_id,
                shares: shares(saga),
            })
            .await?
        {
            CaptureReply::Captured { commissions } => {
                saga.plan.commissions = commissions;
                Ok(Verdict::Done)
            }
            CaptureReply::Pending => Ok(Verdict::Wait(2)),
            CaptureReply::Failed { reason } => {
                self.hold_order(saga, &reason).await?;
                Ok(Verdict::Again(reason))
            }
        }
    }
}

/// The payment of the saga's current try; `None` where nothing is to be paid.
pub fn payment_command(saga: &Saga) -> Option<CreatePayment> {
    let quote = saga.plan.quote.as_ref().filter(|quote| quote.totals.total > 0)?;
    Some(CreatePayment {
        order: saga.order_id,
        order_number: saga.plan.order_number.clone().unwrap_or_default(),
        attempt: saga.plan.attempt,
        customer: saga.customer_id,
        provider: saga.plan.provider.clone(),
        amount: quote.totals.total,
        currency: quote.currency,
        saved_method: saga.plan.saved_method,
        return_url: saga.plan.return_url.clone(),
        expires_at: saga.deadline.unwrap_or_else(|| Utc::now() + Duration::hours(1)),
    })
}

/// The vendors' shares, before tax: what prices contain of it is taken out of the subtotal, so that everywhere
/// total = subtotal - discounts - loyalty + shipping + tax.
fn shares(saga: &Saga) -> Vec<VendorShare> {
    let parts = saga.plan.quote.iter().flat_map(|quote| &quote.vendors);
    parts
        .filter_map(|part| {
            Some(VendorShare {
                vendor_order: saga.vendor_order(part.vendor)?,
                vendor: part.vendor,
                subtotal: part.sums.subtotal - part.tax_included,
                platform_discount: part.platform_discount,
                vendor_discount: part.vendor_discount,
                loyalty: part.sums.loyalty,
                shipping: part.sums.shipping,
                tax: part.sums.tax,
                total: part.sums.total,
            })
        })
        .collect()
}
