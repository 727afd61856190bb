//! The payment intent and its states (Stripe API reference: PaymentIntents).

use crate::{params::Metadata, table::Row};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    RequiresPaymentMethod,
    RequiresConfirmation,
    RequiresAction,
    Processing,
    RequiresCapture,
    Canceled,
    Succeeded,
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RequiresPaymentMethod => "requires_payment_method",
            Self::RequiresConfirmation => "requires_confirmation",
            Self::RequiresAction => "requires_action",
            Self::Processing => "processing",
            Self::RequiresCapture => "requires_capture",
            Self::Canceled => "canceled",
            Self::Succeeded => "succeeded",
        }
    }

    /// Stripe: an intent may be confirmed, edited and given another method until money is on its way.
    pub fn is_open(self) -> bool {
        matches!(
            self,
            Self::RequiresPaymentMethod | Self::RequiresConfirmation | Self::RequiresAction
        )
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaptureMethod {
    Automatic,
    Manual,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Intent {
    pub id: String,
    pub client_secret: String,
    pub created: i64,
    pub status: Status,
    pub amount: i64,
    pub currency: String,
    pub amount_capturable: i64,
    pub amount_received: i64,
    pub capture_method: CaptureMethod,
    /// Several captures of one authorization (Stripe: `request_multicapture=if_available`).
    pub multicapture: bool,
    pub customer: Option<String>,
    pub payment_method: Option<String>,
    pub setup_future_usage: Option<String>,
    /// Whether the customer was absent in the last attempt.
    pub off_session: bool,
    pub latest_charge: Option<String>,
    pub last_payment_error: Option<Value>,
    pub action_url: Option<String>,
    pub return_url: Option<String>,
    pub canceled_at: Option<i64>,
    pub cancellation_reason: Option<String>,
    pub metadata: Metadata,
    /// Descriptive texts that Stripe only stores and returns.
    pub texts: Metadata,
}

impl Intent {
    pub const TEXTS: [&str; 5] = [
        "description",
        "receipt_email",
        "statement_descriptor",
        "statement_descriptor_suffix",
        "transfer_group",
    ];

    pub fn render(&self) -> Value {
        let mut object = json!({
            "id": self.id,
            "object": "payment_intent",
            "amount": self.amount,
            "amount_capturable": self.amount_capturable,
            "amount_received": self.amount_received,
            "application_fee_amount": null,
            "canceled_at": self.canceled_at,
            "cancellation_reason": self.cancellation_reason,
            "capture_method": self.capture_method,
            "client_secret": self.client_secret,
            "confirmation_method": "automatic",
            "created": self.created,
            "currency": self.currency,
            "customer": self.customer,
            "last_payment_error": self.last_payment_error,
            "latest_charge": self.latest_charge,
            "livemode": false,
            "metadata": self.metadata,
            "next_action": super::redirect(self.action_url.as_ref(), self.return_url.as_ref()),
            "payment_method": self.payment_method,
            "payment_method_options": { "card": { "request_three_d_secure": "automatic" } },
            "payment_method_types": ["card"],
            "processing": null,
            "setup_future_usage": self.setup_future_usage,
            "shipping": null,
            "status": self.status.as_str(),
        });
        for name in Self::TEXTS {
            object[name] = json!(self.texts.get(name));
        }
        object
    }
}

impl Row for Intent {
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
