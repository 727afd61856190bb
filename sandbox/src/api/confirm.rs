//! Confirming an intent: the attempt to take the money, its approval, its refusal, and 3-D Secure in between
//! (Stripe documentation: PaymentIntent lifecycle).

use super::{capture, check_client_secret, intents, methods, return_url};
use crate::{
    auth::Access,
    cards::{Behaviour, Decline},
    error::{ApiError, ApiResult},
    ids,
    objects::{CaptureMethod, Charge, Intent, Method, Status},
    params::Params,
    state::Record,
    tx::Tx,
};
use serde_json::json;

const CONFIRM: [&str; 17] = [
    "capture_method",
    "client_secret",
    "confirmation_token",
    "error_on_requires_action",
    "mandate",
    "mandate_data",
    "off_session",
    "payment_method",
    "payment_method_data",
    "payment_method_options",
    "payment_method_types",
    "radar_options",
    "receipt_email",
    "return_url",
    "setup_future_usage",
    "shipping",
    "use_stripe_sdk",
];

/// How the merchant wants the attempt to go.
pub struct Ask {
    off_session: bool,
    /// Rather fail than bother the customer.
    error_on_action: bool,
    force_3ds: bool,
}

impl Ask {
    pub fn parse(p: &Params) -> ApiResult<Self> {
        let secure = p.one_of(
            "payment_method_options[card][request_three_d_secure]",
            &["automatic", "any", "challenge"],
        )?;
        Ok(Self {
            off_session: matches!(p.text("off_session"), Some("true" | "one_off" | "recurring")),
            error_on_action: p.flag("error_on_requires_action")?,
            force_3ds: matches!(secure, Some("any" | "challenge")),
        })
    }
}

pub fn wants_multicapture(p: &Params) -> ApiResult<bool> {
    let name = "payment_method_options[card][request_multicapture]";
    Ok(p.one_of(name, &["if_available", "never"])? == Some("if_available"))
}

pub fn confirm(tx: &mut Tx, id: &str, p: &Params, access: Access) -> ApiResult {
    p.only(&CONFIRM)?;
    let mut intent = tx.intent(id)?;
    check_client_secret(&intent.client_secret, p, access)?;
    if !intent.status.is_open() {
        return Err(intents::unexpected(&intent, "could not be confirmed"));
    }
    let ask = Ask::parse(p)?;
    intent.return_url = return_url(p)?.or(intent.return_url);
    intent.multicapture |= wants_multicapture(p)?;
    let given = methods::resolve(tx, p)?;
    let method = match (given, &intent.payment_method) {
        (Some(method), _) => method,
        (None, Some(id)) => tx.method(id)?,
        (None, None) => return Err(method_missing(Some(&intent))),
    };
    methods::check_owner(&method, intent.customer.as_deref())?;
    if let Some(usage) = p.one_of("setup_future_usage", &["on_session", "off_session"])? {
        intent.setup_future_usage = Some(usage.to_owned());
    }
    tx.put(Record::Method(Box::new(method.clone())));
    attempt(tx, intent, method, &ask)
}

pub fn method_missing(intent: Option<&Intent>) -> ApiError {
    let error = ApiError::refused(
        "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the \
         PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment \
         method.",
    )
    .code("payment_intent_unexpected_state");
    match intent {
        Some(intent) => error.attach("payment_intent", intent.render()),
        None => error,
    }
}

pub fn attempt(tx: &mut Tx, mut intent: Intent, method: Method, ask: &Ask) -> ApiResult {
    intent.payment_method = Some(method.id.clone());
    intent.off_session = ask.off_session;
    intent.last_payment_error = None;
    intent.action_url = None;
    let refusal = match method.behaviour() {
        Behaviour::Decline(decline) | Behaviour::DeclineCharges(decline) => Some(decline.error()),
        _ => None,
    };
    if let Some(error) = refusal {
        return Err(fail(tx, intent, &method, error));
    }
    if needs_action(&method, ask) {
        if ask.off_session || ask.error_on_action {
            return Err(fail(tx, intent, &method, authentication_required()));
        }
        intent.status = Status::RequiresAction;
        intent.action_url = Some(format!("{}/3ds/{}", tx.public_url, intent.id));
        tx.put(Record::Intent(Box::new(intent.clone())));
        tx.emit_intent("payment_intent.requires_action", &intent);
        return Ok(intent.render());
    }
    if intent
        .metadata
        .get("sandbox_async")
        .is_some_and(|value| value == "true")
    {
        intent.status = Status::Processing;
        tx.put(Record::Intent(Box::new(intent.clone())));
        tx.emit_intent("payment_intent.processing", &intent);
        return Ok(intent.render());
    }
    Ok(approve(tx, intent, method).render())
}

fn needs_action(method: &Method, ask: &Ask) -> bool {
    match method.behaviour() {
        Behaviour::Authenticate { every_time, .. } => every_time || !method.set_up || ask.force_3ds,
        _ => ask.force_3ds,
    }
}

fn authentication_required() -> ApiError {
    let message = "Your card was declined. This transaction requires authentication.";
    ApiError::card(
        "authentication_required",
        Some("authentication_required"),
        message,
    )
}

/// What the customer decided on the 3-D Secure page, or how asynchronous processing ended.
pub fn conclude(tx: &mut Tx, id: &str, authorized: bool) -> ApiResult<Intent> {
    let intent = tx.intent(id)?;
    if !matches!(intent.status, Status::RequiresAction | Status::Processing) {
        return Err(intents::unexpected(&intent, "is not waiting for an outcome"));
    }
    let method = tx.method(intent.payment_method.as_deref().unwrap_or_default())?;
    let later = match method.behaviour() {
        Behaviour::Authenticate { then, .. } => then,
        _ => None,
    };
    match (authorized, later) {
        (true, None) => Ok(approve(tx, intent, method)),
        (true, Some(decline)) => failed(tx, intent, &method, decline.error()),
        (false, _) if intent.status == Status::Processing => failed(tx, intent, &method, generic().error()),
        (false, _) => failed(tx, intent, &method, authentication_failed()),
    }
}

/// An authorization lapses after about seven days; the provider then cancels by itself.
pub fn expire(tx: &mut Tx, id: &str) -> ApiResult {
    let intent = tx.intent(id)?;
    match intent.status {
        Status::RequiresCapture => Ok(intents::close(tx, intent, Some("automatic")).render()),
        _ => Err(intents::unexpected(&intent, "has no authorization to expire")),
    }
}

fn generic() -> Decline {
    Decline {
        code: "card_declined",
        decline_code: Some("generic_decline"),
        message: "Your card was declined.",
    }
}

fn authentication_failed() -> ApiError {
    let message = "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new \
                   PaymentMethod to attempt to fulfill this PaymentIntent again.";
    ApiError::invalid("", message).code("payment_intent_authentication_failure")
}

fn failed(tx: &mut Tx, intent: Intent, method: &Method, error: ApiError) -> ApiResult<Intent> {
    let id = intent.id.clone();
    // The caller is the customer's page: the refusal is the intent's, not the page's.
    drop(fail(tx, intent, method, error));
    tx.intent(&id)
}

/// Back to `requires_payment_method`, with the error on the intent and, for cards, a failed charge.
fn fail(tx: &mut Tx, mut intent: Intent, method: &Method, error: ApiError) -> ApiError {
    let mut error = error.attach("payment_method", method.render());
    if error.status() == 402 {
        let mut charge = charge(tx, &intent, method);
        charge.failure = Some(error.details());
        error = error.attach("charge", json!(charge.id));
        intent.latest_charge = Some(charge.id.clone());
        tx.put(Record::Charge(Box::new(charge)));
    }
    intent.status = Status::RequiresPaymentMethod;
    intent.payment_method = None;
    intent.action_url = None;
    intent.last_payment_error = Some(error.details());
    tx.put(Record::Intent(Box::new(intent.clone())));
    tx.emit_intent("payment_intent.payment_failed", &intent);
    error.attach("payment_intent", intent.render())
}

/// The issuer said yes: capture now, or wait for the capture.
fn approve(tx: &mut Tx, mut intent: Intent, mut method: Method) -> Intent {
    let charge = charge(tx, &intent, &method);
    intent.latest_charge = Some(charge.id.clone());
    intent.action_url = None;
    match (&intent.customer, &intent.setup_future_usage) {
        (Some(customer), Some(_)) => {
            method.customer = Some(customer.clone());
            method.set_up = true;
        }
        _ => method.spent |= method.customer.is_none(),
    }
    tx.put(Record::Method(Box::new(method)));
    if intent.capture_method == CaptureMethod::Automatic {
        let amount = intent.amount;
        return capture::take(tx, intent, charge, amount, true);
    }
    intent.status = Status::RequiresCapture;
    intent.amount_capturable = intent.amount;
    tx.put(Record::Charge(Box::new(charge)));
    tx.put(Record::Intent(Box::new(intent.clone())));
    tx.emit_intent("payment_intent.amount_capturable_updated", &intent);
    intent
}

fn charge(tx: &Tx, intent: &Intent, method: &Method) -> Charge {
    Charge {
        id: ids::id("ch"),
        created: tx.now(),
        payment_intent: intent.id.clone(),
        customer: intent.customer.clone(),
        payment_method: method.id.clone(),
        card: method.card(),
        amount: intent.amount,
        currency: intent.currency.clone(),
        amount_captured: 0,
        amount_refunded: 0,
        captured: false,
        balance_transaction: None,
        dispute: None,
        failure: None,
        metadata: intent.metadata.clone(),
    }
}
