//! Taking authorized money, at once or in parts (Stripe API reference: Capture a PaymentIntent).

use super::{disputes, intents};
use crate::{
    cards::Behaviour,
    error::{ApiError, ApiResult},
    money,
    objects::{Charge, Intent, Status},
    params::{self, Params},
    state::Record,
    tx::Tx,
};

const CAPTURE: [&str; 7] = [
    "amount_to_capture",
    "application_fee_amount",
    "final_capture",
    "metadata",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_data",
];

pub fn capture(tx: &mut Tx, id: &str, p: &Params) -> ApiResult {
    p.only(&CAPTURE)?;
    let mut intent = tx.intent(id)?;
    let last = p.text("final_capture").is_none() || p.flag("final_capture")?;
    let amount = p.integer("amount_to_capture")?;
    let metadata = p.metadata()?;
    if intent.status != Status::RequiresCapture {
        return Err(intents::unexpected(&intent, "could not be captured"));
    }
    if !last && !intent.multicapture {
        return Err(ApiError::invalid(
            "final_capture",
            "This PaymentIntent does not support multiple captures: it was confirmed without request_multicapture.",
        ));
    }
    let amount = allowed(&intent, amount.unwrap_or(intent.amount_capturable), last)?;
    let charge = tx.charge(intent.latest_charge.as_deref().unwrap_or_default())?;
    params::merge(&mut intent.metadata, metadata);
    Ok(take(tx, intent, charge, amount, last).render())
}

fn allowed(intent: &Intent, amount: i64, last: bool) -> ApiResult<i64> {
    // A final capture of nothing releases the rest of a multicapture.
    let least = i64::from(!(last && intent.amount_received > 0));
    if amount < least {
        return Err(ApiError::invalid(
            "amount_to_capture",
            format!("This value must be at least {least}."),
        )
        .code("parameter_invalid_integer"));
    }
    if amount > intent.amount_capturable {
        let message = format!(
            "The amount to capture ({amount}) is greater than the amount that can be captured ({}).",
            intent.amount_capturable
        );
        return Err(ApiError::refused(message)
            .code("amount_too_large")
            .param("amount_to_capture"));
    }
    Ok(amount)
}

/// Books `amount` as captured. After the last capture the rest of the authorization is released.
pub fn take(tx: &mut Tx, mut intent: Intent, mut charge: Charge, amount: i64, last: bool) -> Intent {
    charge.captured = true;
    charge.amount_captured += amount;
    if amount > 0 {
        let source = charge.id.clone();
        charge.balance_transaction = Some(tx.book("charge", amount, money::fee(amount), &charge, &source));
    }
    intent.amount_received += amount;
    intent.amount_capturable = if last {
        0
    } else {
        intent.amount_capturable - amount
    };
    if last {
        intent.status = Status::Succeeded;
    }
    tx.put(Record::Charge(Box::new(charge.clone())));
    tx.put(Record::Intent(Box::new(intent.clone())));
    tx.emit_intent(
        if last {
            "payment_intent.succeeded"
        } else {
            "payment_intent.amount_capturable_updated"
        },
        &intent,
    );
    let behaviour = tx
        .state
        .methods
        .get(&charge.payment_method)
        .map(|method| method.behaviour());
    if last && behaviour == Some(Behaviour::Dispute) {
        disputes::open(tx, charge, &intent);
    }
    intent
}
