//! Takes note of a fact about a payment: the only place where a payment's status changes.

use crate::{
    App,
    domain::{
        fold::{Fact, Standing, fold, unresolved},
        ledger::{LedgerAccount, Line},
    },
    provider::{ProviderError, objects::Intent},
    store::{
        attempts::{self, Attempt},
        events::{self, NewEvent},
        ledger::{self, Booking},
        payments::{self, Payment},
    },
};
use chrono::{DateTime, Utc};
use contracts::events::PaymentStatusChanged;
use platform::{Error, Tx};

/// Where a fact comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Webhook,
    Api,
    Staff,
    Import,
    System,
}

impl Source {
    fn name(self) -> &'static str {
        match self {
            Self::Webhook => "WEBHOOK",
            Self::Api => "API",
            Self::Staff => "STAFF",
            Self::Import => "IMPORT",
            Self::System => "SYSTEM",
        }
    }
}

/// Something heard of a payment.
pub struct Heard<'a> {
    pub source: Source,
    pub kind: &'a str,
    pub fact: Option<Fact>,
    pub provider_event_id: Option<&'a str>,
    pub provider_created_at: Option<DateTime<Utc>>,
    pub amount: Option<i64>,
    pub ignored: Option<&'a str>,
}

impl<'a> Heard<'a> {
    pub fn new(source: Source, kind: &'a str, fact: Option<Fact>) -> Self {
        let (provider_event_id, provider_created_at, amount, ignored) = (None, None, None, None);
        Self {
            source,
            kind,
            fact,
            provider_event_id,
            provider_created_at,
            amount,
            ignored,
        }
    }
}

/// Records it under the payment's lock and brings status, amounts, ledger and event up to date. Hearing the same again
/// changes nothing; true if there was news.
pub async fn record(tx: &mut Tx, payment: &mut Payment, heard: Heard<'_>) -> Result<bool, Error> {
    let mut facts = events::facts(&mut **tx, payment.id).await?;
    let news = heard.fact.as_ref().is_some_and(|fact| !facts.contains(fact));
    if !news && heard.provider_event_id.is_none() {
        return Ok(false);
    }
    let nothing_new = if heard.fact.is_some() {
        "known already"
    } else {
        "tells nothing new"
    };
    let event = NewEvent {
        payment: payment.id,
        kind: heard.kind,
        source: heard.source.name(),
        provider_event_id: heard.provider_event_id,
        fact: heard.fact.as_ref(),
        amount: heard.amount,
        provider_created_at: heard.provider_created_at,
        applied: news,
        ignored_reason: heard.ignored.or((!news).then_some(nothing_new)),
    };
    let inserted = events::insert(&mut **tx, &event).await?;
    let Some(fact) = heard.fact.filter(|_| news && inserted) else {
        return Ok(false);
    };
    if let Fact::DisputeLost { reference, amount } = &fact {
        super::settle::book_back(tx, payment, "DISPUTE", "DISPUTE", reference, *amount, &[]).await?;
    }
    facts.push(fact);
    let standing = fold(payment.amount, &facts);
    let declined = facts.iter().rev().find_map(|fact| match fact {
        Fact::Failed { code } => Some(code.clone()),
        _ => None,
    });
    update(tx, payment, standing, declined).await?;
    Ok(true)
}

async fn update(
    tx: &mut Tx,
    payment: &mut Payment,
    now: Standing,
    declined: Option<String>,
) -> Result<(), Error> {
    let before = Standing {
        status: payment.status,
        authorized: payment.authorized,
        captured: payment.captured,
        refunded: payment.refunded,
    };
    if before == now && payment.decline_code == declined {
        return Ok(());
    }
    payment.version = payments::set_standing(&mut **tx, payment.id, &now, declined.as_deref()).await?;
    if now.captured > before.captured {
        book_capture(tx, payment, before.captured, now.captured).await?;
    }
    (payment.status, payment.authorized) = (now.status, now.authorized);
    (payment.captured, payment.refunded) = (now.captured, now.refunded);
    payment.decline_code = declined;
    if before != now {
        tx.emit(&changed(payment, &before)).await?;
        tx.hint("payment", payment.order_id);
    }
    Ok(())
}

fn changed(payment: &Payment, before: &Standing) -> PaymentStatusChanged {
    PaymentStatusChanged {
        payment: payment.id,
        order: payment.order_id,
        customer: payment.customer_id,
        attempt: payment.attempt,
        from: before.status.into(),
        to: payment.status.into(),
        currency: payment.currency,
        amount: payment.amount,
        authorized: payment.authorized,
        captured: payment.captured,
        refunded: payment.refunded,
        decline_code: payment.decline_code.clone(),
    }
}

async fn book_capture(tx: &mut Tx, payment: &Payment, from: i64, to: i64) -> Result<(), Error> {
    let reference = format!("{}:{to}", payment.id);
    let booking = Booking {
        kind: "CAPTURE",
        order: payment.order_id,
        payment: Some(payment.id),
        currency: payment.currency,
        ref_type: "PAYMENT",
        ref_id: &reference,
    };
    let lines = [
        Line::debit(LedgerAccount::PspReceivable, to - from).into(),
        Line::credit(LedgerAccount::CustomerClearing, to - from).into(),
    ];
    ledger::book(&mut *tx, &booking, &lines).await?;
    Ok(())
}

/// Records the provider's intent: what it says, if it is ours and its numbers fit.
pub async fn record_intent(
    tx: &mut Tx,
    payment: &mut Payment,
    intent: &Intent,
    heard: Heard<'_>,
) -> Result<bool, Error> {
    if payment.provider_ref.is_none() {
        payments::adopt(&mut **tx, payment.id, &intent.id, intent.client_secret.as_deref()).await?;
        payment.provider_ref = Some(intent.id.clone());
        payment.client_secret = intent.client_secret.clone().or(payment.client_secret.take());
    }
    let stranger = payment.provider_ref.as_deref() != Some(intent.id.as_str());
    if stranger && !intent.has_money() {
        let ignored = Some("another intent of this payment, never paid");
        return record(
            tx,
            payment,
            Heard {
                fact: None,
                ignored,
                ..heard
            },
        )
        .await;
    }
    let wrong = match () {
        () if stranger => Some(format!("intent:{}", intent.id)),
        () => mismatch(payment, intent),
    };
    if let Some(what) = wrong {
        tracing::error!(payment = %payment.id, intent = intent.id, what, "the provider's payment does not fit ours");
        return record(
            tx,
            payment,
            Heard {
                fact: Some(Fact::Mismatch { what }),
                ..heard
            },
        )
        .await;
    }
    let redirect = intent.redirect();
    if redirect != payment.redirect_url {
        payments::set_redirect(&mut **tx, payment.id, redirect.as_deref()).await?;
        payment.redirect_url = redirect;
        tx.hint("payment", payment.order_id);
    }
    record(
        tx,
        payment,
        Heard {
            fact: intent.fact(),
            ..heard
        },
    )
    .await
}

/// What of the intent is not as we asked for.
pub fn mismatch(payment: &Payment, intent: &Intent) -> Option<String> {
    let named = |name: &str, own: String| intent.metadata.get(name).is_some_and(|given| *given != own);
    match () {
        () if intent.currency() != Some(payment.currency) => Some(format!("currency:{}", intent.currency)),
        () if intent.total() != payment.amount => Some(format!("amount:{}", intent.total())),
        () if named("order_id", payment.order_id.to_string()) => Some("metadata:order_id".to_owned()),
        () if named("payment_id", payment.id.to_string()) => Some("metadata:payment_id".to_owned()),
        () => None,
    }
}

/// Clears mismatches: the provider's object, asked for directly, fits.
pub async fn clear_mismatches(tx: &mut Tx, payment: &mut Payment, source: Source) -> Result<(), Error> {
    let facts = events::facts(&mut **tx, payment.id).await?;
    for what in unresolved(&facts) {
        // Money on a second intent is not cleared by looking at the first one.
        if !what.starts_with("intent:") {
            record(
                tx,
                payment,
                Heard::new(source, "mismatch.cleared", Some(Fact::Resolved { what })),
            )
            .await?;
        }
    }
    Ok(())
}

/// Writes down a call that is about to be made.
pub async fn begin_call(app: &App, payment: &Payment, operation: &str) -> Result<Attempt, Error> {
    let mut tx = app.deps.db.begin(platform::Moment::LIVE).await?;
    let payment = payments::lock(&mut *tx, payment.id).await?;
    let attempt = attempts::begin(&mut tx, &payment, operation).await?;
    tx.commit().await?;
    Ok(attempt)
}

/// Notes how a call went wrong.
pub async fn fail_call(app: &App, attempt: &Attempt, error: &ProviderError) -> Result<(), Error> {
    let (code, message, spoilt) = match error {
        ProviderError::Unknown(cause) => ("unknown".to_owned(), cause.clone(), false),
        ProviderError::Spoilt(cause) => ("provider_error".to_owned(), cause.clone(), true),
        // A saved refusal stays under its key as well.
        ProviderError::Refused(refusal) => (
            refusal.reason(),
            refusal.message.clone().unwrap_or_default(),
            true,
        ),
    };
    attempts::finish(app.deps.db.pool(), attempt, Some((&code, &message)), spoilt).await?;
    Ok(())
}
