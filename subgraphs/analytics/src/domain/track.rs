//! What storefronts may track.

use chrono::{DateTime, TimeDelta, Utc};
use platform::{UserError, ids::ProductId};
use serde_json::Value;

/// Events in one call.
pub const MAX_EVENTS: usize = 100;
/// Bytes of one event's payload.
const MAX_PAYLOAD: usize = 4096;

pub const PAGE_VIEW: &str = "page_view";
pub const PRODUCT_VIEW: &str = "product_view";
pub const ADD_TO_CART: &str = "add_to_cart";

/// An event as a storefront sends it.
#[derive(Debug, Clone)]
pub struct Sent {
    pub kind: String,
    pub occurred_at: DateTime<Utc>,
    pub session: String,
    pub subject: Option<String>,
    pub payload: Option<String>,
    pub event: String,
}

/// The same, checked.
#[derive(Debug, Clone)]
pub struct Tracked {
    pub kind: String,
    pub occurred_at: DateTime<Utc>,
    pub session: String,
    pub subject: Option<String>,
    pub payload: Value,
    pub event: String,
}

/// Checks the event at `index` of a call. Types have no dot, so that nobody can pretend to be a service.
pub fn check(index: usize, sent: Sent, now: DateTime<Utc>) -> Result<Tracked, UserError> {
    let index = index.to_string();
    let invalid = |field: &str, rule: &str| UserError::invalid(&["events", &index, field], rule);
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if sent.kind.is_empty() || sent.kind.len() > 60 || !sent.kind.chars().all(word) {
        return Err(invalid("type", "1..60 of a-z, 0-9 and _"));
    }
    for (field, id) in [
        ("sessionId", Some(&sent.session)),
        ("eventId", Some(&sent.event)),
        ("subjectId", sent.subject.as_ref()),
    ] {
        let graphic = |id: &String| (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
        if !id.is_none_or(graphic) {
            return Err(invalid(field, "1..64 printable ASCII characters"));
        }
    }
    let product = sent.subject.as_deref().and_then(ProductId::parse);
    if [PRODUCT_VIEW, ADD_TO_CART].contains(&sent.kind.as_str()) && product.is_none() {
        return Err(invalid("subjectId", "the ID of a product"));
    }
    if sent.occurred_at > now + TimeDelta::minutes(5) || sent.occurred_at < now - TimeDelta::days(7) {
        return Err(invalid("occurredAt", "within the last 7 days"));
    }
    let payload = match sent.payload.as_deref() {
        None | Some("") => Value::Object(Default::default()),
        Some(text) if text.len() > MAX_PAYLOAD => return Err(invalid("payload", "at most 4096 bytes")),
        // Postgres cannot store this one character.
        Some(text) if text.contains("\\u0000") => return Err(invalid("payload", "without NUL")),
        Some(text) => match serde_json::from_str(text) {
            Ok(Value::Object(map)) => Value::Object(map),
            _ => return Err(invalid("payload", "a JSON object")),
        },
    };
    Ok(Tracked {
        kind: sent.kind,
        occurred_at: sent.occurred_at,
        session: sent.session,
        subject: sent.subject,
        payload,
        event: sent.event,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent() -> Sent {
        Sent {
            kind: PAGE_VIEW.into(),
            occurred_at: Utc::now(),
            session: "s1".into(),
            subject: None,
            payload: Some(r#"{"referrer": "https://a.example/"}"#.into()),
            event: "e1".into(),
        }
    }

    #[test]
    fn only_plausible_events_are_taken() {
        let now = Utc::now();
        assert!(check(0, sent(), now).is_ok());
        let edits: [fn(&mut Sent); 8] = [
            |s| s.kind = "orders.order_confirmed".into(),
            |s| s.kind = String::new(),
            |s| s.kind = PRODUCT_VIEW.into(),
            |s| s.session = "x".repeat(65),
            |s| s.event = "a b".into(),
            |s| s.occurred_at += TimeDelta::hours(1),
            |s| s.occurred_at -= TimeDelta::days(8),
            |s| s.payload = Some("[1]".into()),
        ];
        for edit in edits {
            let mut bad = sent();
            edit(&mut bad);
            assert!(check(0, bad.clone(), now).is_err(), "{bad:?}");
        }
    }
}
