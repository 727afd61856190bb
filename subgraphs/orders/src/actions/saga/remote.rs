//! The steps that ask other services. Each sends commands that may be sent again.

use super::{Driver, Verdict};
use crate::domain::saga::{Refusal, Saga, Step};
use chrono::{Duration, Utc};
use contracts::{
    inventory::{CommitStock, ReleaseStock},
    payments::{CancelPayment, RedeemCoupons, ReleaseCoupons},
    shipping::ImportDelivery,
    users::{RedeemPoints, ReleasePoints},
};
use platform::{Command, Error};

impl Driver<'_> {
    pub(super) async fn ask<C: Command>(&self, command: &C) -> Result<C::Reply, Error> {
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
