//! The steps that ask other services. Each sends commands that may be sent again.

use super::{Driver, Verdict};
use crate::{
    actions::quoting::{self, Ask},
    domain::saga::{Refusal, Saga, SagaKind, Step},
    error::infallible,
    store,
};
use chrono::{DateTime, Duration, Utc};
use contracts::{
    inventory::{CommitStock, ReleaseStock, ReserveReply, ReserveStock, SecureStock, StockLine},
    payments::{
        CancelPayment, CapturePayment, CaptureReply, CouponUse, CreatePayment, CreatePaymentReply,
        HoldCoupons, HoldCouponsReply, PaymentInfo, PaymentState, RedeemCoupons, ReleaseCoupons, SyncPayment,
        VendorShare,
    },
    shipping::ImportDelivery,
    users::{GetVendors, HoldPoints, HoldPointsReply, RedeemPoints, ReleasePoints},
};
use platform::{Command, Error, ids::CartLineId};
use std::collections::HashMap;

/// A reservation outlives the time to pay by so much; what is paid later is reserved again or paid back.
const RESERVATION_GRACE: Duration = Duration::seconds(60);

/// The money is there.
pub(super) fn is_paid(payment: &PaymentInfo) -> bool {
    matches!(
        payment.status,
        PaymentState::Authorized | PaymentState::PartiallyCaptured | PaymentState::Captured
    )
}

impl Driver<'_> {
    async fn ask<C: Command>(&self, command: &C) -> Result<C::Reply, Error> {
        Ok(self.deps.commands.call_at(self.moment, command).await?)
    }

    pub(super) async fn execute(&mut self, saga: &mut Saga, step: Step) -> Result<Verdict, Error> {
        let order = saga.order_id;
        match step {
            Step::LockCart | Step::CreateOrder | Step::Confirm | Step::Open => Ok(Verdict::Done),
            Step::Validate => self.validate(saga).await,
            Step::Reserve => self.reserve(saga).await,
            Step::Price => self.price(saga).await,
            Step::HoldCoupons => self.hold_coupons(saga).await,
            Step::HoldPoints => self.hold_points(saga).await,
            Step::CreatePayment => self.create_payment(saga).await,
            Step::AwaitPayment => self.await_payment(saga).await,
            Step::Secure => self.secure(saga).await,
            Step::Commit => self.ask(&CommitStock { order }).await.map(|_| Verdict::Done),
            Step::RedeemCoupons => self.ask(&RedeemCoupons { order }).await.map(|_| Verdict::Done),
            Step::RedeemPoints => self.ask(&RedeemPoints { order }).await.map(|_| Verdict::Done),
            Step::Capture => self.capture(saga).await,
            Step::Deliver => self.deliver(saga).await,
        }
    }

    pub(super) async fn undo(&self, saga: &Saga, step: Step) -> Result<(), Error> {
        let order = saga.order_id;
        match step {
            Step::CreatePayment => {
                let reason = saga.failure.as_ref().map_or_else(String::new, Refusal::reason);
                self.ask(&CancelPayment { order, reason }).await?;
            }
            Step::HoldPoints if saga.plan.points > 0 => {
                self.ask(&ReleasePoints { order }).await?;
            }
            Step::HoldCoupons if !saga.plan.coupons.is_empty() => {
                self.ask(&ReleaseCoupons { order }).await?;
            }
            // What was not paid in time is given back by the reservation's own end, so that late money still finds it.
            Step::Reserve if !matches!(saga.failure, Some(Refusal::Expired)) => {
                self.ask(&ReleaseStock { order }).await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Everything is still sold, and by somebody who may sell.
    async fn validate(&self, saga: &mut Saga) -> Result<Verdict, Error> {
        let plan = &mut saga.plan;
        let ids = plan.lines.iter().map(|line| line.variant);
        let infos = quoting::variants(self.deps, ids, plan.currency, plan.tier.as_deref()).await?;
        let vendors = self
            .ask(&GetVendors {
                ids: plan.vendors.iter().map(|part| part.vendor).collect(),
            })
            .await?;
        for line in &plan.lines {
            let sold = infos
                .get(&line.variant)
                .is_some_and(|info| info.purchasable && !info.prices.is_empty());
            if !sold {
                return Ok(Verdict::Refused(Refusal::Unavailable {
                    reason: "an item is not sold any more".to_owned(),
                }));
            }
        }
        for part in &mut plan.vendors {
            let vendor = vendors.iter().find(|vendor| vendor.id == part.vendor);
            part.return_days = part
                .return_days
                .or(vendor.map(|vendor| vendor.return_policy_days));
            if !vendor.is_some_and(|vendor| vendor.approved) {
                return Ok(Verdict::Refused(Refusal::Unavailable {
                    reason: "a vendor does not sell at present".to_owned(),
                }));
            }
        }
        plan.variants = plan
            .lines
            .iter()
            .filter_map(|line| infos.get(&line.variant).cloned())
            .collect();
        Ok(Verdict::Done)
    }

    async fn reserve(&self, saga: &Saga) -> Result<Verdict, Error> {
        let lines = match saga.kind {
            SagaKind::Checkout => saga
                .plan
                .lines
                .iter()
                .map(|line| StockLine {
                    line: line.order_line,
                    variant: line.variant,
                    quantity: line.quantity,
                })
                .collect(),
            SagaKind::Import => store::lines::of_orders(self.deps.db.pool(), &[saga.order_id])
                .await?
                .iter()
                .map(|line| StockLine {
                    line: line.id,
                    variant: line.variant_id,
                    quantity: line.quantity,
                })
                .collect(),
        };
        let command = ReserveStock {
            order: saga.order_id,
            lines,
            country: (saga.kind == SagaKind::Checkout).then_some(saga.plan.shipping_address.country),
            expires_at: saga.deadline.unwrap_or_else(|| Utc::now() + Duration::hours(1)) + RESERVATION_GRACE,
        };
        Ok(stock(self.ask(&command).await?))
    }

    async fn price(&self, saga: &mut Saga) -> Result<Verdict, Error> {
        let plan = &saga.plan;
        let infos: HashMap<_, _> = plan.variants.iter().map(|info| (info.id, info.clone())).collect();
        let ask = Ask {
            customer: saga.customer_id,
            tier: plan.tier.as_deref(),
            currency: plan.currency,
            lines: plan
                .lines
                .iter()
                .map(|line| (line.cart_line, line.variant, line.quantity))
                .collect::<Vec<(CartLineId, _, _)>>(),
            variants: &infos,
            coupons: &plan.coupons,
            points: plan.points,
            deliveries: plan
                .vendors
                .iter()
                .filter_map(|part| part.method.map(|method| (part.vendor, method)))
                .collect(),
            address: Some(&plan.shipping_address),
        };
        let priced = match quoting::price(self.deps, &ask).await {
            Ok(priced) => priced,
            Err(platform::Fault::User(error)) => {
                return Ok(Verdict::Refused(Refusal::Unavailable {
                    reason: format!("{error:?}"),
                }));
            }
            Err(fault) => return Err(infallible(fault)),
        };
        if !priced.undeliverable.is_empty() {
            return Ok(Verdict::Refused(Refusal::Unavailable {
                reason: "choose a delivery for every vendor".to_owned(),
            }));
        }
        if priced.quote.hash() == plan.quote_hash {
            saga.plan.quote = Some(priced.quote);
            return Ok(Verdict::Done);
        }
        if let Some(unused) = priced.unused.first() {
            return Ok(Verdict::Refused(Refusal::CouponRejected {
                code: unused.code.clone(),
                reason: unused.reason.to_owned(),
            }));
        }
        let Some(cart) = saga.cart_id else {
            return Err(Error::internal(anyhow::anyhow!("a checkout without a cart")));
        };
        let quote = store::quotes::insert(self.deps.db.pool(), cart, &priced.quote).await?;
        Ok(Verdict::Refused(Refusal::PriceChanged {
            quote,
            previous: plan.quoted_total,
            new: priced.quote.totals.total,
        }))
    }

    async fn hold_coupons(&self, saga: &Saga) -> Result<Verdict, Error> {
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

    async fn hold_points(&self, saga: &Saga) -> Result<Verdict, Error> {
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

    async fn create_payment(&mut self, saga: &mut Saga) -> Result<Verdict, Error> {
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

    async fn await_payment(&mut self, saga: &mut Saga) -> Result<Verdict, Error> {
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

    async fn secure(&self, saga: &mut Saga) -> Result<Verdict, Error> {
        if saga.plan.late {
            // Coupons and points were given back when the order expired.
            for step in [Step::HoldCoupons, Step::HoldPoints]
                .into_iter()
                .filter(|step| step.applies(saga.kind, &saga.plan))
            {
                let held = if step == Step::HoldCoupons {
                    self.hold_coupons(saga).await?
                } else {
                    self.hold_points(saga).await?
                };
                if !matches!(held, Verdict::Done) {
                    return Ok(held);
                }
            }
        }
        // The last moment in which a vendor or a product that is gone can stop the sale.
        if saga.kind == SagaKind::Checkout
            && let Verdict::Refused(gone) = self.validate(saga).await?
        {
            return Ok(Verdict::Refused(gone));
        }
        Ok(stock(self.ask(&SecureStock { order: saga.order_id }).await?))
    }

    async fn capture(&self, saga: &mut Saga) -> Result<Verdict, Error> {
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

    async fn deliver(&self, saga: &Saga) -> Result<Verdict, Error> {
        let at = saga.plan.placed_at.unwrap_or_else(Utc::now);
        for part in &saga.plan.vendors {
            self.ask(&ImportDelivery {
                vendor_order: part.vendor_order,
                shipped_at: at + Duration::days(1),
                delivered_at: at + Duration::days(3),
            })
            .await?;
        }
        Ok(Verdict::Done)
    }
}

fn stock(reply: ReserveReply) -> Verdict {
    match reply {
        ReserveReply::Reserved { .. } => Verdict::Done,
        ReserveReply::Insufficient {
            variant,
            available,
            requested,
        } => Verdict::Refused(Refusal::InsufficientStock {
            variant,
            available,
            requested,
        }),
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
