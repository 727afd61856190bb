//! Steps about what is sold: is it for sale, is it there, what does it cost.

use super::{Driver, Verdict};
use crate::{
    actions::quoting::{self, Ask},
    domain::saga::{Refusal, Saga, SagaKind, Step},
    error::infallible,
    store,
};
use chrono::{Duration, Utc};
use contracts::{
    inventory::{ReserveReply, ReserveStock, SecureStock, StockLine},
    users::GetVendors,
};
use platform::{Error, ids::CartLineId};
use std::collections::HashMap;

/// A reservation outlives the time to pay by so much; what is paid later is reserved again or paid back.
const RESERVATION_GRACE: Duration = Duration::seconds(60);

impl Driver<'_> {
    /// Everything is still sold, and by somebody who may sell.
    pub(super) async fn validate(&self, saga: &mut Saga) -> Result<Verdict, Error> {
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

    pub(super) async fn reserve(&self, saga: &Saga) -> Result<Verdict, Error> {
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

    pub(super) async fn price(&self, saga: &mut Saga) -> Result<Verdict, Error> {
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

    pub(super) async fn secure(&self, saga: &mut Saga) -> Result<Verdict, Error> {
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
