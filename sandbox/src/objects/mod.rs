//! What the provider stores, and how each thing looks in Stripe's JSON.

mod charge;
mod intent;
mod ledger;
mod method;
mod people;
mod refund;
mod setup;

pub use charge::{Charge, Dispute};
pub use intent::{CaptureMethod, Intent, Status};
pub use ledger::{Totals, Txn};
pub use method::Method;
pub use people::{Customer, EventRow};
pub use refund::Refund;
pub use setup::Setup;

use serde_json::{Value, json};

/// A list as Stripe wraps it (Stripe API reference: Pagination).
pub fn list(url: &str, data: Vec<Value>, has_more: bool) -> Value {
    json!({ "object": "list", "url": url, "has_more": has_more, "data": data })
}

/// `next_action` of an intent that waits for 3-D Secure.
fn redirect(url: Option<&String>, return_url: Option<&String>) -> Value {
    match url {
        Some(url) => json!({
            "type": "redirect_to_url",
            "redirect_to_url": { "url": url, "return_url": return_url },
        }),
        None => Value::Null,
    }
}
