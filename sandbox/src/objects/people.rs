//! Customers, and the events that tell what happened (Stripe API reference: Customers, Events).

use crate::{params::Metadata, table::Row};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Customer {
    pub id: String,
    pub created: i64,
    pub texts: Metadata,
    pub metadata: Metadata,
}

impl Customer {
    pub const TEXTS: [&str; 4] = ["email", "name", "phone", "description"];

    pub fn render(&self) -> Value {
        let mut object = json!({
            "id": self.id,
            "object": "customer",
            "balance": 0,
            "created": self.created,
            "currency": null,
            "default_source": null,
            "invoice_settings": { "default_payment_method": null },
            "livemode": false,
            "metadata": self.metadata,
        });
        for name in Self::TEXTS {
            object[name] = json!(self.texts.get(name));
        }
        object
    }
}

impl Row for Customer {
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> i64 {
        self.created
    }
    fn groups(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// An event is a snapshot, so it is kept as the very text that is sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EventRow {
    pub id: String,
    pub created: i64,
    pub kind: String,
    pub body: String,
}

impl EventRow {
    pub fn render(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

impl Row for EventRow {
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> i64 {
        self.created
    }
    fn groups(&self) -> Vec<&str> {
        vec![&self.kind]
    }
}
