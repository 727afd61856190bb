//! The operations of `/v1`: which address calls what, and with which key.

pub mod capture;
pub mod confirm;
mod customers;
pub mod disputes;
mod intents;
pub mod methods;
mod reads;
pub mod refunds;
pub mod setups;

use crate::{
    auth::{self, Access},
    error::{ApiError, ApiResult},
    params::Params,
    tx::Tx,
};
use serde_json::Value;

/// One call of the API, already authenticated and parsed.
pub struct Call<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub params: &'a Params,
    pub access: Access,
}

pub fn dispatch(tx: &mut Tx, call: &Call) -> ApiResult {
    let path = call.path.trim_start_matches("/v1/").trim_end_matches('/');
    let segments: Vec<&str> = path.split('/').collect();
    if call.access == Access::Publishable && !is_public(call.method, &segments) {
        return Err(auth::secret_key_required());
    }
    let (p, access) = (call.params, call.access);
    match (call.method, segments.as_slice()) {
        ("POST", ["payment_intents"]) => intents::create(tx, p),
        ("GET", ["payment_intents"]) => reads::intents(tx, p),
        ("GET", ["payment_intents", id]) => intents::retrieve(tx, id, p, access),
        ("POST", ["payment_intents", id]) => intents::update(tx, id, p),
        ("POST", ["payment_intents", id, "confirm"]) => confirm::confirm(tx, id, p, access),
        ("POST", ["payment_intents", id, "capture"]) => capture::capture(tx, id, p),
        ("POST", ["payment_intents", id, "cancel"]) => intents::cancel(tx, id, p),
        ("POST", ["refunds"]) => refunds::create(tx, p),
        ("POST", ["customers"]) => customers::create(tx, p),
        ("POST", ["customers", id]) => customers::update(tx, id, p),
        ("GET", ["customers", id, "payment_methods"]) => reads::methods(tx, p, Some(id)),
        ("POST", ["setup_intents"]) => setups::create(tx, p),
        ("GET", ["setup_intents", id]) => setups::retrieve(tx, id, p, access),
        ("POST", ["setup_intents", id, "confirm"]) => setups::confirm(tx, id, p, access),
        ("POST", ["setup_intents", id, "cancel"]) => setups::cancel(tx, id, p),
        ("POST", ["payment_methods"]) => methods::create(tx, p),
        ("GET", ["payment_methods"]) => reads::methods(tx, p, None),
        ("GET", ["payment_methods", id]) => methods::retrieve(tx, id, p),
        ("POST", ["payment_methods", id, "attach"]) => methods::attach(tx, id, p),
        ("POST", ["payment_methods", id, "detach"]) => methods::detach(tx, id, p),
        ("GET", other) => reads::read(tx, other, p, call.path),
        _ => Err(ApiError::unknown_url(call.method, call.path)),
    }
}

/// What a browser may call, each time with the client secret of the object it is about.
fn is_public(method: &str, segments: &[&str]) -> bool {
    matches!(
        (method, segments),
        ("GET", ["payment_intents" | "setup_intents", _])
            | ("POST", ["payment_intents" | "setup_intents", _, "confirm"])
            | ("POST", ["payment_methods"])
    )
}

/// Removes what a publishable key may not see, from a reply or from the intent inside an error.
pub fn redact(body: &mut Value) {
    if let Some(intent) = body.pointer_mut("/error/payment_intent") {
        redact(intent);
    }
    let Some(fields) = body.as_object_mut() else {
        return;
    };
    if fields
        .get("object")
        .is_some_and(|object| object == "payment_intent" || object == "setup_intent")
    {
        for name in [
            "customer",
            "metadata",
            "application_fee_amount",
            "transfer_group",
            "latest_charge",
        ] {
            fields.remove(name);
        }
    }
}

/// The browser proves itself with the client secret; the server may send it along.
fn check_client_secret(expected: &str, params: &Params, access: Access) -> ApiResult<()> {
    let given = match access {
        Access::Publishable => params.required("client_secret")?,
        Access::Secret => params.text("client_secret").unwrap_or(expected),
    };
    match auth::same(given, expected) {
        true => Ok(()),
        false => Err(ApiError::invalid(
            "client_secret",
            "The client_secret provided does not match the intent.",
        )),
    }
}

/// An address for the customer to come back to; apps have schemes of their own. A scheme that runs or shows code
/// has no business in a redirect.
fn return_url(params: &Params) -> ApiResult<Option<String>> {
    let Some(text) = params.text("return_url") else {
        return Ok(None);
    };
    let refused = ["javascript", "data", "vbscript", "file", "blob"];
    match reqwest::Url::parse(text) {
        Ok(url) if !refused.contains(&url.scheme()) => Ok(Some(url.to_string())),
        _ => Err(ApiError::invalid("return_url", "Not a valid URL.").code("url_invalid")),
    }
}
