//! Asks the provider for the truth: webhooks may never come.

use super::{
    create,
    record::{self, Heard, Source},
};
use crate::{
    App,
    domain::{fold::Fact, status::PaymentStatus},
    provider::PaymentProvider,
    store::payments::{self, Payment},
};
use contracts::payments::PaymentInfo;
use platform::{
    Error, Moment,
    ids::{OrderId, PaymentId},
};

/// The latest payment of an order, after asking where it is open.
pub async fn sync_order(app: &App, order: OrderId) -> Result<Option<PaymentInfo>, Error> {
    let Some(payment) = payments::of_orders(app.deps.db.pool(), &[order]).await?.pop() else {
        return Ok(None);
    };
    // What is authorized or taken is known from the provider itself, and the capture asks again.
    let known = payment.status == PaymentStatus::Authorized || payment.status.is_captured();
    let payment = match known {
        true => payment,
        false => sync(app, payment, Source::Api).await?,
    };
    Ok(Some(create::info(&payment)))
}

/// Asks about one payment and records the answer.
pub async fn sync(app: &App, payment: Payment, source: Source) -> Result<Payment, Error> {
    if payment.provider != PaymentProvider::Stripe {
        return Ok(payment);
    }
    let Some(reference) = payment.provider_ref.clone() else {
        return match payment.status {
            PaymentStatus::Created => create::place(app, &payment).await,
            _ => Ok(payment),
        };
    };
    let stripe = app.stripe()?;
    let intent = stripe.intent(&reference).await.map_err(Error::unavailable)?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let mut payment = payments::lock(&mut *tx, payment.id).await?;
    record::record_intent(
        &mut tx,
        &mut payment,
        &intent,
        Heard::new(source, "payment_intent.retrieve", None),
    )
    .await?;
    if payment.status == PaymentStatus::Unresolved && record::mismatch(&payment, &intent).is_none() {
        record::clear_mismatches(&mut tx, &mut payment, source).await?;
    }
    tx.commit().await?;
    if payment.authorized > 0 {
        create::remember_card(app, stripe, &payment, intent.method()).await;
    }
    Ok(payment)
}

/// One round of the poller. True if there may be more at once.
pub async fn poll(app: &App) -> Result<bool, Error> {
    if app.stripe.is_none() {
        return Ok(false);
    }
    let due = payments::claim_due(app.deps.db.pool()).await?;
    let more = due.len() == 20;
    for id in due {
        if let Some(payment) = payments::by_id(app.deps.db.pool(), id).await?
            && let Err(error) = sync(app, payment, Source::System).await
        {
            tracing::warn!(payment = %id, error = error.describe(), "cannot ask about a payment");
        }
    }
    for id in payments::claim_abandoned(app.deps.db.pool()).await? {
        give_up(app, id).await;
    }
    Ok(more)
}

async fn give_up(app: &App, id: PaymentId) {
    if let Err(error) = super::cancel::close(app, id, Fact::GivenUp, Source::System).await {
        tracing::warn!(payment = %id, error = error.describe(), "cannot give a payment up");
    }
}
