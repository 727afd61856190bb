//! Ends a payment: cancels what is open, voids what is authorized, sends back what was captured anyway.

use super::{
    create,
    record::{self, Heard, Source},
    refund,
};
use crate::{
    App,
    domain::{fold::Fact, status::PaymentStatus},
    provider::{PaymentProvider, ProviderError, objects::Intent},
    store::{
        attempts,
        payments::{self, Payment},
    },
};
use platform::{
    Error, Moment,
    ids::{OrderId, PaymentId},
};

/// Ends all payments of an order. Safe to repeat, and done when it answers.
pub async fn cancel_order(app: &App, moment: Moment, order: OrderId, reason: &str) -> Result<(), Error> {
    let payments = payments::of_orders(app.deps.db.pool(), &[order]).await?;
    for payment in payments {
        tracing::info!(payment = %payment.id, reason, "canceling");
        let payment = match payment.provider {
            PaymentProvider::Manual => close_manual(app, moment, payment.id, Source::System).await?,
            _ => close(app, payment.id, Fact::Voided, Source::System).await?,
        };
        if payment.captured > payment.refunded {
            refund::refund_rest(app, moment, &payment).await?;
        }
    }
    Ok(())
}

/// Nothing is under way at a provider: our word is enough.
pub async fn close_manual(
    app: &App,
    moment: Moment,
    id: PaymentId,
    source: Source,
) -> Result<Payment, Error> {
    let mut tx = app.deps.db.begin(moment).await?;
    let mut payment = payments::lock(&mut *tx, id).await?;
    if payment.captured == 0 {
        record::record(
            &mut tx,
            &mut payment,
            Heard::new(source, "manual.canceled", Some(Fact::Voided)),
        )
        .await?;
    }
    tx.commit().await?;
    Ok(payment)
}

/// Cancels the payment at its provider unless money has moved. `mark` says why: [`Fact::Voided`] or [`Fact::GivenUp`].
pub async fn close(app: &App, id: PaymentId, mark: Fact, source: Source) -> Result<Payment, Error> {
    let Some(mut payment) = payments::by_id(app.deps.db.pool(), id).await? else {
        return Err(Error::internal(anyhow::anyhow!("payment {id} has vanished")));
    };
    if payment.provider == PaymentProvider::Manual {
        return close_manual(app, Moment::LIVE, id, source).await;
    }
    if payment.captured > 0 || payment.status == PaymentStatus::Voided {
        return Ok(payment);
    }
    if payment.provider_ref.is_none() && payment.status == PaymentStatus::Created {
        // The intent may exist without our knowing: only its key tells.
        payment = create::place(app, &payment).await?;
    }
    let Some(reference) = payment.provider_ref.clone() else {
        return note(app, id, mark, source).await;
    };
    let attempt = record::begin_call(app, &payment, "cancel").await?;
    let stripe = app.stripe()?;
    let intent = match stripe.cancel(&reference, &attempt.key).await {
        Ok(intent) => intent,
        Err(error) => {
            record::fail_call(app, &attempt, &error).await?;
            standing(app, &reference, error).await?
        }
    };
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let mut payment = payments::lock(&mut *tx, id).await?;
    if intent.status == "canceled" {
        // An intent that is canceled cannot be paid: our reason may stand beside the provider's word.
        record::record(
            &mut tx,
            &mut payment,
            Heard::new(source, "payment.closed", Some(mark)),
        )
        .await?;
        attempts::finish(&mut *tx, &attempt, None, false).await?;
    }
    record::record_intent(
        &mut tx,
        &mut payment,
        &intent,
        Heard::new(Source::Api, "payment_intent.cancel", None),
    )
    .await?;
    tx.commit().await?;
    match intent.status.as_str() {
        "canceled" | "succeeded" => Ok(payment),
        status => Err(Error::unavailable(anyhow::anyhow!(
            "{id} cannot be canceled while it is {status}"
        ))),
    }
}

/// The provider would not cancel: what is the intent's state instead?
async fn standing(app: &App, reference: &str, error: ProviderError) -> Result<Intent, Error> {
    match error {
        ProviderError::Refused(refusal) => match refusal.payment_intent {
            Some(intent) => Ok(intent),
            None => app.stripe()?.intent(reference).await.map_err(Error::unavailable),
        },
        ProviderError::Spoilt(_) => {
            let intent = app
                .stripe()?
                .intent(reference)
                .await
                .map_err(Error::unavailable)?;
            match intent.status.as_str() {
                "canceled" | "succeeded" => Ok(intent),
                _ => Err(Error::unavailable(error)),
            }
        }
        ProviderError::Unknown(_) => Err(Error::unavailable(error)),
    }
}

async fn note(app: &App, id: PaymentId, mark: Fact, source: Source) -> Result<Payment, Error> {
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let mut payment = payments::lock(&mut *tx, id).await?;
    record::record(
        &mut tx,
        &mut payment,
        Heard::new(source, "payment.closed", Some(mark)),
    )
    .await?;
    tx.commit().await?;
    Ok(payment)
}
