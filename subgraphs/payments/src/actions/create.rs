//! Begins a payment.

use super::{
    cancel,
    record::{self, Heard, Source},
};
use crate::{
    App,
    domain::{fold::Fact, status::PaymentStatus},
    provider::{PaymentProvider, ProviderError, Stripe},
    store::{
        attempts,
        payments::{self, NewPayment, Payment},
        webhooks,
    },
};
use contracts::payments::{CreatePayment, CreatePaymentReply, PaymentInfo};
use platform::{Error, Moment, scalars::MinorUnits};

/// Creates the payment of an order's attempt, once, and tells where it stands.
pub async fn create(app: &App, moment: Moment, command: CreatePayment) -> Result<CreatePaymentReply, Error> {
    let provider = match offered(app, moment, &command) {
        Ok(provider) => provider,
        Err(reason) => return Ok(refused(reason)),
    };
    let mut payment = match journal(app, moment, provider, &command).await? {
        Ok(payment) => payment,
        Err(reason) => return Ok(refused(reason)),
    };
    if provider == PaymentProvider::Stripe
        && payment.provider_ref.is_none()
        && payment.status == PaymentStatus::Created
    {
        payment = place(app, &payment).await?;
    }
    if payment.provider_ref.is_none() && payment.status == PaymentStatus::Failed {
        return Ok(refused(
            payment
                .decline_code
                .as_deref()
                .unwrap_or("refused by the provider"),
        ));
    }
    if payment.attempt > 1 {
        supersede(app, &payment).await;
    }
    Ok(CreatePaymentReply::Created(info(&payment)))
}

fn refused(reason: &str) -> CreatePaymentReply {
    CreatePaymentReply::Refused {
        reason: reason.to_owned(),
    }
}

fn offered(app: &App, moment: Moment, command: &CreatePayment) -> Result<PaymentProvider, &'static str> {
    let unknown = "this payment provider is not available";
    let provider = PaymentProvider::parse(&command.provider).ok_or(unknown)?;
    if !(1..=MinorUnits::MAX).contains(&command.amount) || command.attempt < 1 {
        return Err("the amount is out of range");
    }
    if command.saved_method.is_some() {
        return Err("there is no such saved payment method");
    }
    if provider == PaymentProvider::Stripe {
        if moment.at().is_some() {
            return Err("imported orders are paid manually");
        }
        let stripe = app.stripe.as_ref().ok_or(unknown)?;
        if !stripe.takes(command.amount, command.currency) {
            return Err("the provider cannot take this amount in this currency");
        }
    }
    Ok(provider)
}

/// The payment's row comes first. History is paid at once.
async fn journal(
    app: &App,
    moment: Moment,
    provider: PaymentProvider,
    command: &CreatePayment,
) -> Result<Result<Payment, &'static str>, Error> {
    let new = NewPayment {
        order: command.order,
        order_number: &command.order_number,
        attempt: command.attempt,
        customer: command.customer,
        provider,
        amount: command.amount,
        currency: command.currency,
        return_url: command.return_url.as_deref(),
        expires_at: command.expires_at,
    };
    let mut tx = app.deps.db.begin(moment).await?;
    let (mut payment, fresh) = payments::insert_or_lock(&mut tx, &new).await?;
    let same = (
        payment.provider,
        payment.amount,
        payment.currency,
        payment.customer_id,
    ) == (provider, command.amount, command.currency, command.customer);
    if !same {
        return Ok(Err("this attempt was begun with another amount or provider"));
    }
    if fresh && provider == PaymentProvider::Manual && moment.at().is_some() {
        let fact = Fact::Captured {
            total: payment.amount,
        };
        record::record(
            &mut tx,
            &mut payment,
            Heard::new(Source::Import, "manual.captured", Some(fact)),
        )
        .await?;
    }
    tx.commit().await?;
    Ok(Ok(payment))
}

/// Makes the payment intent at the provider, or learns which one was made. Safe to repeat.
pub async fn place(app: &App, payment: &Payment) -> Result<Payment, Error> {
    let stripe = app.stripe()?;
    let attempt = record::begin_call(app, payment, "create").await?;
    match stripe.create_intent(payment, &attempt.key).await {
        Ok(intent) => {
            let mut tx = app.deps.db.begin(Moment::LIVE).await?;
            let mut payment = payments::lock(&mut *tx, payment.id).await?;
            record::record_intent(
                &mut tx,
                &mut payment,
                &intent,
                Heard::new(Source::Api, "payment_intent.create", None),
            )
            .await?;
            attempts::finish(&mut *tx, &attempt, None, false).await?;
            tx.commit().await?;
            // Not under the payment's lock: whoever processes an event holds the event first.
            if let Err(error) = webhooks::wake(app.deps.db.pool(), "STRIPE", &intent.id).await {
                tracing::warn!(%error, "parked webhooks come later");
            }
            Ok(payment)
        }
        Err(ProviderError::Refused(refusal)) => {
            let mut tx = app.deps.db.begin(Moment::LIVE).await?;
            let mut payment = payments::lock(&mut *tx, payment.id).await?;
            let fact = Fact::Failed {
                code: refusal.reason(),
            };
            record::record(
                &mut tx,
                &mut payment,
                Heard::new(Source::Api, "payment_intent.refused", Some(fact)),
            )
            .await?;
            let message = refusal.message.clone().unwrap_or_default();
            attempts::finish(&mut *tx, &attempt, Some((&refusal.reason(), &message)), false).await?;
            tx.commit().await?;
            Ok(payment)
        }
        Err(error) => {
            record::fail_call(app, &attempt, &error).await?;
            Err(Error::unavailable(error))
        }
    }
}

/// Earlier attempts can no longer be paid. What cannot be done now, the worker does later.
async fn supersede(app: &App, payment: &Payment) {
    let earlier = match payments::of_orders(app.deps.db.pool(), &[payment.order_id]).await {
        Ok(rows) => rows,
        Err(error) => return tracing::warn!(%error, "cannot read earlier attempts"),
    };
    for other in earlier
        .into_iter()
        .filter(|other| other.attempt < payment.attempt && other.status.is_open())
    {
        if let Err(error) = cancel::close(app, other.id, Fact::Voided, Source::System).await {
            tracing::warn!(payment = %other.id, error = error.describe(), "an earlier attempt is still open");
        }
    }
}

/// What the orders service sees of a payment.
pub fn info(payment: &Payment) -> PaymentInfo {
    PaymentInfo {
        payment: payment.id,
        order: payment.order_id,
        provider: payment.provider.name().to_owned(),
        status: payment.status.into(),
        client_secret: payment.client_secret.clone(),
        redirect_url: payment.redirect_url.clone(),
        expires_at: payment.expires_at,
        authorized: payment.authorized,
        captured: payment.captured,
        refunded: payment.refunded,
    }
}

/// Remembers what may be shown of the card, once. Nothing depends on it.
pub async fn remember_card(app: &App, stripe: &Stripe, payment: &Payment, method: Option<&str>) {
    let (None, Some(method)) = (&payment.method_brand, method) else {
        return;
    };
    match stripe.card(method).await {
        Ok(Some(card)) => {
            if let Err(error) = payments::set_card(app.deps.db.pool(), payment.id, &card).await {
                tracing::warn!(%error, "cannot keep the card's last digits");
            }
        }
        Ok(None) => {}
        Err(error) => tracing::debug!(%error, "cannot read the payment method"),
    }
}
