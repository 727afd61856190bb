//! Webhooks: signed, at least once, and wrong in every way that can be asked for.

use crate::support::{WEBHOOK_SECRET, id, start, verifies};
use serde_json::json;
use std::collections::HashSet;

#[tokio::test]
async fn deliveries_are_signed_over_time_and_body() {
    let provider = start().await;
    provider.control("webhooks/pause", json!(null)).await;
    provider.pay("pm_card_visa", &[]).await;
    provider.flush().await;
    let received = provider.inbox.received.lock().unwrap().clone();
    assert_eq!(received.len(), 2);
    for (header, body) in received {
        assert!(verifies(&header, &body, WEBHOOK_SECRET));
        assert!(!verifies(&header, &body, "whsec_other"));
        assert!(!verifies(&header, &body.replace("5000", "5001"), WEBHOOK_SECRET));
    }
    let event = &provider.inbox.events()[0];
    assert_eq!(provider.get(&format!("/v1/events/{}", id(event))).await, *event);
    let list = provider.get("/v1/events?type=payment_intent.succeeded").await;
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    provider.stop().await;
}

#[tokio::test]
async fn a_refused_delivery_is_repeated_until_it_is_accepted() {
    let provider = start().await;
    provider.inbox.answers.lock().unwrap().extend([500, 302, 404]);
    provider
        .ok("/v1/payment_intents", &[("amount", "5000"), ("currency", "usd")])
        .await;
    for _ in 0..4 {
        provider.flush().await;
    }
    assert_eq!(provider.inbox.kinds(), ["payment_intent.created"]);
    assert_eq!(provider.get("/sandbox/webhooks").await["pending"], 0);
    provider.stop().await;
}

#[tokio::test]
async fn metadata_asks_for_duplicates_delay_silence_and_disorder() {
    let provider = start().await;
    provider.control("webhooks/pause", json!(null)).await;
    provider
        .pay("pm_card_visa", &[("metadata[sandbox_webhook_duplicates]", "2")])
        .await;
    provider.flush().await;
    let ids: HashSet<String> = provider.inbox.events().iter().map(id).collect();
    assert_eq!((provider.inbox.kinds().len(), ids.len()), (6, 2));
    provider.inbox.received.lock().unwrap().clear();

    let (_, silent) = provider
        .pay("pm_card_visa", &[("metadata[sandbox_webhook]", "never")])
        .await;
    assert_eq!(silent["status"], "succeeded");
    provider
        .pay(
            "pm_card_visa",
            &[("metadata[sandbox_webhook_delay_ms]", "3600000")],
        )
        .await;
    assert_eq!(provider.get("/sandbox/webhooks").await["pending"], 2);
    assert!(provider.inbox.kinds().is_empty());
    assert_eq!(
        provider.flush().await,
        json!({"delivered": 2, "failed": 0, "pending": 0})
    );
    provider.inbox.received.lock().unwrap().clear();

    provider
        .pay("pm_card_visa", &[("metadata[sandbox_webhook_reorder]", "true")])
        .await;
    provider.flush().await;
    assert_eq!(
        provider.inbox.kinds(),
        ["payment_intent.succeeded", "payment_intent.created"]
    );
    provider.stop().await;
}

#[tokio::test]
async fn armed_faults_hold_a_window_and_send_it_backwards() {
    let provider = start().await;
    provider.control("webhooks/pause", json!(null)).await;
    provider
        .control("faults", json!({"kind": "webhook_reorder", "times": 3}))
        .await;
    let (_, intent) = provider.pay("pm_card_visa", &[]).await;
    assert_eq!(provider.get("/sandbox/webhooks").await["pending"], 2);
    provider
        .ok("/v1/refunds", &[("payment_intent", &id(&intent))])
        .await;
    provider.flush().await;
    let kinds = provider.inbox.kinds();
    let place = |kind: &str| kinds.iter().position(|other| other == kind).unwrap();
    assert!(
        place("refund.created") < place("payment_intent.succeeded"),
        "{kinds:?}"
    );
    assert!(
        place("payment_intent.succeeded") < place("payment_intent.created"),
        "{kinds:?}"
    );

    provider
        .control("faults", json!({"kind": "webhook_never", "event": "refund."}))
        .await;
    let cleared = provider
        .client
        .delete(format!("{}/sandbox/faults", provider.base));
    assert_eq!(
        cleared
            .bearer_auth(crate::support::SECRET_KEY)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16(),
        204
    );
    assert_eq!(provider.get("/sandbox/faults").await, json!([]));
    provider.stop().await;
}

#[tokio::test]
async fn the_postman_needs_no_flush_and_stops_when_paused() {
    let provider = start().await;
    provider.control("webhooks/pause", json!(null)).await;
    provider.pay("pm_card_visa", &[]).await;
    assert_eq!(provider.get("/sandbox/webhooks").await["pending"], 2);
    provider.control("webhooks/resume", json!(null)).await;
    while provider.get("/sandbox/webhooks").await["pending"] != 0 {}
    assert_eq!(provider.inbox.kinds().len(), 2);
    provider.stop().await;
}
