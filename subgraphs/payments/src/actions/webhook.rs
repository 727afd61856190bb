//! What providers tell us by themselves: kept first, answered, then given its effect under the payment's lock.

use super::{
    record::{self, Heard, Source},
    settle,
};
use crate::{
    App,
    provider::{
        PaymentProvider,
        objects::{DisputeObject, Event, Intent, Metadata, RefundObject},
    },
    store::{
        payments::{self, Payment},
        webhooks,
    },
};
use platform::{Error, Moment, Tx, ids::PaymentId};
use serde::de::DeserializeOwned;

const PROVIDER: &str = "STRIPE";

/// Keeps an event whose signature is good. False if it has been here before.
pub async fn keep(app: &App, event: &Event, payload: &serde_json::Value) -> Result<bool, Error> {
    Ok(webhooks::insert(app.deps.db.pool(), PROVIDER, event, payload).await?)
}

/// What became of an event.
enum Outcome {
    Done(&'static str),
    /// About a payment that is not known yet.
    Parked(&'static str),
}

/// Gives one kept event its effect, once.
pub async fn process(app: &App, event_id: &str) -> Result<(), Error> {
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let Some(payload) = webhooks::lock(&mut *tx, PROVIDER, event_id).await? else {
        return Ok(());
    };
    let outcome = match serde_json::from_value::<Event>(payload) {
        Ok(event) => apply(&mut tx, &event).await?,
        Err(_) => Outcome::Done("unreadable"),
    };
    match outcome {
        Outcome::Done(outcome) => webhooks::done(&mut *tx, PROVIDER, event_id, outcome).await?,
        Outcome::Parked(why) => webhooks::park(&mut *tx, PROVIDER, event_id, why).await?,
    }
    tx.commit().await?;
    Ok(())
}

async fn apply(tx: &mut Tx, event: &Event) -> Result<Outcome, Error> {
    let kind = event.kind.as_str();
    match () {
        () if kind.starts_with("payment_intent.") => intent(tx, event).await,
        () if kind.starts_with("refund.") || kind == "charge.refund.updated" => refund(tx, event).await,
        () if kind.starts_with("charge.dispute.") => dispute(tx, event).await,
        () => Ok(Outcome::Done("not of interest")),
    }
}

fn object<T: DeserializeOwned>(event: &Event) -> Option<T> {
    serde_json::from_value(event.data.object.clone()).ok()
}

fn heard<'a>(event: &'a Event, amount: i64) -> Heard<'a> {
    Heard {
        provider_event_id: Some(&event.id),
        provider_created_at: event.created_at(),
        amount: Some(amount),
        ..Heard::new(Source::Webhook, &event.kind, None)
    }
}

async fn meant(tx: &mut Tx, intent: &str, metadata: Option<&Metadata>) -> Result<Option<Payment>, Error> {
    let id = metadata
        .and_then(|metadata| metadata.get("payment_id"))
        .and_then(|id| PaymentId::parse(id));
    Ok(payments::lock_meant(&mut **tx, PaymentProvider::Stripe, intent, id).await?)
}

async fn intent(tx: &mut Tx, event: &Event) -> Result<Outcome, Error> {
    let Some(intent) = object::<Intent>(event) else {
        return Ok(Outcome::Done("unreadable"));
    };
    let Some(mut payment) = meant(tx, &intent.id, Some(&intent.metadata)).await? else {
        return Ok(Outcome::Parked("unknown payment"));
    };
    record::record_intent(tx, &mut payment, &intent, heard(event, intent.total())).await?;
    Ok(Outcome::Done("recorded"))
}

async fn refund(tx: &mut Tx, event: &Event) -> Result<Outcome, Error> {
    let Some(refund) = object::<RefundObject>(event) else {
        return Ok(Outcome::Done("unreadable"));
    };
    let Some(intent) = refund.payment_intent.as_deref() else {
        return Ok(Outcome::Done("not of an intent"));
    };
    let Some(mut payment) = meant(tx, intent, None).await? else {
        return Ok(Outcome::Parked("unknown payment"));
    };
    settle::refund_object(tx, &mut payment, &refund, heard(event, refund.total())).await?;
    Ok(Outcome::Done("recorded"))
}

async fn dispute(tx: &mut Tx, event: &Event) -> Result<Outcome, Error> {
    let Some(dispute) = object::<DisputeObject>(event) else {
        return Ok(Outcome::Done("unreadable"));
    };
    let Some(intent) = dispute.payment_intent.as_deref() else {
        return Ok(Outcome::Done("not of an intent"));
    };
    let Some(mut payment) = meant(tx, intent, None).await? else {
        return Ok(Outcome::Parked("unknown payment"));
    };
    let heard = Heard {
        fact: Some(dispute.fact()),
        ..heard(event, dispute.amount)
    };
    record::record(tx, &mut payment, heard).await?;
    Ok(Outcome::Done("recorded"))
}

/// One round over events that wait. True if there may be more at once.
pub async fn work(app: &App) -> Result<bool, Error> {
    let due = webhooks::due(app.deps.db.pool(), PROVIDER).await?;
    let more = due.len() == 50;
    for event_id in due {
        if let Err(error) = process(app, &event_id).await {
            tracing::error!(event_id, error = error.describe(), "a webhook failed");
            webhooks::park(app.deps.db.pool(), PROVIDER, &event_id, "failed").await?;
        }
    }
    Ok(more)
}
