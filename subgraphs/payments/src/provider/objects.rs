//! The objects of Stripe's API, as far as they matter here, and the facts they tell.

use super::units::from_stripe;
use crate::domain::{fold::Fact, status::PaymentRefundStatus};
use chrono::{DateTime, Utc};
use platform::Currency;
use serde::Deserialize;
use std::collections::HashMap;

pub type Metadata = HashMap<String, String>;

/// A payment intent.
#[derive(Clone, Debug, Deserialize)]
pub struct Intent {
    pub id: String,
    pub status: String,
    pub amount: i64,
    #[serde(default)]
    pub amount_capturable: i64,
    #[serde(default)]
    pub amount_received: i64,
    pub currency: String,
    #[serde(default)]
    pub client_secret: Option<String>,
    #[serde(default)]
    pub metadata: Metadata,
    #[serde(default)]
    pub cancellation_reason: Option<String>,
    #[serde(default)]
    pub last_payment_error: Option<LastError>,
    #[serde(default)]
    pub next_action: Option<NextAction>,
    #[serde(default)]
    pub payment_method: Option<serde_json::Value>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct LastError {
    #[serde(default)]
    pub code: Option<String>,
    #[serde(default)]
    pub decline_code: Option<String>,
    #[serde(default)]
    pub message: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct NextAction {
    #[serde(default)]
    pub redirect_to_url: Option<Redirect>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Redirect {
    #[serde(default)]
    pub url: Option<String>,
}

fn currency(code: &str) -> Option<Currency> {
    Currency::parse(&code.to_ascii_uppercase())
}

impl Intent {
    pub fn currency(&self) -> Option<Currency> {
        currency(&self.currency)
    }

    fn units(&self, amount: i64) -> i64 {
        self.currency()
            .map_or(amount, |currency| from_stripe(amount, currency))
    }

    /// The amount in our minor units.
    pub fn total(&self) -> i64 {
        self.units(self.amount)
    }

    /// What its present state says. `None`: only that it exists.
    pub fn fact(&self) -> Option<Fact> {
        match self.status.as_str() {
            "requires_action" => Some(Fact::ActionRequired),
            "processing" => Some(Fact::Processing),
            "requires_capture" => Some(Fact::Authorized {
                amount: self.units(self.amount_capturable + self.amount_received),
            }),
            "succeeded" => Some(Fact::Captured {
                total: self.units(self.amount_received),
            }),
            "canceled" if self.cancellation_reason.as_deref() == Some("automatic") => {
                Some(Fact::AuthorizationExpired)
            }
            "canceled" => Some(Fact::Voided),
            _ => self
                .last_payment_error
                .as_ref()
                .map(|error| Fact::Failed { code: error.reason() }),
        }
    }

    /// It holds or has moved money.
    pub fn has_money(&self) -> bool {
        matches!(
            self.status.as_str(),
            "requires_capture" | "succeeded" | "processing"
        )
    }

    pub fn redirect(&self) -> Option<String> {
        self.next_action.as_ref()?.redirect_to_url.as_ref()?.url.clone()
    }

    /// ID of the payment method, expanded or not.
    pub fn method(&self) -> Option<&str> {
        let method = self.payment_method.as_ref()?;
        method.as_str().or_else(|| method.get("id")?.as_str())
    }
}

impl LastError {
    /// The issuer's reason, else Stripe's.
    pub fn reason(&self) -> String {
        let code = self.decline_code.clone().or_else(|| self.code.clone());
        code.unwrap_or_else(|| "declined".to_owned())
    }
}

/// A refund.
#[derive(Clone, Debug, Deserialize)]
pub struct RefundObject {
    pub id: String,
    pub amount: i64,
    pub currency: String,
    pub status: String,
    #[serde(default)]
    pub payment_intent: Option<String>,
    #[serde(default)]
    pub failure_reason: Option<String>,
    #[serde(default)]
    pub metadata: Metadata,
}

impl RefundObject {
    pub fn total(&self) -> i64 {
        currency(&self.currency).map_or(self.amount, |currency| from_stripe(self.amount, currency))
    }

    pub fn status(&self) -> PaymentRefundStatus {
        match self.status.as_str() {
            "succeeded" => PaymentRefundStatus::Succeeded,
            "failed" | "canceled" => PaymentRefundStatus::Failed,
            _ => PaymentRefundStatus::Submitted,
        }
    }

    pub fn fact(&self) -> Option<Fact> {
        let reference = self.id.clone();
        match self.status() {
            PaymentRefundStatus::Succeeded => Some(Fact::RefundSucceeded {
                reference,
                amount: self.total(),
            }),
            PaymentRefundStatus::Failed => Some(Fact::RefundReturned { reference }),
            _ => None,
        }
    }
}

/// A dispute.
#[derive(Clone, Debug, Deserialize)]
pub struct DisputeObject {
    pub id: String,
    pub amount: i64,
    pub currency: String,
    pub status: String,
    #[serde(default)]
    pub payment_intent: Option<String>,
}

impl DisputeObject {
    pub fn fact(&self) -> Fact {
        let reference = self.id.clone();
        let total =
            currency(&self.currency).map_or(self.amount, |currency| from_stripe(self.amount, currency));
        match self.status.as_str() {
            "won" | "warning_closed" => Fact::DisputeWon { reference },
            "lost" => Fact::DisputeLost {
                reference,
                amount: total,
            },
            _ => Fact::DisputeOpened { reference },
        }
    }
}

/// A list of objects.
#[derive(Debug, Deserialize)]
pub struct List<T> {
    pub data: Vec<T>,
}

/// A payment method.
#[derive(Debug, Deserialize)]
pub struct Method {
    #[serde(default)]
    pub card: Option<Card>,
}

/// What may be shown of a card.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Card {
    #[serde(default)]
    pub brand: Option<String>,
    #[serde(default)]
    pub last4: Option<String>,
    #[serde(default)]
    pub exp_month: Option<i32>,
    #[serde(default)]
    pub exp_year: Option<i32>,
    #[serde(default)]
    pub wallet: Option<Wallet>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Wallet {
    #[serde(rename = "type")]
    pub kind: String,
}

/// The envelope of a webhook.
#[derive(Clone, Debug, Deserialize)]
pub struct Event {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub created: Option<i64>,
    pub data: EventData,
}

#[derive(Clone, Debug, Deserialize)]
pub struct EventData {
    pub object: serde_json::Value,
}

impl Event {
    pub fn created_at(&self) -> Option<DateTime<Utc>> {
        self.created
            .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
    }
}
