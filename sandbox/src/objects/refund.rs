//! Money on its way back (Stripe API reference: Refunds).

use crate::{params::Metadata, table::Row};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Refund {
    pub id: String,
    pub created: i64,
    pub charge: String,
    pub payment_intent: String,
    pub amount: i64,
    pub currency: String,
    /// `pending`, `succeeded` or `failed`.
    pub status: String,
    pub reason: Option<String>,
    pub failure_reason: Option<String>,
    pub balance_transaction: String,
    pub failure_balance_transaction: Option<String>,
    pub metadata: Metadata,
}

impl Refund {
    pub fn render(&self) -> Value {
        let mut object = json!({
            "id": self.id,
            "object": "refund",
            "amount": self.amount,
            "balance_transaction": self.balance_transaction,
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "destination_details": { "card": { "type": "refund", "reference_status": "pending" }, "type": "card" },
            "metadata": self.metadata,
            "payment_intent": self.payment_intent,
            "reason": self.reason,
            "receipt_number": null,
            "status": self.status,
        });
        // Stripe leaves these two out of a refund that has not failed.
        if let Some(reason) = &self.failure_reason {
            object["failure_reason"] = json!(reason);
            object["failure_balance_transaction"] = json!(self.failure_balance_transaction);
        }
        object
    }
}

impl Row for Refund {
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> i64 {
        self.created
    }
    fn groups(&self) -> Vec<&str> {
        vec![&self.payment_intent, &self.charge]
    }
}
