//! What strangers send to every service: tokens, cursors, IDs, money, texts, headers, names of files, envelopes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use async_graphql::{InputType, Value};
use jsonwebtoken::jwk::JwkSet;
use platform::{
    Country, Currency, Language, MinorUnits, Viewer,
    events::Envelope,
    ids::{CustomerId, OrderId, SessionId, UserId},
    page::{self, PageArgs},
    storage::Key,
    telemetry::RequestTrace,
    testing::fuzz,
    text,
    token::{Claims, KeySource, ServiceKey, Signer, Verifier},
};

fn signer() -> Signer {
    Signer::from_pem(&Signer::generate_pem().unwrap()).unwrap()
}

/// No other text than the token itself names a viewer: a signature has one form.
#[test]
fn access_tokens() {
    let signer = signer();
    let verifier = Verifier::new(KeySource::Fixed(JwkSet {
        keys: vec![signer.jwk().clone()],
    }));
    let viewer = Viewer {
        user: Some(UserId::new()),
        customer: Some(CustomerId::new()),
        session: Some(SessionId::new()),
        ..Viewer::default()
    };
    let tokens = [60, 0].map(|seconds| signer.sign(&Claims::new(&viewer, seconds)).unwrap());
    let samples = [
        tokens[0].as_str(),
        tokens[1].as_str(),
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1c3JfMSJ9.",
        "a.b.c",
    ];
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    fuzz::run_text(&samples, |token| {
        let seen = runtime.block_on(verifier.verify(token));
        assert!(seen.is_none() || samples.contains(&token), "{token}");
    });
}

#[test]
fn tokens_and_signatures_between_services() {
    let key = ServiceKey::new("a secret of some length, as it should be");
    let token = key.mint("orders", "payments").unwrap();
    fuzz::run_text(&[&token], |text| {
        assert!(key.caller(text, "payments").is_none() || text == token);
        assert!(key.caller(text, "users").is_none());
    });
    let signature = key.sign("GET media/a.png 1700000000");
    fuzz::run_text(&[&signature], |text| {
        assert!(!key.has_signed("GET media/a.png 1700000000", text) || text.eq_ignore_ascii_case(&signature));
        assert!(!key.has_signed("PUT media/a.png 1700000000", text));
    });
}

#[test]
fn cursors() {
    let number = page::encode(&(1_234_567_i64, OrderId::new()));
    let words = page::encode(&("name".to_owned(), Some(1.5), OrderId::new()));
    fuzz::run_text(&[&number, &words, "", "W10", "bnVsbA"], |cursor| {
        if let Ok(args) = PageArgs::<(i64, OrderId)>::new(Some(5), Some(cursor)) {
            assert!(PageArgs::<(i64, OrderId)>::new(None, Some(&page::encode(&args.after.unwrap()))).is_ok());
        }
        let _ = PageArgs::<(String, Option<f64>, OrderId)>::new(None, Some(cursor));
        let _ = PageArgs::<(chrono::DateTime<chrono::Utc>, OrderId)>::new(None, Some(cursor));
    });
}

#[test]
fn ids_have_one_spelling() {
    let id = OrderId::new().to_string();
    fuzz::run_text(&[&id, "ord_", "crt_00000000000070008000000000000000"], |text| {
        if let Some(id) = OrderId::parse(text) {
            assert_eq!(id.to_string(), text);
        }
    });
}

#[test]
fn money_and_other_scalars() {
    fuzz::run_text(
        &["1999", "-1", "0", "9007199254740991", "1.5", "\"100\"", "1e3"],
        |text| {
            let value: Option<Value> = serde_json::from_str::<serde_json::Value>(text)
                .ok()
                .and_then(|json| Value::from_json(json).ok());
            if let Ok(amount) = <MinorUnits as InputType>::parse(value) {
                assert!(amount.0.abs() <= MinorUnits::MAX);
            }
        },
    );
    fuzz::run_text(&["GBP", "GB", "en", "pt-BR", "zh-Hant-TW"], |text| {
        assert!(Currency::parse(text).is_none_or(|currency| currency.as_str() == text));
        assert!(Country::parse(text).is_none_or(|country| country.as_str() == text));
        assert!(Language::parse(text).is_none_or(|language| language.as_str() == text));
    });
}

/// What was brought into its form stays as it is.
#[test]
fn texts_have_one_form() {
    let samples = [
        "Zoë O’Brien",
        "e\u{301}\u{200d}\u{202e}",
        "می‌خواهم",
        "a\r\nb\u{2028}c",
        "ÉVA@Example.org",
        "ﬁ\u{1100}\u{1161}\u{11a8}",
    ];
    fuzz::run_text(&samples, |text| {
        if let Some(line) = text::line(text, 100) {
            assert_eq!(text::line(&line, 100).as_ref(), Some(&line));
            assert!(!line.chars().any(|c| c.is_control() || text::is_invisible(c)));
        }
        if let Some(lines) = text::lines(text, 100) {
            assert_eq!(text::lines(&lines, 100).as_ref(), Some(&lines));
            assert!(!lines.contains(['\0', '\r', '\u{1b}']));
        }
        if let Some(email) = platform::address::email(text) {
            assert_eq!(platform::address::email(&email), Some(email.clone()));
        }
    });
}

#[test]
fn headers_and_names_of_files() {
    fuzz::run_text(
        &["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", ""],
        |header| {
            let trace = RequestTrace::from_header(Some(header));
            assert!(trace.trace_id().len() == 32 && trace.trace_id().bytes().all(|b| b.is_ascii_hexdigit()));
        },
    );
    fuzz::run_text(
        &[
            "media/ab/cd.png",
            "exports/a.csv",
            "..",
            "a/../b",
            "a//b",
            "%2e%2e/a",
        ],
        |text| {
            if let Some(key) = Key::new(text) {
                assert_eq!(key.as_str(), text);
                assert!(!text.contains("..") && !text.starts_with('/') && text.is_ascii());
            }
        },
    );
}

#[test]
fn envelopes_of_events() {
    let envelope = r#"{"id":"01900000-0000-7000-8000-000000000000","topic":"orders.status_changed","key":"ord_1","occurred_at":"2026-01-01T00:00:00Z","origin":"live","payload":{"a":[1,"b",null]},"traceparent":null}"#;
    assert!(serde_json::from_str::<Envelope>(envelope).is_ok());
    fuzz::run_text(
        &[envelope, &envelope.replace("live", "import"), "{}", "[]"],
        |text| {
            if let Ok(envelope) = serde_json::from_str::<Envelope>(text) {
                let again = serde_json::to_string(&envelope).unwrap();
                assert!(serde_json::from_str::<Envelope>(&again).is_ok());
            }
        },
    );
}
