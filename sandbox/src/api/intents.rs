//! Payment intents: create, read, change, cancel (Stripe API reference: PaymentIntents).

use super::{check_client_secret, confirm, methods, return_url};
use crate::{
    auth::Access,
    error::{ApiError, ApiResult},
    ids, money,
    objects::{CaptureMethod, Intent, Status},
    params::{self, Metadata, Params},
    state::Record,
    tx::Tx,
};

/// Everything Stripe accepts here. What this provider does not model is accepted and ignored.
const CREATE: [&str; 31] = [
    "amount",
    "currency",
    "application_fee_amount",
    "automatic_payment_methods",
    "capture_method",
    "confirm",
    "confirmation_method",
    "customer",
    "description",
    "error_on_requires_action",
    "mandate",
    "mandate_data",
    "metadata",
    "off_session",
    "on_behalf_of",
    "payment_method",
    "payment_method_configuration",
    "payment_method_data",
    "payment_method_options",
    "payment_method_types",
    "radar_options",
    "receipt_email",
    "return_url",
    "setup_future_usage",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_data",
    "transfer_group",
    "use_stripe_sdk",
    "confirmation_token",
];

const UPDATE: [&str; 13] = [
    "amount",
    "currency",
    "customer",
    "description",
    "metadata",
    "payment_method",
    "payment_method_data",
    "receipt_email",
    "setup_future_usage",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
];

pub fn create(tx: &mut Tx, p: &Params) -> ApiResult {
    p.only(&CREATE)?;
    let mut intent = draft(tx, p)?;
    let ask = confirm::Ask::parse(p)?;
    let method = methods::resolve(tx, p)?;
    if let Some(method) = &method {
        methods::check_owner(method, intent.customer.as_deref())?;
    }
    let confirmed = p.flag("confirm")?;
    if confirmed && method.is_none() {
        return Err(confirm::method_missing(None));
    }
    if let Some(method) = &method {
        intent.status = Status::RequiresConfirmation;
        intent.payment_method = Some(method.id.clone());
        tx.put(Record::Method(Box::new(method.clone())));
    }
    tx.put(Record::Intent(Box::new(intent.clone())));
    tx.emit_intent("payment_intent.created", &intent);
    match method {
        Some(method) if confirmed => confirm::attempt(tx, intent, method, &ask),
        _ => Ok(intent.render()),
    }
}

fn draft(tx: &Tx, p: &Params) -> ApiResult<Intent> {
    p.required("amount")?;
    let currency = money::currency(p.required("currency")?)?;
    let amount = money::charge_amount(p.integer("amount")?.unwrap_or_default(), &currency)?;
    if let Some(id) = p.text("customer") {
        tx.customer(id, "customer")?;
    }
    let id = ids::id("pi");
    Ok(Intent {
        client_secret: ids::client_secret(&id),
        id,
        created: tx.now(),
        status: Status::RequiresPaymentMethod,
        amount,
        currency,
        amount_capturable: 0,
        amount_received: 0,
        capture_method: capture_method(p)?,
        multicapture: confirm::wants_multicapture(p)?,
        customer: p.owned("customer"),
        payment_method: None,
        setup_future_usage: future_usage(p)?,
        off_session: false,
        latest_charge: None,
        last_payment_error: None,
        action_url: None,
        return_url: return_url(p)?,
        canceled_at: None,
        cancellation_reason: None,
        metadata: p
            .metadata()?
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect(),
        texts: texts(p),
    })
}

fn capture_method(p: &Params) -> ApiResult<CaptureMethod> {
    let allowed = ["automatic", "automatic_async", "manual"];
    let card = p.one_of("payment_method_options[card][capture_method]", &["manual"])?;
    Ok(match card.or(p.one_of("capture_method", &allowed)?) {
        Some("manual") => CaptureMethod::Manual,
        _ => CaptureMethod::Automatic,
    })
}

fn future_usage(p: &Params) -> ApiResult<Option<String>> {
    Ok(p.one_of("setup_future_usage", &["on_session", "off_session"])?
        .map(str::to_owned))
}

fn texts(p: &Params) -> Metadata {
    Intent::TEXTS
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), p.owned(name)?)))
        .collect()
}

pub fn retrieve(tx: &mut Tx, id: &str, p: &Params, access: Access) -> ApiResult {
    p.only(&["client_secret"])?;
    let intent = tx.intent(id)?;
    check_client_secret(&intent.client_secret, p, access)?;
    Ok(intent.render())
}

pub fn update(tx: &mut Tx, id: &str, p: &Params) -> ApiResult {
    p.only(&UPDATE)?;
    let mut intent = tx.intent(id)?;
    let changes_payment = [
        "amount",
        "currency",
        "customer",
        "payment_method",
        "payment_method_data",
    ]
    .iter()
    .any(|name| p.has(name));
    if changes_payment && !intent.status.is_open() {
        return Err(unexpected(&intent, "could not be updated"));
    }
    let currency = p
        .text("currency")
        .map_or(Ok(intent.currency.clone()), money::currency)?;
    intent.amount = money::charge_amount(p.integer("amount")?.unwrap_or(intent.amount), &currency)?;
    intent.currency = currency;
    if let Some(customer) = p.text("customer") {
        tx.customer(customer, "customer")?;
        intent.customer = Some(customer.to_owned());
    }
    intent.setup_future_usage = future_usage(p)?.or(intent.setup_future_usage);
    params::merge(&mut intent.metadata, p.metadata()?);
    intent.texts.extend(texts(p));
    if let Some(method) = methods::resolve(tx, p)? {
        methods::check_owner(&method, intent.customer.as_deref())?;
        intent.payment_method = Some(method.id.clone());
        intent.status = Status::RequiresConfirmation;
        intent.action_url = None;
        tx.put(Record::Method(Box::new(method)));
    }
    tx.put(Record::Intent(Box::new(intent.clone())));
    Ok(intent.render())
}

pub fn cancel(tx: &mut Tx, id: &str, p: &Params) -> ApiResult {
    p.only(&["cancellation_reason"])?;
    let reasons = ["duplicate", "fraudulent", "requested_by_customer", "abandoned"];
    let reason = p.one_of("cancellation_reason", &reasons)?;
    let intent = tx.intent(id)?;
    // Stripe: money of an earlier partial capture can only be refunded.
    let capturing = intent.status == Status::RequiresCapture && intent.amount_received > 0;
    let cancelable = intent.status.is_open() || intent.status == Status::RequiresCapture;
    if !cancelable || capturing {
        return Err(unexpected(&intent, "could not be canceled"));
    }
    Ok(close(tx, intent, reason).render())
}

/// Cancels without asking: also how an authorization expires (reason `automatic`).
pub fn close(tx: &mut Tx, mut intent: Intent, reason: Option<&str>) -> Intent {
    intent.status = Status::Canceled;
    intent.canceled_at = Some(tx.now());
    intent.cancellation_reason = reason.map(str::to_owned);
    intent.amount_capturable = 0;
    intent.action_url = None;
    tx.put(Record::Intent(Box::new(intent.clone())));
    tx.emit_intent("payment_intent.canceled", &intent);
    intent
}

/// Stripe's answer when the status does not allow the call; it carries the intent as it is.
pub fn unexpected(intent: &Intent, what: &str) -> ApiError {
    ApiError::refused(format!(
        "This PaymentIntent {what} because it has a status of {}.",
        intent.status.as_str()
    ))
    .code("payment_intent_unexpected_state")
    .attach("payment_intent", intent.render())
}
