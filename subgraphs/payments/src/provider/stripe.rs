//! The client of Stripe's API. A lost reply leaves the outcome unknown: the same call with the same key tells it.

use super::{
    objects::{Card, Intent, List, Method, RefundObject},
    units::to_stripe,
};
use crate::{StripeSettings, store::payments::Payment};
use platform::{Currency, ids::PaymentRefundId};
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// The version of the API this client is written for, whatever the account's default is.
pub const API_VERSION: &str = "2024-06-20";
const TIMEOUT: Duration = Duration::from_secs(4);
/// A caller waits ten seconds; after this no further try begins.
const PATIENCE: Duration = Duration::from_secs(4);

/// Why a call has no result.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ProviderError {
    /// It may have happened or not; the same key will tell.
    #[error("the outcome is unknown: {0}")]
    Unknown(String),
    /// The provider failed (HTTP 500) and keeps that reply under the key, so the key will not tell any more.
    #[error("the provider failed: {0}")]
    Spoilt(String),
    #[error("refused: {0:?}")]
    Refused(Box<Refusal>),
}

/// The provider's no.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Refusal {
    #[serde(default)]
    pub code: Option<String>,
    #[serde(default)]
    pub decline_code: Option<String>,
    #[serde(default)]
    pub message: Option<String>,
    /// The intent as it is, where its state was the reason.
    #[serde(default)]
    pub payment_intent: Option<Intent>,
}

impl Refusal {
    pub fn reason(&self) -> String {
        let code = self.decline_code.clone().or_else(|| self.code.clone());
        code.unwrap_or_else(|| "refused".to_owned())
    }
}

#[derive(Deserialize)]
struct Envelope {
    error: Refusal,
}

#[derive(Clone)]
pub struct Stripe {
    http: reqwest::Client,
    base: Arc<str>,
    secret: Arc<SecretString>,
    publishable: Arc<str>,
    webhook_secrets: Arc<[String]>,
}

type Form<'a> = [(&'a str, String)];

impl Stripe {
    pub fn new(settings: &StripeSettings) -> anyhow::Result<Self> {
        anyhow::ensure!(
            !settings.secret_key.is_empty(),
            "payments: the Stripe secret key is empty"
        );
        Ok(Self {
            http: platform::http::client(TIMEOUT)?,
            base: settings.base_url.trim_end_matches('/').into(),
            secret: Arc::new(SecretString::from(settings.secret_key.clone())),
            publishable: settings.publishable_key.as_str().into(),
            webhook_secrets: settings.webhook_secrets.clone().into(),
        })
    }

    pub fn webhook_secrets(&self) -> &[String] {
        &self.webhook_secrets
    }

    /// The key that storefronts confirm payments with.
    pub fn publishable_key(&self) -> &str {
        &self.publishable
    }

    /// Whether cards can carry this amount.
    pub fn takes(&self, amount: i64, currency: Currency) -> bool {
        to_stripe(amount, currency).is_some_and(|amount| amount > 0)
    }

    pub async fn create_intent(&self, payment: &Payment, key: &str) -> Result<Intent, ProviderError> {
        // A return URL belongs to the confirmation, which the storefront makes: Stripe refuses it here.
        let form = [
            ("amount", units(payment.amount, payment.currency)?),
            ("currency", payment.currency.as_str().to_ascii_lowercase()),
            ("capture_method", "manual".to_owned()),
            ("automatic_payment_methods[enabled]", "true".to_owned()),
            ("description", format!("Order {}", payment.order_number)),
            ("metadata[order_id]", payment.order_id.to_string()),
            ("metadata[payment_id]", payment.id.to_string()),
        ];
        self.post("/v1/payment_intents", &form, key).await
    }

    pub async fn intent(&self, id: &str) -> Result<Intent, ProviderError> {
        self.get(&format!("/v1/payment_intents/{id}")).await
    }

    pub async fn capture(
        &self,
        id: &str,
        amount: Option<(i64, Currency)>,
        key: &str,
    ) -> Result<Intent, ProviderError> {
        let mut form = Vec::new();
        if let Some((amount, currency)) = amount {
            form.push(("amount_to_capture", units(amount, currency)?));
        }
        self.post(&format!("/v1/payment_intents/{id}/capture"), &form, key)
            .await
    }

    pub async fn cancel(&self, id: &str, key: &str) -> Result<Intent, ProviderError> {
        let form = [("cancellation_reason", "abandoned".to_owned())];
        self.post(&format!("/v1/payment_intents/{id}/cancel"), &form, key)
            .await
    }

    pub async fn create_refund(
        &self,
        payment: &Payment,
        intent: &str,
        refund: PaymentRefundId,
        amount: i64,
        key: &str,
    ) -> Result<RefundObject, ProviderError> {
        let form = [
            ("payment_intent", intent.to_owned()),
            ("amount", units(amount, payment.currency)?),
            ("metadata[order_id]", payment.order_id.to_string()),
            ("metadata[payment_id]", payment.id.to_string()),
            ("metadata[payment_refund_id]", refund.to_string()),
        ];
        self.post("/v1/refunds", &form, key).await
    }

    pub async fn refund(&self, id: &str) -> Result<RefundObject, ProviderError> {
        self.get(&format!("/v1/refunds/{id}")).await
    }

    /// Refunds of an intent, newest first.
    pub async fn refunds(&self, intent: &str) -> Result<Vec<RefundObject>, ProviderError> {
        let list: List<RefundObject> = self
            .get(&format!("/v1/refunds?limit=100&payment_intent={intent}"))
            .await?;
        Ok(list.data)
    }

    /// What may be shown of a card.
    pub async fn card(&self, method: &str) -> Result<Option<Card>, ProviderError> {
        let method: Method = self.get(&format!("/v1/payment_methods/{method}")).await?;
        Ok(method.card)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ProviderError> {
        self.patiently(|| self.http.get(format!("{}{path}", self.base)))
            .await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        form: &Form<'_>,
        key: &str,
    ) -> Result<T, ProviderError> {
        self.patiently(|| {
            let request = self.http.post(format!("{}{path}", self.base));
            request.header("Idempotency-Key", key).form(form)
        })
        .await
    }

    /// Asks again while the outcome is unknown and the caller still waits.
    async fn patiently<T: DeserializeOwned>(
        &self,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<T, ProviderError> {
        let started = Instant::now();
        let mut pause = Duration::from_millis(100);
        loop {
            match self.once(request()).await {
                Err(ProviderError::Unknown(_)) if started.elapsed() + pause < PATIENCE => {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                result => return result,
            }
        }
    }

    async fn once<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ProviderError> {
        let unknown = |e: reqwest::Error| ProviderError::Unknown(e.without_url().to_string());
        let request = request
            .bearer_auth(self.secret.expose_secret())
            .header("Stripe-Version", API_VERSION);
        let response = request.send().await.map_err(unknown)?;
        let status = response.status().as_u16();
        let body = response.bytes().await.map_err(unknown)?;
        match status {
            200..=299 => serde_json::from_slice(&body).map_err(|e| ProviderError::Unknown(e.to_string())),
            500 => Err(ProviderError::Spoilt("HTTP 500".to_owned())),
            // A wrong key of ours says nothing about the payment.
            401 | 403 | 409 | 429 | 501.. => Err(ProviderError::Unknown(format!("HTTP {status}"))),
            _ => match serde_json::from_slice::<Envelope>(&body) {
                Ok(envelope) => Err(ProviderError::Refused(Box::new(envelope.error))),
                Err(_) => Err(ProviderError::Unknown(format!("HTTP {status}"))),
            },
        }
    }
}

fn units(amount: i64, currency: Currency) -> Result<String, ProviderError> {
    let refused = || {
        let (code, message) = (Some("invalid_amount".to_owned()), None);
        ProviderError::Refused(Box::new(Refusal {
            code,
            message,
            ..Refusal::default()
        }))
    };
    to_stripe(amount, currency)
        .map(|amount| amount.to_string())
        .ok_or_else(refused)
}
