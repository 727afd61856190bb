//! Takes authorized money, and divides it between vendors and the platform.

use super::{
    create,
    record::{self, Heard, Source},
    sync,
};
use crate::{
    App,
    domain::{
        fold::Fact,
        ledger::{LedgerAccount, Line, commission, components, vendor_net},
        status::PaymentStatus,
    },
    provider::ProviderError,
    store::{
        attempts,
        ledger::{self, Booking, OwnedLine},
        payments::{self, Payment},
        shares::{self, FrozenShare},
    },
};
use contracts::{
    orders::GetOrders,
    payments::{CapturePayment, CaptureReply, Commission, VendorShare},
};
use platform::{Currency, Error, Moment, Tx, ids::OrderId};

/// How a capture ended.
pub enum Taken {
    Captured(Box<Payment>),
    Pending,
    Refused(String),
}

/// Captures the order's payment and books what the vendors earn. Safe to repeat.
pub async fn capture(app: &App, moment: Moment, command: CapturePayment) -> Result<CaptureReply, Error> {
    let order = command.order;
    let attempts = payments::of_orders(app.deps.db.pool(), &[order]).await?;
    let best = attempts
        .iter()
        .position(|payment| payment.captured > 0 || payment.status == PaymentStatus::Authorized);
    let payment = best
        .and_then(|index| attempts.get(index))
        .or(attempts.last())
        .cloned();
    let due: i64 = command.shares.iter().map(|share| share.total).sum();
    let Some(payment) = payment else {
        return match due {
            // Paid with points and discounts alone: the vendors earn all the same.
            0 => unpaid(app, moment, order, &command.shares).await,
            _ => Ok(CaptureReply::Failed {
                reason: "there is no payment".to_owned(),
            }),
        };
    };
    match take(app, payment, None).await? {
        Taken::Captured(payment) => {
            accrue(
                app,
                moment,
                order,
                Some(&payment),
                payment.currency,
                &command.shares,
            )
            .await
        }
        Taken::Pending => Ok(CaptureReply::Pending),
        Taken::Refused(reason) => Ok(CaptureReply::Failed { reason }),
    }
}

/// Captures one payment, in full or only `amount` of it; the rest of the authorization is released.
pub async fn take(app: &App, mut payment: Payment, amount: Option<i64>) -> Result<Taken, Error> {
    if payment.status.is_open() && payment.provider_ref.is_some() {
        payment = sync::sync(app, payment, Source::Api).await?;
    }
    match payment.status {
        status if status.is_captured() => Ok(Taken::Captured(Box::new(payment))),
        PaymentStatus::Authorized => at_provider(app, payment, amount).await,
        PaymentStatus::Voided | PaymentStatus::Expired => Ok(Taken::Refused(format!(
            "the payment is {}",
            payment.status.name()
        ))),
        _ => Ok(Taken::Pending),
    }
}

async fn at_provider(app: &App, payment: Payment, amount: Option<i64>) -> Result<Taken, Error> {
    let Some(reference) = payment.provider_ref.clone() else {
        return Ok(Taken::Refused(
            "the payment is unknown to its provider".to_owned(),
        ));
    };
    let stripe = app.stripe()?;
    let attempt = record::begin_call(app, &payment, "capture").await?;
    let part = amount.map(|amount| (amount, payment.currency));
    let (intent, refusal) = match stripe.capture(&reference, part, &attempt.key).await {
        Ok(intent) => (intent, None),
        Err(error) => {
            record::fail_call(app, &attempt, &error).await?;
            match error {
                ProviderError::Refused(refusal) => {
                    let reason = refusal.reason();
                    let intent = match refusal.payment_intent {
                        Some(intent) => intent,
                        None => stripe.intent(&reference).await.map_err(Error::unavailable)?,
                    };
                    (intent, Some(reason))
                }
                // The next try has another key, but a second capture of one intent is refused in any case.
                ProviderError::Spoilt(_) | ProviderError::Unknown(_) => return Ok(Taken::Pending),
            }
        }
    };
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let mut payment = payments::lock(&mut *tx, payment.id).await?;
    record::record_intent(
        &mut tx,
        &mut payment,
        &intent,
        Heard::new(Source::Api, "payment_intent.capture", None),
    )
    .await?;
    if refusal.is_none() {
        attempts::finish(&mut *tx, &attempt, None, false).await?;
    }
    tx.commit().await?;
    create::remember_card(app, stripe, &payment, intent.method()).await;
    match refusal {
        _ if payment.captured > 0 => Ok(Taken::Captured(Box::new(payment))),
        Some(reason) => Ok(Taken::Refused(reason)),
        None => Ok(Taken::Pending),
    }
}

/// Staff has seen the money of a manual payment arrive.
pub async fn mark_paid(tx: &mut Tx, payment: &mut Payment, reference: &str) -> Result<(), Error> {
    let fact = Fact::Captured {
        total: payment.amount,
    };
    payments::set_reference(&mut **tx, payment.id, reference).await?;
    record::record(
        tx,
        payment,
        Heard::new(Source::Staff, "manual.captured", Some(fact)),
    )
    .await?;
    Ok(())
}

/// Without a payment, only the order itself knows its currency.
async fn unpaid(
    app: &App,
    moment: Moment,
    order: OrderId,
    shares: &[VendorShare],
) -> Result<CaptureReply, Error> {
    let orders = app.deps.commands.call(&GetOrders { ids: vec![order] }).await?;
    match orders.first() {
        Some(found) => accrue(app, moment, order, None, found.currency, shares).await,
        None => Ok(CaptureReply::Failed {
            reason: "there is no such order".to_owned(),
        }),
    }
}

/// Freezes the shares with their commissions and books them, once.
async fn accrue(
    app: &App,
    moment: Moment,
    order: OrderId,
    payment: Option<&Payment>,
    currency: Currency,
    asked: &[VendorShare],
) -> Result<CaptureReply, Error> {
    let mut tx = app.deps.db.begin(moment).await?;
    if let Some(payment) = payment {
        payments::lock(&mut *tx, payment.id).await?;
    }
    let vendors: Vec<_> = asked.iter().map(|share| share.vendor).collect();
    let rates = shares::rates(&mut *tx, &vendors).await?;
    for share in asked {
        let rate = rates.get(&share.vendor).copied().unwrap_or_default();
        let commission = commission(share, rate);
        let frozen = FrozenShare {
            share: share.clone(),
            commission,
            vendor_net: vendor_net(share, commission),
        };
        shares::insert(&mut *tx, order, currency, &frozen).await?;
    }
    let frozen = shares::of_order(&mut *tx, order).await?;
    for share in &frozen {
        book_share(&mut tx, order, payment, currency, share).await?;
    }
    tx.commit().await?;
    let commissions = frozen
        .iter()
        .map(|frozen| Commission {
            vendor_order: frozen.share.vendor_order,
            commission: frozen.commission,
            vendor_net: frozen.vendor_net,
        })
        .collect();
    Ok(CaptureReply::Captured { commissions })
}

async fn book_share(
    tx: &mut Tx,
    order: OrderId,
    payment: Option<&Payment>,
    currency: Currency,
    frozen: &FrozenShare,
) -> Result<(), Error> {
    let share = &frozen.share;
    let reference = share.vendor_order.to_string();
    let booking = Booking {
        kind: "ACCRUAL",
        order,
        payment: payment.map(|payment| payment.id),
        currency,
        ref_type: "VENDOR_ORDER",
        ref_id: &reference,
    };
    let owner = Some((share.vendor, share.vendor_order));
    let mut lines = vec![OwnedLine {
        line: Line::debit(LedgerAccount::CustomerClearing, share.total),
        owner: None,
    }];
    let parts = components(share, frozen.commission);
    if parts
        .iter()
        .any(|line| line.account == LedgerAccount::Rounding && line.credit != 0)
    {
        tracing::warn!(vendor_order = %share.vendor_order, "the share's total is not the sum of its parts");
    }
    lines.extend(parts.into_iter().map(|line| OwnedLine { line, owner }));
    ledger::book(&mut *tx, &booking, &lines).await?;
    Ok(())
}
