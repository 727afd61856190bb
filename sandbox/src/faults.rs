//! Faults on demand: armed over `POST /sandbox/faults`, or asked for by one request through its metadata.

use crate::params::Metadata;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 429, nothing happened.
    RateLimit,
    /// 500, nothing happened.
    ErrorBefore,
    /// 500 after the effect. Stripe saves a 500 under the idempotency key like any other reply.
    ErrorAfter,
    /// 502 from something in front of the provider, after the effect: the key replays the true reply.
    BadGateway,
    /// The connection closes and nothing happened.
    LoseRequest,
    /// The connection closes after the effect.
    LoseReply,
    /// The reply waits `delay_ms`; meanwhile the key is in use (409).
    DelayReply,
    WebhookDelay,
    /// `copies` more deliveries of the same event.
    WebhookDuplicate,
    WebhookNever,
    /// The next `times` events wait for each other and leave newest first.
    WebhookReorder,
}

impl Kind {
    fn is_webhook(self) -> bool {
        matches!(
            self,
            Self::WebhookDelay | Self::WebhookDuplicate | Self::WebhookNever | Self::WebhookReorder
        )
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    pub kind: Kind,
    /// How often it strikes; 0 means until the faults are cleared.
    #[serde(default = "once")]
    pub times: u32,
    /// Lets this many matches pass first.
    #[serde(default)]
    pub skip: u32,
    /// Requests: only this method.
    #[serde(default)]
    pub method: Option<String>,
    /// Requests: only paths containing this.
    #[serde(default)]
    pub path: Option<String>,
    /// Webhooks: only event types beginning with this.
    #[serde(default)]
    pub event: Option<String>,
    #[serde(default)]
    pub delay_ms: u32,
    #[serde(default = "once")]
    pub copies: u32,
}

fn once() -> u32 {
    1
}

#[derive(Default)]
pub struct Faults {
    armed: Vec<Fault>,
}

impl Faults {
    pub fn arm(&mut self, fault: Fault) {
        self.armed.push(fault);
    }

    pub fn clear(&mut self) {
        self.armed.clear();
    }

    pub fn armed(&self) -> &[Fault] {
        &self.armed
    }

    pub fn strike_request(&mut self, method: &str, path: &str) -> Option<Fault> {
        self.strike(|fault| {
            !fault.kind.is_webhook()
                && fault
                    .method
                    .as_deref()
                    .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
                && fault.path.as_deref().is_none_or(|part| path.contains(part))
        })
    }

    pub fn strike_webhook(&mut self, event: &str) -> Option<Fault> {
        self.strike(|fault| {
            fault.kind.is_webhook()
                && fault
                    .event
                    .as_deref()
                    .is_none_or(|prefix| event.starts_with(prefix))
        })
    }

    /// The first armed fault that matches, with `times` telling how often it will strike again.
    fn strike(&mut self, matches: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let at = self.armed.iter().position(matches)?;
        let fault = &mut self.armed[at];
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        if fault.times == 0 {
            return Some(fault.clone());
        }
        fault.times -= 1;
        let struck = fault.clone();
        if struck.times == 0 {
            self.armed.remove(at);
        }
        Some(struck)
    }
}

/// What `metadata[sandbox_...]` of a request asks for. Only the request that executes suffers:
/// a retry under the same idempotency key gets the saved reply.
pub fn of_request(metadata: &Metadata) -> Option<Fault> {
    let set = |name: &str| metadata.get(name).is_some_and(|value| value == "true");
    let delay_ms = number(metadata, "sandbox_reply_delay_ms");
    let kind = match () {
        () if set("sandbox_lose_reply") => Kind::LoseReply,
        () if set("sandbox_error_after") => Kind::ErrorAfter,
        () if set("sandbox_bad_gateway") => Kind::BadGateway,
        () if delay_ms > 0 => Kind::DelayReply,
        () => return None,
    };
    Some(Fault {
        kind,
        times: 0,
        skip: 0,
        method: None,
        path: None,
        event: None,
        delay_ms,
        copies: 0,
    })
}

/// How the deliveries of one event go wrong.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct WebhookPlan {
    pub never: bool,
    pub delay_ms: i64,
    pub extra_copies: u32,
    /// Newest first within the first seconds of the object's life.
    pub reversed: bool,
    /// Waits for the rest of a reorder window; the last one releases it.
    pub held: Option<Held>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Held {
    Waits,
    Releases,
}

pub fn webhook_plan(metadata: &Metadata, struck: Option<Fault>) -> WebhookPlan {
    let word = metadata.get("sandbox_webhook").map(String::as_str);
    let mut plan = WebhookPlan {
        never: word == Some("never"),
        delay_ms: i64::from(number(metadata, "sandbox_webhook_delay_ms")),
        extra_copies: number(metadata, "sandbox_webhook_duplicates").min(100),
        reversed: word == Some("reorder")
            || metadata
                .get("sandbox_webhook_reorder")
                .is_some_and(|v| v == "true"),
        held: None,
    };
    let Some(fault) = struck else { return plan };
    match fault.kind {
        Kind::WebhookNever => plan.never = true,
        Kind::WebhookDelay => plan.delay_ms = i64::from(fault.delay_ms),
        Kind::WebhookDuplicate => plan.extra_copies = fault.copies.min(100),
        Kind::WebhookReorder if fault.times == 0 => plan.held = Some(Held::Releases),
        Kind::WebhookReorder => plan.held = Some(Held::Waits),
        _ => {}
    }
    plan
}

fn number(metadata: &Metadata, name: &str) -> u32 {
    metadata.get(name).and_then(|text| text.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(json: &str) -> Fault {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn faults_strike_as_often_as_asked_and_only_where_asked() {
        let mut faults = Faults::default();
        faults.arm(fault(
            r#"{"kind":"lose_reply","times":2,"skip":1,"method":"POST","path":"/capture"}"#,
        ));
        faults.arm(fault(r#"{"kind":"webhook_never","times":0,"event":"charge."}"#));
        let capture = "/v1/payment_intents/pi_1/capture";
        assert!(faults.strike_request("GET", capture).is_none());
        assert!(faults.strike_request("POST", "/v1/refunds").is_none());
        let strikes: Vec<bool> = (0..4)
            .map(|_| faults.strike_request("POST", capture).is_some())
            .collect();
        assert_eq!(strikes, [false, true, true, false]);
        assert!(faults.strike_webhook("payment_intent.created").is_none());
        assert!(faults.strike_webhook("charge.refunded").is_some());
        assert!(faults.strike_webhook("charge.refunded").is_some());
        assert_eq!(faults.armed().len(), 1);
    }

    #[test]
    fn metadata_asks_for_webhook_faults() {
        let ask = |key: &str, value: &str| webhook_plan(&Metadata::from([(key.into(), value.into())]), None);
        assert!(ask("sandbox_webhook", "never").never);
        assert_eq!(ask("sandbox_webhook_delay_ms", "250").delay_ms, 250);
        assert_eq!(ask("sandbox_webhook_duplicates", "3").extra_copies, 3);
        assert!(ask("sandbox_webhook_reorder", "true").reversed);
        assert_eq!(ask("order_id", "7"), WebhookPlan::default());
    }

    #[test]
    fn unknown_fields_of_a_fault_are_refused() {
        assert!(serde_json::from_str::<Fault>(r#"{"kind":"lose_reply","tmies":2}"#).is_err());
    }
}
