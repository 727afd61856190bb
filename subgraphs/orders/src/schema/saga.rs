//! A checkout, step by step, for staff.

use crate::{
    domain::saga::{Saga, SagaStatus},
    schema::{load_many, loaders::StepsOfSaga},
};
use async_graphql::{Context, Object, SimpleObject};
use chrono::{DateTime, Utc};
use platform::{Error, ids::SagaId};

/// The durable checkout behind an order.
#[derive(Clone, Debug)]
pub struct CheckoutSaga(pub Saga);

/// A step that was done, refused or undone.
#[derive(Clone, Debug, SimpleObject)]
pub struct SagaStep {
    /// Its name.
    pub name: String,
    /// DONE, REFUSED or COMPENSATED.
    pub state: String,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Why it was refused.
    pub error: Option<String>,
}

#[Object]
impl CheckoutSaga {
    /// Opaque ID.
    async fn id(&self) -> SagaId {
        self.0.id
    }

    /// How far it is.
    async fn status(&self) -> SagaStatus {
        self.0.status
    }

    /// The step to be done next, to be undone next, or done last.
    async fn step(&self) -> &str {
        &self.0.step
    }

    /// Failed tries of this step.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// Why the last try failed.
    async fn last_error(&self) -> Option<&str> {
        self.0.last_error.as_deref()
    }

    /// When the time to pay is over.
    async fn deadline(&self) -> Option<DateTime<Utc>> {
        self.0.deadline
    }

    /// What was done, in order.
    async fn steps(&self, ctx: &Context<'_>) -> Result<Vec<SagaStep>, Error> {
        let rows = load_many(ctx, StepsOfSaga(self.0.id)).await?;
        Ok(rows
            .into_iter()
            .map(|row| SagaStep {
                name: row.name,
                state: row.state,
                started_at: Some(row.started_at),
                finished_at: Some(row.finished_at),
                error: row.error,
            })
            .collect())
    }
}
