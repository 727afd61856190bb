//! Saving a card for later without charging it (Stripe API reference: SetupIntents).

use super::Status;
use crate::{params::Metadata, table::Row};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Setup {
    pub id: String,
    pub client_secret: String,
    pub created: i64,
    pub status: Status,
    pub customer: Option<String>,
    pub payment_method: Option<String>,
    pub usage: String,
    pub last_setup_error: Option<Value>,
    pub action_url: Option<String>,
    pub return_url: Option<String>,
    pub metadata: Metadata,
}

impl Setup {
    pub fn render(&self) -> Value {
        json!({
            "id": self.id,
            "object": "setup_intent",
            "cancellation_reason": null,
            "client_secret": self.client_secret,
            "created": self.created,
            "customer": self.customer,
            "last_setup_error": self.last_setup_error,
            "livemode": false,
            "metadata": self.metadata,
            "next_action": super::redirect(self.action_url.as_ref(), self.return_url.as_ref()),
            "payment_method": self.payment_method,
            "payment_method_types": ["card"],
            "status": self.status.as_str(),
            "usage": self.usage,
        })
    }
}

impl Row for Setup {
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> i64 {
        self.created
    }
    fn groups(&self) -> Vec<&str> {
        self.customer.as_deref().into_iter().collect()
    }
}
