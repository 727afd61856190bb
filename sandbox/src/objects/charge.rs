//! An attempt to take money, and the dispute that may follow (Stripe API reference: Charges, Disputes).

use crate::{params::Metadata, table::Row};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Charge {
    pub id: String,
    pub created: i64,
    pub payment_intent: String,
    pub customer: Option<String>,
    pub payment_method: String,
    pub card: Value,
    pub amount: i64,
    pub currency: String,
    pub amount_captured: i64,
    pub amount_refunded: i64,
    pub captured: bool,
    pub balance_transaction: Option<String>,
    pub dispute: Option<String>,
    /// The error of a failed charge, as in the reply to the confirmation.
    pub failure: Option<Value>,
    pub metadata: Metadata,
}

impl Charge {
    /// What can still be refunded.
    pub fn refundable(&self) -> i64 {
        self.amount_captured - self.amount_refunded
    }

    pub fn render(&self) -> Value {
        let failed = self.failure.as_ref();
        json!({
            "id": self.id,
            "object": "charge",
            "amount": self.amount,
            "amount_captured": self.amount_captured,
            "amount_refunded": self.amount_refunded,
            "balance_transaction": self.balance_transaction,
            "captured": self.captured,
            "created": self.created,
            "currency": self.currency,
            "customer": self.customer,
            "dispute": self.dispute,
            "disputed": self.dispute.is_some(),
            "failure_code": failed.and_then(|error| error.get("code")),
            "failure_message": failed.and_then(|error| error.get("message")),
            "livemode": false,
            "metadata": self.metadata,
            "outcome": {
                "network_status": if failed.is_some() { "declined_by_network" } else { "approved_by_network" },
                "reason": failed.and_then(|error| error.get("decline_code").or(error.get("code"))),
                "type": if failed.is_some() { "issuer_declined" } else { "authorized" },
            },
            "paid": failed.is_none(),
            "payment_intent": self.payment_intent,
            "payment_method": self.payment_method,
            "payment_method_details": { "type": "card", "card": self.card },
            "refunded": self.captured && self.amount_captured > 0 && self.refundable() == 0,
            "status": if failed.is_some() { "failed" } else { "succeeded" },
        })
    }
}

impl Row for Charge {
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> i64 {
        self.created
    }
    fn groups(&self) -> Vec<&str> {
        vec![&self.payment_intent]
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Dispute {
    pub id: String,
    pub created: i64,
    pub charge: String,
    pub payment_intent: String,
    pub amount: i64,
    pub currency: String,
    /// `needs_response`, `won` or `lost`.
    pub status: String,
    pub balance_transactions: Vec<String>,
}

impl Dispute {
    pub fn render(&self) -> Value {
        json!({
            "id": self.id,
            "object": "dispute",
            "amount": self.amount,
            "balance_transactions": self.balance_transactions,
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "is_charge_refundable": false,
            "livemode": false,
            "metadata": {},
            "payment_intent": self.payment_intent,
            "reason": "fraudulent",
            "status": self.status,
        })
    }
}

impl Row for Dispute {
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
