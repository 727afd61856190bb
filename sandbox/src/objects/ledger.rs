//! The provider's own books (Stripe API reference: Balance transactions).

use crate::table::Row;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Txn {
    pub id: String,
    pub created: i64,
    /// `charge`, `refund`, `refund_failure` or `adjustment` (a dispute).
    pub kind: String,
    /// From the merchant's side: a refund is negative.
    pub amount: i64,
    pub fee: i64,
    pub currency: String,
    /// The charge, refund or dispute that moved the money.
    pub source: String,
    pub payment_intent: String,
}

impl Txn {
    pub fn net(&self) -> i64 {
        self.amount - self.fee
    }

    pub fn render(&self) -> Value {
        let fee = json!({
            "amount": self.fee, "currency": self.currency, "type": "stripe_fee", "description": "Processing fees",
        });
        json!({
            "id": self.id,
            "object": "balance_transaction",
            "amount": self.amount,
            "available_on": self.created,
            "created": self.created,
            "currency": self.currency,
            "description": null,
            "exchange_rate": null,
            "fee": self.fee,
            "fee_details": if self.fee == 0 { json!([]) } else { json!([fee]) },
            "net": self.net(),
            "reporting_category": if self.kind == "adjustment" { "dispute" } else { &self.kind },
            "source": self.source,
            "status": "available",
            "type": self.kind,
        })
    }

    /// A line of the reconciliation ledger: the same numbers, with the intent they belong to.
    pub fn entry(&self) -> Value {
        json!({
            "id": self.id,
            "created": self.created,
            "kind": self.kind,
            "amount": self.amount,
            "fee": self.fee,
            "net": self.net(),
            "currency": self.currency,
            "source": self.source,
            "payment_intent": self.payment_intent,
        })
    }
}

impl Row for Txn {
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> i64 {
        self.created
    }
    fn groups(&self) -> Vec<&str> {
        vec![&self.source, &self.payment_intent, &self.kind]
    }
}

/// Sums of one currency, kept up to date so that reading them does not scan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    pub captured: i64,
    pub refunded: i64,
    pub disputed: i64,
    pub fees: i64,
    pub net: i64,
}

impl Totals {
    /// `sign` is -1 when an entry is replaced or removed.
    pub fn add(&mut self, txn: &Txn, sign: i64) {
        match txn.kind.as_str() {
            "charge" => self.captured += sign * txn.amount,
            "adjustment" => self.disputed -= sign * txn.amount,
            _ => self.refunded -= sign * txn.amount,
        }
        self.fees += sign * txn.fee;
        self.net += sign * txn.net();
    }
}
