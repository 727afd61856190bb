//! What survives: everything that anybody was told.

use crate::support::{id, read, start_in};
use serde_json::json;
use std::path::PathBuf;

fn scratch() -> PathBuf {
    std::env::temp_dir().join(format!("sandbox-{}", uuid::Uuid::now_v7()))
}

#[tokio::test]
async fn a_restarted_provider_remembers_everything() {
    let dir = scratch();
    let provider = start_in(Some(dir.clone())).await;
    let (_, held) = provider
        .pay("pm_card_visa", &[("capture_method", "manual")])
        .await;
    let path = format!("/v1/payment_intents/{}", id(&held));
    let capture = read(
        provider
            .send(&format!("{path}/capture"), &[], Some("cap"))
            .await
            .unwrap(),
    )
    .await;
    let refund = provider
        .ok(
            "/v1/refunds",
            &[("payment_intent", &id(&held)), ("amount", "100")],
        )
        .await;
    provider
        .pay(
            "pm_card_visa",
            &[("metadata[sandbox_webhook_delay_ms]", "3600000")],
        )
        .await;
    let before = [
        provider.get(&path).await,
        provider.get("/sandbox/ledger").await,
        provider.get("/v1/events").await,
    ];
    provider.stop().await;

    let provider = start_in(Some(dir.clone())).await;
    let after = [
        provider.get(&path).await,
        provider.get("/sandbox/ledger").await,
        provider.get("/v1/events").await,
    ];
    assert_eq!(before, after);
    assert_eq!(
        provider.get(&format!("/v1/refunds/{}", id(&refund))).await,
        refund
    );
    let replayed = provider
        .send(&format!("{path}/capture"), &[], Some("cap"))
        .await
        .unwrap();
    assert_eq!(replayed.headers()["idempotent-replayed"], "true");
    assert_eq!(read(replayed).await, capture);
    let flushed = provider.flush().await;
    assert_eq!(flushed["pending"], json!(0));
    let kinds = provider.inbox.kinds();
    assert!(
        kinds
            .iter()
            .filter(|kind| *kind == "payment_intent.succeeded")
            .count()
            >= 1,
        "{kinds:?}"
    );
    provider.stop().await;
    std::fs::remove_dir_all(dir).unwrap();
}

#[tokio::test]
async fn many_intents_at_once_are_all_kept() {
    let dir = scratch();
    let provider = std::sync::Arc::new(start_in(Some(dir.clone())).await);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let provider = provider.clone();
        tasks.spawn(async move {
            for _ in 0..20 {
                assert_eq!(provider.pay("pm_card_visa", &[]).await.0, 200);
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    std::sync::Arc::into_inner(provider).unwrap().stop().await;
    let provider = start_in(Some(dir.clone())).await;
    assert_eq!(
        provider.get("/sandbox/ledger").await["totals"]["usd"]["captured"],
        400 * 5000
    );
    provider.stop().await;
    std::fs::remove_dir_all(dir).unwrap();
}

#[tokio::test]
async fn what_was_answered_is_on_disk_at_that_moment() {
    let (live, copy) = (scratch(), scratch());
    let provider = start_in(Some(live.clone())).await;
    let (_, intent) = provider.pay("pm_card_visa", &[]).await;
    // A killed process leaves exactly this file behind, perhaps with a torn line at its end.
    std::fs::create_dir_all(&copy).unwrap();
    let mut journal = std::fs::read(live.join("journal.jsonl")).unwrap();
    journal.extend(b"[{\"t\":\"intent\",\"v\":{\"id\":\"pi_tor");
    std::fs::write(copy.join("journal.jsonl"), journal).unwrap();
    let revived = start_in(Some(copy.clone())).await;
    assert_eq!(
        revived.get(&format!("/v1/payment_intents/{}", id(&intent))).await,
        intent
    );
    revived.flush().await;
    assert!(
        revived
            .inbox
            .kinds()
            .contains(&"payment_intent.succeeded".to_owned())
    );
    provider.stop().await;
    revived.stop().await;
    for dir in [live, copy] {
        std::fs::remove_dir_all(dir).unwrap();
    }
}
