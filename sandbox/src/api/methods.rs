//! Payment methods: test cards become stored cards (Stripe API reference: PaymentMethods; Testing).

use crate::{
    cards::{self, Behaviour},
    error::{ApiError, ApiResult},
    objects::Method,
    params::Params,
    state::Record,
    tx::Tx,
};
use chrono::{DateTime, Datelike as _};

/// The method a request names: a stored one, a test card, or card data. Not stored yet.
pub fn resolve(tx: &Tx, p: &Params) -> ApiResult<Option<Method>> {
    match p.text("payment_method") {
        Some(name) => find(tx, name).map(Some),
        None if p.has("payment_method_data") => from_data(tx, p, "payment_method_data[card]").map(Some),
        None => Ok(None),
    }
}

/// `pm_card_visa` is a recipe: every use makes a new card, as in Stripe.
fn find(tx: &Tx, name: &str) -> ApiResult<Method> {
    match cards::by_name(name) {
        Some(card) => Ok(Method::of(card, tx.now())),
        None => tx.method(name),
    }
}

fn from_data(tx: &Tx, p: &Params, prefix: &str) -> ApiResult<Method> {
    if let Some(token) = p.text(&format!("{prefix}[token]")) {
        let card = cards::by_name(token).ok_or_else(|| ApiError::missing_resource("token", token, prefix))?;
        return Ok(Method::of(card, tx.now()));
    }
    let number = p.required(&format!("{prefix}[number]"))?;
    let card = cards::by_number(number)?;
    let mut method = Method::of(card, tx.now());
    let month = p
        .integer(&format!("{prefix}[exp_month]"))?
        .unwrap_or(method.exp_month);
    let year = p
        .integer(&format!("{prefix}[exp_year]"))?
        .unwrap_or(method.exp_year);
    (method.exp_month, method.exp_year) = check_expiry(month, year, tx.now())?;
    Ok(method)
}

fn check_expiry(month: i64, year: i64, now: i64) -> ApiResult<(i64, i64)> {
    let today = DateTime::from_timestamp(now, 0).unwrap_or_default();
    let year = if (0..100).contains(&year) {
        year + 2_000
    } else {
        year
    };
    if !(1..=12).contains(&month) {
        return Err(ApiError::card(
            "invalid_expiry_month",
            None,
            "Your card's expiration month is invalid.",
        ));
    }
    if (year, month) < (i64::from(today.year()), i64::from(today.month())) {
        return Err(ApiError::card(
            "invalid_expiry_year",
            None,
            "Your card's expiration year is invalid.",
        ));
    }
    Ok((month, year))
}

/// Somebody else's card is as good as none, and a used one without an owner is gone.
pub fn check_owner(method: &Method, customer: Option<&str>) -> ApiResult<()> {
    match (&method.customer, customer) {
        (Some(owner), Some(customer)) if owner == customer => Ok(()),
        (Some(_), Some(customer)) => Err(ApiError::invalid(
            "payment_method",
            format!(
                "The customer {customer} does not have a payment method with the ID {}.",
                method.id
            ),
        )
        .code("resource_missing")),
        (Some(_), None) => Err(ApiError::invalid(
            "payment_method",
            "The payment method you provided is attached to a customer so for security purposes you must provide \
             the customer in the request.",
        )),
        (None, _) if method.spent => Err(ApiError::invalid(
            "payment_method",
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, or was \
             detached from a Customer, and may not be used again.",
        )),
        (None, _) => Ok(()),
    }
}

/// What Stripe.js does with the card form.
pub fn create(tx: &mut Tx, p: &Params) -> ApiResult {
    p.only(&["type", "card", "billing_details", "metadata", "allow_redisplay"])?;
    if p.required("type")? != "card" {
        return Err(ApiError::invalid("type", "This provider only knows cards."));
    }
    let method = from_data(tx, p, "card")?;
    tx.put(Record::Method(Box::new(method.clone())));
    Ok(method.render())
}

pub fn retrieve(tx: &mut Tx, id: &str, p: &Params) -> ApiResult {
    p.only(&[])?;
    let method = find(tx, id)?;
    if tx.state.methods.get(&method.id).is_none() {
        tx.put(Record::Method(Box::new(method.clone())));
    }
    Ok(method.render())
}

pub fn attach(tx: &mut Tx, id: &str, p: &Params) -> ApiResult {
    p.only(&["customer"])?;
    let customer = p.required("customer")?.to_owned();
    tx.customer(&customer, "customer")?;
    let mut method = find(tx, id)?;
    if method.customer.as_ref().is_some_and(|owner| *owner != customer) {
        return Err(ApiError::refused(
            "The payment method you provided has already been attached to a customer.",
        ));
    }
    check_owner(&method, Some(&customer))?;
    if let Behaviour::Decline(decline) = method.behaviour() {
        return Err(decline.error());
    }
    method.customer = Some(customer);
    tx.put(Record::Method(Box::new(method.clone())));
    Ok(method.render())
}

pub fn detach(tx: &mut Tx, id: &str, p: &Params) -> ApiResult {
    p.only(&[])?;
    let mut method = tx.method(id)?;
    if method.customer.is_none() {
        return Err(ApiError::refused(
            "The payment method you provided is not attached to a customer so detachment is impossible.",
        ));
    }
    method.customer = None;
    method.spent = true;
    tx.put(Record::Method(Box::new(method.clone())));
    Ok(method.render())
}
