//! Drives sagas: a step, the next step, and their record with the next change of this database. A process that dies leaves
//! a lease that runs out; whoever claims the saga then repeats the steps since the last record, and every step can be
//! repeated.

mod goods;
mod local;
mod money;
mod remote;
mod run;

pub use local::insert_order;
pub use money::payment_command;
pub use run::{run, worker};

use crate::{
    Settings,
    actions::{crash, merge},
    domain::saga::{Owner, Refusal, STUCK_AFTER, Saga, SagaStatus, Step, backoff_seconds},
    error::infallible,
    store::{
        self,
        sagas::{LEASE_SECONDS, StepRow},
    },
};
use chrono::{DateTime, Utc};
use contracts::payments::PaymentInfo;
use platform::{Deps, Error, Moment};
use std::time::{Duration, Instant};

/// A step is given up, outcome unknown, before the lease can run out under it.
const STEP_TIMEOUT: Duration = Duration::from_secs(LEASE_SECONDS as u64 - 2);

/// Steps that are done are written down with the next local step, and at the latest after this: with the step that is
/// under way then, the lease is not over yet.
const WRITE_DOWN_AFTER: Duration = Duration::from_secs(2);

/// What became of a step.
#[derive(Debug)]
enum Verdict {
    Done,
    /// A business refusal: before the pivot everything is undone.
    Refused(Refusal),
    /// Nothing to do for so many seconds.
    Wait(i64),
    /// Refused after the pivot: only trying again helps.
    Again(String),
}

/// Runs sagas in this process.
pub struct Driver<'a> {
    deps: &'a Deps,
    settings: &'a Settings,
    owner: Owner,
    moment: Moment,
    payment: Option<PaymentInfo>,
    /// Steps that are done and not yet written down.
    journal: Vec<StepRow>,
    recorded: Instant,
    /// Somebody drove the saga before: steps may have been done that nobody wrote down.
    resumed: bool,
}

impl<'a> Driver<'a> {
    /// `owner` holds the lease of the sagas that are driven.
    pub fn new(deps: &'a Deps, settings: &'a Settings, owner: Owner) -> Self {
        Self {
            deps,
            settings,
            owner,
            moment: Moment::LIVE,
            payment: None,
            journal: Vec::new(),
            recorded: Instant::now(),
            resumed: false,
        }
    }

    /// The same for sagas that somebody drove before.
    fn resuming(deps: &'a Deps, settings: &'a Settings, owner: Owner) -> Self {
        Self {
            resumed: true,
            ..Self::new(deps, settings, owner)
        }
    }

    /// Drives until the saga waits, ends or fails, then lets go of it. Returns it with the payment, if one was made.
    pub async fn drive(mut self, mut saga: Saga) -> Result<(Saga, Option<PaymentInfo>), Error> {
        if let Some(at) = saga.plan.placed_at {
            self.moment = Moment::imported(at);
        }
        loop {
            let Some(step) = saga.step() else {
                tracing::error!(saga = %saga.id, step = saga.step, "unknown step");
                return self.rest(saga, 60).await;
            };
            let started = Utc::now();
            let undoing = saga.status == SagaStatus::Compensating;
            let work = async {
                if undoing {
                    self.undo(&saga, step).await.map(|()| Verdict::Done)
                } else {
                    self.execute(&mut saga, step).await
                }
            };
            let verdict = match tokio::time::timeout(STEP_TIMEOUT, work).await {
                Ok(verdict) => verdict,
                Err(_) => Err(Error::unavailable(anyhow::anyhow!(
                    "{} took too long",
                    step.name()
                ))),
            };
            let verdict = match verdict {
                Ok(Verdict::Wait(seconds)) => return self.rest(saga, seconds).await,
                Ok(Verdict::Again(reason)) => return self.failed(saga, step, reason).await,
                Ok(verdict) => verdict,
                Err(error) => return self.failed(saga, step, error.describe()).await,
            };
            if undoing {
                crash::point(self.settings, &format!("saga.compensate.{}", step.name()));
            } else {
                crash::point(self.settings, &format!("saga.{}.done", step.name()));
            }
            let name = step.name();
            match self.record(&mut saga, step, verdict, started).await {
                Ok(true) => crash::point(self.settings, &format!("saga.{name}.recorded")),
                Ok(false) => return Ok((saga, self.payment)),
                Err(error) => {
                    // Perhaps it is written down: what stands there stays.
                    self.journal.clear();
                    return self.failed(saga, step, error.describe()).await;
                }
            }
            if matches!(saga.status, SagaStatus::Completed | SagaStatus::Compensated) {
                return Ok((saga, self.payment));
            }
        }
    }

    /// Moves the saga on and writes it down, together with what the step does in this database. False: the lease is lost.
    async fn record(
        &mut self,
        saga: &mut Saga,
        step: Step,
        verdict: Verdict,
        started: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let undoing = saga.status == SagaStatus::Compensating;
        let mut next = saga.clone();
        let refusal = if let Verdict::Refused(refusal) = &verdict {
            Some(refusal.clone())
        } else {
            None
        };
        let state = match (&refusal, undoing) {
            (Some(_), _) => "REFUSED",
            (None, true) => "COMPENSATED",
            (None, false) => "DONE",
        };
        advance(&mut next, step, refusal.clone(), self.resumed);
        self.journal.push(StepRow {
            saga_id: saga.id,
            name: step.name().to_owned(),
            state: state.to_owned(),
            started_at: started,
            finished_at: Utc::now(),
            error: refusal.map(|refusal| refusal.reason()),
        });
        let local = undoing
            || matches!(
                step,
                Step::CreateOrder | Step::Confirm | Step::Open | Step::Deliver
            );
        let ended = matches!(next.status, SagaStatus::Completed | SagaStatus::Compensated);
        let fresh = self.recorded.elapsed() < WRITE_DOWN_AFTER;
        // From here on the customer may not call it off any more: that must stand written before the next step.
        let committed = step == Step::AwaitPayment;
        // A price with coupons cannot be asked for again once they are held: they would count as used.
        let priced = next.step() == Some(Step::HoldCoupons);
        if !local && !ended && !committed && !priced && fresh && state == "DONE" {
            // Commands can be repeated, and a commit costs more: the journal follows with the next local step.
            *saga = next;
            return Ok(true);
        }
        let mut tx = self.deps.db.begin(self.moment).await?;
        // The saga before the order: whoever needs both locks takes them in this order.
        if !store::sagas::hold(&mut tx, saga.id, self.owner).await? {
            tracing::warn!(saga = %saga.id, "somebody else drives the saga now");
            return Ok(false);
        }
        // What the steps so far have made in the guest's name goes to the account: they could not know.
        if let Some(customer) = store::guests::taken_over(&mut tx, saga.id).await? {
            next.customer_id = customer;
            merge::reassigned(&mut tx, customer, &[saga.order_id]).await?;
        }
        if state != "REFUSED" {
            if undoing {
                local::undo(&mut tx, saga, step).await.map_err(infallible)?;
            } else {
                local::apply(&mut tx, &mut next, step, self.settings)
                    .await
                    .map_err(infallible)?;
            }
        }
        store::sagas::advance(&mut tx, &next, self.owner).await?;
        store::sagas::journal(&mut tx, &self.journal).await?;
        tx.commit().await?;
        self.journal.clear();
        self.recorded = Instant::now();
        *saga = next;
        Ok(true)
    }

    async fn rest(self, mut saga: Saga, seconds: i64) -> Result<(Saga, Option<PaymentInfo>), Error> {
        saga.attempts = 0;
        self.let_go(&saga, seconds).await?;
        Ok((saga, self.payment))
    }

    /// Ends the lease, and writes down what is done.
    async fn let_go(&self, saga: &Saga, seconds: i64) -> Result<(), Error> {
        if self.journal.is_empty() {
            store::sagas::release(self.deps.db.pool(), saga, self.owner, seconds).await?;
            return Ok(());
        }
        let mut tx = self.deps.db.begin(self.moment).await?;
        // Somebody else's saga is not written, so neither is its journal.
        if store::sagas::advance(&mut tx, saga, self.owner).await? {
            store::sagas::journal(&mut tx, &self.journal).await?;
            store::sagas::release(&mut *tx, saga, self.owner, seconds).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Nobody knows whether the step happened: it will be done again.
    async fn failed(
        self,
        mut saga: Saga,
        step: Step,
        error: String,
    ) -> Result<(Saga, Option<PaymentInfo>), Error> {
        tracing::warn!(saga = %saga.id, step = step.name(), attempts = saga.attempts, error, "saga step failed");
        saga.attempts += 1;
        saga.last_error = Some(format!(
            "{}: {}",
            step.name(),
            error.chars().take(500).collect::<String>()
        ));
        if saga.attempts >= STUCK_AFTER && !step.before_pivot() {
            saga.status = SagaStatus::Stuck;
        }
        let seconds = backoff_seconds(saga.attempts);
        self.let_go(&saga, seconds).await?;
        Ok((saga, self.payment))
    }
}

/// Where the saga is after this step. A refusal undoes what was done; of a saga that somebody drove before, also what
/// may have been done.
fn advance(saga: &mut Saga, step: Step, refusal: Option<Refusal>, resumed: bool) {
    (saga.attempts, saga.last_error) = (0, None);
    let undo = match (saga.status, refusal) {
        (SagaStatus::Compensating, _) => Some(step.undo_next()),
        (_, Some(refusal)) => {
            saga.failure = Some(refusal);
            saga.status = SagaStatus::Compensating;
            Some(Some(step.undo_from(resumed)))
        }
        (_, None) => None,
    };
    match undo {
        Some(Some(step)) => step.name().clone_into(&mut saga.step),
        Some(None) => saga.status = SagaStatus::Compensated,
        None => match step.next(saga.kind, &saga.plan) {
            Some(next) => {
                saga.status = next.status();
                next.name().clone_into(&mut saga.step);
            }
            None => saga.status = SagaStatus::Completed,
        },
    }
}
