//! Refunds (Stripe API reference: Refunds): never more than was captured, pending ones included.

use crate::{
    cards::Behaviour,
    error::{ApiError, ApiResult},
    ids,
    objects::{Charge, Refund},
    params::{self, Metadata, Params},
    state::Record,
    tx::Tx,
};

const CREATE: [&str; 8] = [
    "amount",
    "charge",
    "instructions_email",
    "metadata",
    "payment_intent",
    "reason",
    "refund_application_fee",
    "reverse_transfer",
];

pub fn create(tx: &mut Tx, p: &Params) -> ApiResult {
    p.only(&CREATE)?;
    let reason = p.one_of("reason", &["duplicate", "fraudulent", "requested_by_customer"])?;
    let metadata: Metadata = p
        .metadata()?
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let amount = p.integer("amount")?;
    let charge = charge_of(tx, p)?;
    let amount = refundable(&charge, amount)?;
    let behaviour = tx
        .state
        .methods
        .get(&charge.payment_method)
        .map(|method| method.behaviour());
    let pending = behaviour == Some(Behaviour::PendingRefund);
    let id = ids::id("re");
    let refund = Refund {
        created: tx.now(),
        charge: charge.id.clone(),
        payment_intent: charge.payment_intent.clone(),
        amount,
        currency: charge.currency.clone(),
        status: if pending { "pending" } else { "succeeded" }.to_owned(),
        reason: reason.map(str::to_owned),
        failure_reason: None,
        balance_transaction: tx.book("refund", -amount, 0, &charge, &id),
        failure_balance_transaction: None,
        metadata,
        id,
    };
    pay_back(tx, charge, &refund);
    Ok(refund.render())
}

fn charge_of(tx: &Tx, p: &Params) -> ApiResult<Charge> {
    let charge = match (p.text("charge"), p.text("payment_intent")) {
        (Some(id), None) => tx.charge(id)?,
        (None, Some(id)) => {
            let intent = tx.intent(id)?;
            let charge = intent
                .latest_charge
                .as_deref()
                .and_then(|id| tx.state.charges.get(id))
                .cloned();
            charge.ok_or_else(|| nothing_to_refund(id))?
        }
        (Some(_), Some(_)) => {
            return Err(ApiError::invalid(
                "charge",
                "Only one of payment_intent and charge may be given.",
            ));
        }
        (None, None) => {
            return Err(ApiError::invalid(
                "payment_intent",
                "One of the following params should be provided for this request: payment_intent or charge.",
            ));
        }
    };
    match charge.captured && charge.failure.is_none() {
        true => Ok(charge),
        false => Err(nothing_to_refund(&charge.payment_intent)),
    }
}

fn nothing_to_refund(intent: &str) -> ApiError {
    ApiError::refused(format!(
        "This PaymentIntent ({intent}) does not have a successful charge to refund."
    ))
    .param("payment_intent")
}

fn refundable(charge: &Charge, amount: Option<i64>) -> ApiResult<i64> {
    let rest = charge.refundable();
    let amount = amount.unwrap_or(rest);
    if charge.dispute.is_some() {
        let message = format!(
            "Charge {} has been charged back; cannot issue a refund.",
            charge.id
        );
        return Err(ApiError::refused(message).code("charge_disputed"));
    }
    if rest == 0 {
        let message = format!("Charge {} has already been refunded.", charge.id);
        return Err(ApiError::refused(message).code("charge_already_refunded"));
    }
    if amount < 1 {
        return Err(
            ApiError::invalid("amount", "This value must be greater than or equal to 1.")
                .code("parameter_invalid_integer"),
        );
    }
    if amount > rest {
        let message =
            format!("Refund amount ({amount}) is greater than unrefunded amount on charge ({rest}).");
        return Err(ApiError::refused(message).param("amount"));
    }
    Ok(amount)
}

fn pay_back(tx: &mut Tx, mut charge: Charge, refund: &Refund) {
    charge.amount_refunded += refund.amount;
    tx.put(Record::Refund(Box::new(refund.clone())));
    tx.put(Record::Charge(Box::new(charge.clone())));
    let wishes = fault_wishes(tx, refund);
    tx.emit("refund.created", refund.render(), &wishes, refund.created);
    tx.emit("charge.refunded", charge.render(), &wishes, refund.created);
    tx.emit("refund.updated", refund.render(), &wishes, refund.created);
}

/// The webhook faults that the payment asked for, overridden by those of the refund.
fn fault_wishes(tx: &Tx, refund: &Refund) -> Metadata {
    let mut wishes = tx
        .state
        .intents
        .get(&refund.payment_intent)
        .map(|i| i.metadata.clone())
        .unwrap_or_default();
    params::merge(&mut wishes, refund.metadata.clone());
    wishes
}

/// How a refund ends: a pending one succeeds or fails, a succeeded one may still be sent back by the bank.
pub fn settle(tx: &mut Tx, id: &str, succeeds: bool) -> ApiResult {
    let found = tx.state.refunds.get(id).cloned();
    let mut refund = found.ok_or_else(|| ApiError::missing_resource("refund", id, "id"))?;
    if refund.status == "failed" || (succeeds && refund.status == "succeeded") {
        return Err(ApiError::refused(format!(
            "This refund has already {}.",
            refund.status
        )));
    }
    if succeeds {
        refund.status = "succeeded".to_owned();
    } else {
        let mut charge = tx.charge(&refund.charge)?;
        charge.amount_refunded -= refund.amount;
        refund.status = "failed".to_owned();
        refund.failure_reason = Some("expired_or_canceled_card".to_owned());
        refund.failure_balance_transaction =
            Some(tx.book("refund_failure", refund.amount, 0, &charge, &refund.id));
        tx.put(Record::Charge(Box::new(charge)));
    }
    tx.put(Record::Refund(Box::new(refund.clone())));
    let wishes = fault_wishes(tx, &refund);
    tx.emit("refund.updated", refund.render(), &wishes, refund.created);
    if !succeeds {
        tx.emit("refund.failed", refund.render(), &wishes, refund.created);
    }
    Ok(refund.render())
}
