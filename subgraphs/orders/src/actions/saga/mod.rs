//! Drives sagas: one step, its record, the next step. A process that dies leaves a lease that runs out; whoever claims
//! the saga then repeats at most one step, and every step can be repeated.

mod local;
mod remote;

pub use local::insert_order;
pub use remote::payment_command;

use crate::{
    Settings,
    actions::{crash, merge, transitions},
    domain::saga::{Owner, Refusal, STUCK_AFTER, Saga, SagaKind, SagaStatus, Step, backoff_seconds},
    error::infallible,
    store::{
        self,
        sagas::{LEASE_SECONDS, StepRow},
    },
};
use chrono::{DateTime, Utc};
use contracts::payments::PaymentInfo;
use platform::{Deps, Error, Moment, ids::SagaId};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A step is given up, outcome unknown, before the lease can run out under it.
const STEP_TIMEOUT: Duration = Duration::from_secs(LEASE_SECONDS as u64 - 2);

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
    journal: Vec<StepRow>,
    recorded: Instant,
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
                Err(error) => return self.failed(saga, step, error.describe()).await,
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
        advance(&mut next, step, refusal.clone());
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
        let fresh = self.recorded.elapsed() < Duration::from_secs(2);
        if saga.kind == SagaKind::Import && !local && !ended && fresh && state == "DONE" {
            // An import's commands are cheap to repeat, a commit is not: the journal follows with the next local step.
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
        store::sagas::release(self.deps.db.pool(), &saga, self.owner, seconds).await?;
        Ok((saga, self.payment))
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
        store::sagas::release(self.deps.db.pool(), &saga, self.owner, seconds).await?;
        Ok((saga, self.payment))
    }
}

/// Where the saga is after this step.
fn advance(saga: &mut Saga, step: Step, refusal: Option<Refusal>) {
    (saga.attempts, saga.last_error) = (0, None);
    let undo = match (saga.status, refusal) {
        (SagaStatus::Compensating, _) => Some(step.undo_next()),
        (_, Some(refusal)) => {
            saga.failure = Some(refusal);
            saga.status = SagaStatus::Compensating;
            Some(Some(step.undo_from()))
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

/// Claims a saga and drives it. `None`: it is over, or somebody drives it.
pub async fn run(
    deps: &Deps,
    settings: &Settings,
    id: SagaId,
) -> Result<Option<(Saga, Option<PaymentInfo>)>, Error> {
    let owner = Owner(Uuid::now_v7());
    match store::sagas::claim(deps.db.pool(), id, owner).await? {
        Some(saga) => Driver::new(deps, settings, owner).drive(saga).await.map(Some),
        None => Ok(None),
    }
}

/// Drives one saga that is due. True: there may be more.
async fn step(deps: &Deps, settings: &Settings) -> Result<bool, Error> {
    let owner = Owner(Uuid::now_v7());
    let Some(saga) = store::sagas::claim_due(deps.db.pool(), owner).await? else {
        return Ok(false);
    };
    Driver::new(deps, settings, owner).drive(saga).await?;
    Ok(true)
}

/// Resumes every saga that is due, woken by payments or once a second.
pub async fn worker(deps: Deps, settings: Settings, stop: CancellationToken) {
    let wake = Notify::new();
    let listen = async {
        let mut follower = deps.live.follow(transitions::SAGA, None);
        loop {
            follower.changed().await;
            wake.notify_one();
        }
    };
    let work = platform::worker::run("sagas", &stop, &wake, Duration::from_secs(1), || {
        step(&deps, &settings)
    });
    // A second hand, so that one slow saga does not hold up the others.
    let other = Notify::new();
    let more = platform::worker::run("sagas", &stop, &other, Duration::from_secs(1), || {
        step(&deps, &settings)
    });
    tokio::select! {
        () = listen => {}
        ((), ()) = async { tokio::join!(work, more) } => {}
    }
}
