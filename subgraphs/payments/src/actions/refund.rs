//! Sends money back.

use super::{
    record::{self, Heard, Source},
    settle,
};
use crate::{
    App,
    domain::{fold::Fact, status::PaymentRefundStatus},
    provider::{PaymentProvider, ProviderError, objects::RefundObject},
    store::{
        payments::{self, Payment},
        refunds::{self, NewRefund, PaymentRefundRow},
    },
};
use contracts::payments::{RefundPart, RefundPayment, RefundReply};
use platform::{
    Error, Moment, Tx,
    ids::{PaymentId, PaymentRefundId, RefundId},
};

/// Moves the money of a decided refund. The same refund again is the same movement, or another try of a failed one.
pub async fn refund(app: &App, moment: Moment, command: RefundPayment) -> Result<RefundReply, Error> {
    let refused = |reason: &str| {
        Ok(RefundReply::Refused {
            reason: reason.to_owned(),
        })
    };
    let known = refunds::of_refund(app.deps.db.pool(), command.refund).await?;
    let paid = payments::of_orders(app.deps.db.pool(), &[command.order]).await?;
    let chosen = match &known {
        Some(row) => paid.iter().find(|payment| payment.id == row.payment_id),
        None => paid
            .iter()
            .max_by_key(|payment| payment.captured - payment.refunded),
    };
    let Some(chosen) = chosen else {
        return refused("there is no payment to refund");
    };
    if command.currency != chosen.currency || command.amount < 1 {
        return refused("the currency or the amount does not fit the payment");
    }
    let mut tx = app.deps.db.begin(moment).await?;
    let mut payment = payments::lock(&mut *tx, chosen.id).await?;
    let row = match refunds::of_refund(&mut *tx, command.refund).await? {
        Some(row) if row.amount != command.amount => {
            return refused("this refund was begun with another amount");
        }
        Some(row) => match row.status {
            PaymentRefundStatus::Failed => match again(&mut tx, &payment, row).await? {
                Some(row) => row,
                None => return refused("more than was captured"),
            },
            _ => row,
        },
        None => match journal(
            &mut tx,
            &payment,
            Some(command.refund),
            command.amount,
            &command.parts,
        )
        .await?
        {
            Some(row) => row,
            None => return refused("more than was captured"),
        },
    };
    let row = finish(app, tx, &mut payment, row).await?;
    Ok(match row.status {
        PaymentRefundStatus::Succeeded => RefundReply::Succeeded,
        PaymentRefundStatus::Pending | PaymentRefundStatus::Submitted => RefundReply::Submitted,
        PaymentRefundStatus::Failed | PaymentRefundStatus::Reversed => RefundReply::Refused {
            reason: row.failure_reason.unwrap_or_else(|| "refused".to_owned()),
        },
    })
}

/// Sends back whatever is left of a payment, without a decision of the orders service.
pub async fn refund_rest(app: &App, moment: Moment, payment: &Payment) -> Result<(), Error> {
    let mut tx = app.deps.db.begin(moment).await?;
    let mut payment = payments::lock(&mut *tx, payment.id).await?;
    let left = payment.captured - payment.refunded - refunds::under_way(&mut *tx, payment.id).await?;
    if left > 0
        && let Some(row) = journal(&mut tx, &payment, None, left, &[]).await?
    {
        finish(app, tx, &mut payment, row).await?;
    }
    Ok(())
}

/// Writes the refund down, if the payment has that much left. The payment is locked: nobody else decides meanwhile.
async fn journal(
    tx: &mut Tx,
    payment: &Payment,
    refund: Option<RefundId>,
    amount: i64,
    parts: &[RefundPart],
) -> Result<Option<PaymentRefundRow>, Error> {
    if !fits(tx, payment, amount).await? {
        return Ok(None);
    }
    let new = NewRefund {
        id: PaymentRefundId::new(),
        payment: payment.id,
        order: payment.order_id,
        refund,
        amount,
        currency: payment.currency,
        status: PaymentRefundStatus::Pending,
        provider_ref: None,
        parts,
    };
    Ok(Some(refunds::insert(&mut **tx, &new).await?))
}

async fn fits(tx: &mut Tx, payment: &Payment, amount: i64) -> Result<bool, Error> {
    let under_way = refunds::under_way(&mut **tx, payment.id).await?;
    Ok(payment.refunded + under_way + amount <= payment.captured)
}

/// A failed refund begins anew; `None` if there is no longer enough left.
pub async fn again(
    tx: &mut Tx,
    payment: &Payment,
    row: PaymentRefundRow,
) -> Result<Option<PaymentRefundRow>, Error> {
    if !fits(tx, payment, row.amount).await? {
        return Ok(None);
    }
    refunds::begin_again(&mut **tx, row.id).await?;
    Ok(refunds::by_id(&mut **tx, row.id).await?)
}

/// Commits the journal, then moves the money. Manual money has moved when staff says so.
pub async fn finish(
    app: &App,
    mut tx: Tx,
    payment: &mut Payment,
    row: PaymentRefundRow,
) -> Result<PaymentRefundRow, Error> {
    if row.status != PaymentRefundStatus::Pending {
        return Ok(row);
    }
    if payment.provider == PaymentProvider::Manual {
        let fact = Fact::RefundSucceeded {
            reference: row.id.to_string(),
            amount: row.amount,
        };
        record::record(
            &mut tx,
            payment,
            Heard::new(Source::System, "manual.refunded", Some(fact)),
        )
        .await?;
        settle::apply(&mut tx, payment, &row, PaymentRefundStatus::Succeeded, None, None).await?;
        tx.commit().await?;
    } else {
        tx.commit().await?;
        submit(app, payment, &row).await?;
    }
    let row = refunds::by_id(app.deps.db.pool(), row.id).await?;
    row.ok_or_else(|| Error::internal(anyhow::anyhow!("a refund has vanished")))
}

/// Asks the provider to send the money back. What stays unknown stays PENDING and is asked again under the same key.
pub async fn submit(app: &App, payment: &Payment, row: &PaymentRefundRow) -> Result<(), Error> {
    let (stripe, Some(intent)) = (app.stripe()?, payment.provider_ref.as_deref()) else {
        return fail(app, payment.id, row.id, "the payment is unknown to its provider").await;
    };
    if row.tries > 1 {
        // The last key does not tell any more; the provider's list does.
        let listed = stripe.refunds(intent).await.map_err(Error::unavailable)?;
        if let Some(object) = listed.iter().find(|object| is_of(object, row.id)) {
            return heard(app, payment.id, object, "refund.list").await;
        }
    }
    let again = if row.tries > 1 {
        format!(":{}", row.tries)
    } else {
        String::new()
    };
    let key = format!(
        "{}:{}:refund:{}{again}",
        payment.order_id, payment.attempt, row.id
    );
    match stripe
        .create_refund(payment, intent, row.id, row.amount, &key)
        .await
    {
        Ok(object) => heard(app, payment.id, &object, "refund.create").await,
        Err(ProviderError::Refused(refusal)) => fail(app, payment.id, row.id, &refusal.reason()).await,
        Err(ProviderError::Spoilt(cause)) => {
            tracing::warn!(refund = %row.id, cause, "the provider failed; looking it up next time");
            refunds::next_key(app.deps.db.pool(), row.id).await?;
            Ok(())
        }
        Err(ProviderError::Unknown(cause)) => {
            tracing::warn!(refund = %row.id, cause, "the outcome of a refund is unknown");
            Ok(())
        }
    }
}

fn is_of(object: &RefundObject, id: PaymentRefundId) -> bool {
    object
        .metadata
        .get("payment_refund_id")
        .is_some_and(|given| *given == id.to_string())
        && object.status() != PaymentRefundStatus::Failed
}

async fn heard(app: &App, payment: PaymentId, object: &RefundObject, kind: &str) -> Result<(), Error> {
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let mut payment = payments::lock(&mut *tx, payment).await?;
    settle::refund_object(&mut tx, &mut payment, object, Heard::new(Source::Api, kind, None)).await?;
    tx.commit().await?;
    Ok(())
}

async fn fail(app: &App, payment: PaymentId, id: PaymentRefundId, reason: &str) -> Result<(), Error> {
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let payment = payments::lock(&mut *tx, payment).await?;
    if let Some(row) = refunds::by_id(&mut *tx, id).await? {
        settle::apply(
            &mut tx,
            &payment,
            &row,
            PaymentRefundStatus::Failed,
            None,
            Some(reason),
        )
        .await?;
    }
    tx.commit().await?;
    Ok(())
}

/// One round over refunds whose end is not known.
pub async fn poll(app: &App) -> Result<bool, Error> {
    let Some(stripe) = &app.stripe else {
        return Ok(false);
    };
    let due = refunds::claim_due(app.deps.db.pool()).await?;
    let more = due.len() == 20;
    for row in refunds::by_ids(app.deps.db.pool(), &due).await? {
        let result = match (row.status, &row.provider_ref) {
            (PaymentRefundStatus::Submitted, Some(reference)) => match stripe.refund(reference).await {
                Ok(object) => heard(app, row.payment_id, &object, "refund.retrieve").await,
                Err(error) => Err(Error::unavailable(error)),
            },
            _ => match payments::by_id(app.deps.db.pool(), row.payment_id).await? {
                Some(payment) => submit(app, &payment, &row).await,
                None => Ok(()),
            },
        };
        if let Err(error) = result {
            tracing::warn!(refund = %row.id, error = error.describe(), "cannot follow a refund up");
        }
    }
    Ok(more)
}
