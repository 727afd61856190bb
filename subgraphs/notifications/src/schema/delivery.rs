//! `Delivery`.

use crate::{
    domain::types::{Channel, DeliveryStatus},
    store::deliveries::Row,
};
use async_graphql::{ComplexObject, Context, SimpleObject};
use chrono::{DateTime, Utc};
use platform::{Error, ids::DeliveryId, viewer::viewer};

/// One way of one message to its reader outside the app.
#[derive(Clone, SimpleObject)]
#[graphql(complex)]
pub struct Delivery {
    /// Opaque ID; a mail's Message-ID contains it.
    pub id: DeliveryId,
    /// The way it takes.
    pub channel: Channel,
    /// How far it is.
    pub status: DeliveryStatus,
    /// What took it: `smtp` or `directory`.
    pub provider: Option<String>,
    /// Tries so far.
    pub attempts: i32,
    /// When it was queued.
    pub queued_at: DateTime<Utc>,
    /// When the provider took it.
    pub sent_at: Option<DateTime<Utc>>,
    #[graphql(skip)]
    row: Row,
}

impl From<Row> for Delivery {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            channel: row.channel,
            status: row.status,
            provider: row.provider.clone(),
            attempts: row.attempts,
            queued_at: row.queued_at,
            sent_at: row.sent_at,
            row,
        }
    }
}

#[ComplexObject]
impl Delivery {
    /// The provider's name for it: a mail's Message-ID. Requires: STAFF.
    async fn provider_message_id(&self, ctx: &Context<'_>) -> Option<Result<String, Error>> {
        staff(ctx, self.row.provider_message_id.clone())
    }

    /// Why the last try failed, or why it is suppressed; without addresses. Requires: STAFF.
    async fn last_error(&self, ctx: &Context<'_>) -> Option<Result<String, Error>> {
        staff(ctx, self.row.last_error.clone())
    }
}

fn staff<T>(ctx: &Context<'_>, value: Option<T>) -> Option<Result<T, Error>> {
    match viewer(ctx).require_staff() {
        Ok(()) => value.map(Ok),
        Err(error) => Some(Err(error)),
    }
}
