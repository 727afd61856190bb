//! What a refund's news do to its row, to the ledger and to the orders service.

use super::record::{self, Heard};
use crate::{
    domain::{
        fold::Fact,
        ledger::{LedgerAccount, Line, components, refund_lines},
        status::PaymentRefundStatus,
    },
    provider::objects::RefundObject,
    store::{
        ledger::{self, Booking, OwnedLine},
        payments::Payment,
        refunds::{self, NewRefund, PaymentRefundRow},
        shares,
    },
};
use contracts::{events::PaymentRefundStatusChanged, payments::RefundPart};
use platform::{Error, Money, Tx, ids::PaymentRefundId};

/// Records the provider's refund under the payment's lock. One that we did not ask for is taken in as well.
pub async fn refund_object(
    tx: &mut Tx,
    payment: &mut Payment,
    object: &RefundObject,
    heard: Heard<'_>,
) -> Result<(), Error> {
    let given = object
        .metadata
        .get("payment_refund_id")
        .and_then(|id| PaymentRefundId::parse(id));
    let row = match refunds::meant(&mut **tx, payment.id, &object.id, given).await? {
        Some(row) => row,
        None => {
            let new = NewRefund {
                id: PaymentRefundId::new(),
                payment: payment.id,
                order: payment.order_id,
                refund: None,
                amount: object.total(),
                currency: payment.currency,
                status: PaymentRefundStatus::Pending,
                provider_ref: Some(&object.id),
                parts: &[],
            };
            refunds::insert(&mut **tx, &new).await?
        }
    };
    if object.total() != row.amount {
        let what = format!("refund:{}:{}", object.id, object.total());
        record::record(
            tx,
            payment,
            Heard {
                fact: Some(Fact::Mismatch { what }),
                ..heard
            },
        )
        .await?;
        return Ok(());
    }
    let fact = object.fact();
    let final_word = fact.is_some();
    let news = record::record(tx, payment, Heard { fact, ..heard }).await?;
    if news || !final_word {
        apply(
            tx,
            payment,
            &row,
            object.status(),
            Some(&object.id),
            object.failure_reason.as_deref(),
        )
        .await?;
    }
    Ok(())
}

/// Brings the row, the ledger and the orders service up to date.
pub async fn apply(
    tx: &mut Tx,
    payment: &Payment,
    row: &PaymentRefundRow,
    heard: PaymentRefundStatus,
    reference: Option<&str>,
    failure: Option<&str>,
) -> Result<(), Error> {
    let now = row.status.heard(heard);
    refunds::set_status(&mut **tx, row.id, now, reference, failure).await?;
    if now == row.status {
        return Ok(());
    }
    let booked = row.id.to_string();
    match now {
        PaymentRefundStatus::Succeeded => {
            book_back(
                tx,
                payment,
                "REFUND",
                "PAYMENT_REFUND",
                &booked,
                row.amount,
                &row.parts,
            )
            .await?;
        }
        PaymentRefundStatus::Reversed => book_return(tx, payment, &booked).await?,
        _ => {}
    }
    tx.hint("payment", payment.order_id);
    let ended = matches!(
        now,
        PaymentRefundStatus::Succeeded | PaymentRefundStatus::Failed | PaymentRefundStatus::Reversed
    );
    if let (true, Some(refund)) = (ended, row.refund_id) {
        let succeeded = now == PaymentRefundStatus::Succeeded;
        tx.emit(&PaymentRefundStatusChanged {
            refund,
            order: row.order_id,
            amount: row.amount,
            currency: row.currency,
            succeeded,
            failure_reason: failure.filter(|_| !succeeded).map(str::to_owned),
        })
        .await?;
    }
    Ok(())
}

/// Books money that has gone back: out of what was accrued, pro rata, or out of clearing where nothing was yet.
pub async fn book_back(
    tx: &mut Tx,
    payment: &Payment,
    kind: &'static str,
    ref_type: &'static str,
    ref_id: &str,
    amount: i64,
    parts: &[RefundPart],
) -> Result<(), Error> {
    let frozen = shares::of_order(&mut **tx, payment.order_id).await?;
    let mut lines: Vec<OwnedLine> = vec![Line::credit(LedgerAccount::PspReceivable, amount).into()];
    if frozen.is_empty() {
        lines.push(Line::debit(LedgerAccount::CustomerClearing, amount).into());
    } else {
        let taken = ledger::taken_back(&mut **tx, payment.order_id).await?;
        let before = |order| -> Vec<Line> {
            taken
                .iter()
                .filter(|(of, _)| *of == order)
                .map(|(_, line)| *line)
                .collect()
        };
        let left: Vec<i64> = frozen
            .iter()
            .map(|f| {
                f.share.total
                    - before(f.share.vendor_order)
                        .iter()
                        .map(|line| line.credit)
                        .sum::<i64>()
            })
            .collect();
        let amounts = by_share(&frozen, &left, Money::new(amount, payment.currency), parts);
        for (frozen, amount) in frozen.iter().zip(amounts) {
            let share = &frozen.share;
            let all = components(share, frozen.commission);
            let back = refund_lines(&all, share.total, &before(share.vendor_order), amount);
            let owner = Some((share.vendor, share.vendor_order));
            lines.extend(back.into_iter().map(|line| OwnedLine { line, owner }));
        }
    }
    let booking = Booking {
        kind,
        order: payment.order_id,
        payment: Some(payment.id),
        currency: payment.currency,
        ref_type,
        ref_id,
    };
    ledger::book(&mut *tx, &booking, &lines).await?;
    Ok(())
}

/// How much of a refund each share bears: as decided, else in proportion to what is left of it.
fn by_share(frozen: &[shares::FrozenShare], left: &[i64], amount: Money, parts: &[RefundPart]) -> Vec<i64> {
    let decided: Vec<i64> = frozen
        .iter()
        .map(|f| {
            parts
                .iter()
                .filter(|p| p.vendor_order == f.share.vendor_order)
                .map(|p| p.amount)
                .sum()
        })
        .collect();
    if decided.iter().sum::<i64>() == amount.amount() {
        return decided;
    }
    amount.split(left).into_iter().map(Money::amount).collect()
}

/// The bank sent the money back: the refund's booking, the other way round.
async fn book_return(tx: &mut Tx, payment: &Payment, ref_id: &str) -> Result<(), Error> {
    let mut lines = ledger::lines(&mut **tx, "REFUND", "PAYMENT_REFUND", ref_id).await?;
    for owned in &mut lines {
        owned.line.credit = -owned.line.credit;
    }
    let booking = Booking {
        kind: "REFUND_RETURNED",
        order: payment.order_id,
        payment: Some(payment.id),
        currency: payment.currency,
        ref_type: "PAYMENT_REFUND",
        ref_id,
    };
    ledger::book(&mut *tx, &booking, &lines).await?;
    Ok(())
}
