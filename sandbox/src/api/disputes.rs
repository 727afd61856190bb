//! Disputes (Stripe API reference: Disputes): the holder takes the money back at the bank, for a fee.

use crate::{
    error::{ApiError, ApiResult},
    ids, money,
    objects::{Charge, Dispute, Intent},
    state::Record,
    tx::Tx,
};

/// Withdraws what was captured, plus the dispute fee.
pub fn open(tx: &mut Tx, mut charge: Charge, intent: &Intent) {
    let id = ids::id("dp");
    let txn = tx.book(
        "adjustment",
        -charge.refundable(),
        money::DISPUTE_FEE,
        &charge,
        &id,
    );
    let dispute = Dispute {
        created: tx.now(),
        charge: charge.id.clone(),
        payment_intent: intent.id.clone(),
        amount: charge.refundable(),
        currency: charge.currency.clone(),
        status: "needs_response".to_owned(),
        balance_transactions: vec![txn],
        id,
    };
    charge.dispute = Some(dispute.id.clone());
    tx.put(Record::Charge(Box::new(charge)));
    tx.put(Record::Dispute(Box::new(dispute.clone())));
    tx.emit(
        "charge.dispute.created",
        dispute.render(),
        &intent.metadata,
        intent.created,
    );
}

/// Won: the amount returns, the fee does not. Lost: everything stays as it is.
pub fn close(tx: &mut Tx, id: &str, won: bool) -> ApiResult {
    let found = tx.state.disputes.get(id).cloned();
    let mut dispute = found.ok_or_else(|| ApiError::missing_resource("dispute", id, "id"))?;
    if dispute.status != "needs_response" {
        return Err(ApiError::refused(format!(
            "This dispute is already {}.",
            dispute.status
        )));
    }
    let (charge, intent) = (tx.charge(&dispute.charge)?, tx.intent(&dispute.payment_intent)?);
    if won {
        let txn = tx.book("adjustment", dispute.amount, 0, &charge, &dispute.id);
        dispute.balance_transactions.push(txn);
    }
    dispute.status = if won { "won" } else { "lost" }.to_owned();
    tx.put(Record::Dispute(Box::new(dispute.clone())));
    tx.emit(
        "charge.dispute.closed",
        dispute.render(),
        &intent.metadata,
        intent.created,
    );
    Ok(dispute.render())
}
