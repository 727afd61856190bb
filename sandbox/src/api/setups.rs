//! Setup intents: a card is checked and attached, nothing is charged (Stripe API reference: SetupIntents).

use super::{check_client_secret, methods, return_url};
use crate::{
    auth::Access,
    cards::Behaviour,
    error::{ApiError, ApiResult},
    ids,
    objects::{Method, Setup, Status},
    params::Params,
    state::Record,
    tx::Tx,
};

const CREATE: [&str; 15] = [
    "automatic_payment_methods",
    "confirm",
    "customer",
    "description",
    "mandate_data",
    "metadata",
    "on_behalf_of",
    "payment_method",
    "payment_method_configuration",
    "payment_method_data",
    "payment_method_options",
    "payment_method_types",
    "return_url",
    "usage",
    "use_stripe_sdk",
];

const CONFIRM: [&str; 7] = [
    "client_secret",
    "mandate_data",
    "payment_method",
    "payment_method_data",
    "payment_method_options",
    "return_url",
    "use_stripe_sdk",
];

pub fn create(tx: &mut Tx, p: &Params) -> ApiResult {
    p.only(&CREATE)?;
    if let Some(id) = p.text("customer") {
        tx.customer(id, "customer")?;
    }
    let id = ids::id("seti");
    let mut setup = Setup {
        client_secret: ids::client_secret(&id),
        id,
        created: tx.now(),
        status: Status::RequiresPaymentMethod,
        customer: p.owned("customer"),
        payment_method: None,
        usage: p
            .one_of("usage", &["off_session", "on_session"])?
            .unwrap_or("off_session")
            .to_owned(),
        last_setup_error: None,
        action_url: None,
        return_url: return_url(p)?,
        metadata: p.metadata()?,
    };
    let method = methods::resolve(tx, p)?;
    let confirmed = p.flag("confirm")?;
    match &method {
        Some(method) => methods::check_owner(method, setup.customer.as_deref())?,
        None if confirmed => return Err(method_missing()),
        None => {}
    }
    if let Some(method) = &method {
        setup.status = Status::RequiresConfirmation;
        setup.payment_method = Some(method.id.clone());
        tx.put(Record::Method(Box::new(method.clone())));
    }
    save(tx, &setup, "setup_intent.created");
    match method {
        Some(method) if confirmed => attempt(tx, setup, method),
        _ => Ok(setup.render()),
    }
}

fn find(tx: &Tx, id: &str) -> ApiResult<Setup> {
    let found = tx.state.setups.get(id).cloned();
    found.ok_or_else(|| ApiError::missing_resource("setup_intent", id, "intent"))
}

pub fn retrieve(tx: &mut Tx, id: &str, p: &Params, access: Access) -> ApiResult {
    p.only(&["client_secret"])?;
    let setup = find(tx, id)?;
    check_client_secret(&setup.client_secret, p, access)?;
    Ok(setup.render())
}

pub fn confirm(tx: &mut Tx, id: &str, p: &Params, access: Access) -> ApiResult {
    p.only(&CONFIRM)?;
    let mut setup = find(tx, id)?;
    check_client_secret(&setup.client_secret, p, access)?;
    if !setup.status.is_open() {
        return Err(unexpected(&setup, "confirm"));
    }
    setup.return_url = return_url(p)?.or(setup.return_url);
    let method = match (methods::resolve(tx, p)?, &setup.payment_method) {
        (Some(method), _) => method,
        (None, Some(id)) => tx.method(id)?,
        (None, None) => return Err(method_missing()),
    };
    methods::check_owner(&method, setup.customer.as_deref())?;
    tx.put(Record::Method(Box::new(method.clone())));
    attempt(tx, setup, method)
}

pub fn cancel(tx: &mut Tx, id: &str, p: &Params) -> ApiResult {
    p.only(&["cancellation_reason"])?;
    let mut setup = find(tx, id)?;
    if !setup.status.is_open() {
        return Err(unexpected(&setup, "cancel"));
    }
    setup.status = Status::Canceled;
    setup.action_url = None;
    save(tx, &setup, "setup_intent.canceled");
    Ok(setup.render())
}

fn attempt(tx: &mut Tx, mut setup: Setup, method: Method) -> ApiResult {
    setup.payment_method = Some(method.id.clone());
    setup.last_setup_error = None;
    match method.behaviour() {
        Behaviour::Decline(decline) => {
            let error = decline.error();
            let setup = fail(tx, setup, &error);
            Err(error.attach("setup_intent", setup.render()))
        }
        Behaviour::Authenticate { .. } => {
            setup.status = Status::RequiresAction;
            setup.action_url = Some(format!("{}/3ds/{}", tx.public_url, setup.id));
            save(tx, &setup, "setup_intent.requires_action");
            Ok(setup.render())
        }
        _ => Ok(succeed(tx, setup, method).render()),
    }
}

/// What the customer decided on the 3-D Secure page.
pub fn conclude(tx: &mut Tx, id: &str, authorized: bool) -> ApiResult<Setup> {
    let setup = find(tx, id)?;
    if setup.status != Status::RequiresAction {
        return Err(unexpected(&setup, "conclude"));
    }
    let method = tx.method(setup.payment_method.as_deref().unwrap_or_default())?;
    if authorized {
        return Ok(succeed(tx, setup, method));
    }
    let error = ApiError::invalid(
        "",
        "The latest attempt to set up the payment method has failed authentication.",
    )
    .code("setup_intent_authentication_failure");
    Ok(fail(tx, setup, &error))
}

fn succeed(tx: &mut Tx, mut setup: Setup, mut method: Method) -> Setup {
    method.set_up = true;
    method.customer = setup.customer.clone().or(method.customer);
    setup.status = Status::Succeeded;
    setup.action_url = None;
    tx.put(Record::Method(Box::new(method)));
    save(tx, &setup, "setup_intent.succeeded");
    setup
}

fn fail(tx: &mut Tx, mut setup: Setup, error: &ApiError) -> Setup {
    setup.status = Status::RequiresPaymentMethod;
    setup.payment_method = None;
    setup.action_url = None;
    setup.last_setup_error = Some(error.details());
    save(tx, &setup, "setup_intent.setup_failed");
    setup
}

fn save(tx: &mut Tx, setup: &Setup, event: &str) {
    tx.put(Record::Setup(Box::new(setup.clone())));
    tx.emit(event, setup.render(), &setup.metadata, setup.created);
}

fn unexpected(setup: &Setup, verb: &str) -> ApiError {
    let message = format!(
        "You cannot {verb} this SetupIntent because it has a status of {}.",
        setup.status.as_str()
    );
    ApiError::refused(message)
        .code("setup_intent_unexpected_state")
        .attach("setup_intent", setup.render())
}

fn method_missing() -> ApiError {
    ApiError::refused("You cannot confirm this SetupIntent because it's missing a payment method.")
        .code("setup_intent_unexpected_state")
}
