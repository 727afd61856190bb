//! Refunds, disputes, several captures, and the ledger that has to agree.

use crate::support::{id, start};
use serde_json::json;

#[tokio::test]
async fn refunds_never_exceed_what_was_captured() {
    let provider = start().await;
    let (_, held) = provider
        .pay("pm_card_visa", &[("capture_method", "manual")])
        .await;
    let intent = id(&held);
    let refund = |amount: &'static str| {
        let (provider, intent) = (&provider, intent.clone());
        async move {
            provider
                .post("/v1/refunds", &[("payment_intent", &intent), ("amount", amount)])
                .await
        }
    };
    assert_eq!(refund("100").await.0, 400, "nothing is captured yet");
    provider
        .ok(
            &format!("/v1/payment_intents/{intent}/capture"),
            &[("amount_to_capture", "3000")],
        )
        .await;
    assert_eq!(refund("3001").await.0, 400);
    let (status, first) = refund("1000").await;
    assert_eq!((status, first["status"].as_str()), (200, Some("succeeded")));
    let (status, error) = refund("2001").await;
    assert_eq!((status, error["error"]["param"].as_str()), (400, Some("amount")));
    assert_eq!(refund("2000").await.0, 200);
    let (_, error) = refund("1").await;
    assert_eq!(error["error"]["code"], "charge_already_refunded");

    let list = provider
        .get(&format!("/v1/refunds?payment_intent={intent}&limit=1"))
        .await;
    assert_eq!(
        (list["data"].as_array().unwrap().len(), list["has_more"].as_bool()),
        (1, Some(true))
    );
    let next = provider
        .get(&format!(
            "/v1/refunds?payment_intent={intent}&starting_after={}",
            id(&list["data"][0])
        ))
        .await;
    assert_eq!(next["data"][0]["id"], first["id"]);
    let transaction = first["balance_transaction"].as_str().unwrap();
    assert_eq!(
        provider
            .get(&format!("/v1/balance_transactions/{transaction}"))
            .await["net"],
        -1000
    );

    let ledger = provider.get("/sandbox/ledger").await;
    assert_eq!(
        ledger["totals"]["usd"],
        json!({"captured":3000,"refunded":3000,"disputed":0,"fees":117,"net":-117})
    );
    assert_eq!(ledger["entries"].as_array().unwrap().len(), 3);
    provider.flush().await;
    let refunded = provider
        .inbox
        .kinds()
        .iter()
        .filter(|kind| *kind == "charge.refunded")
        .count();
    assert_eq!(refunded, 2);
    provider.stop().await;
}

#[tokio::test]
async fn a_refund_can_be_pending_and_can_fail() {
    let provider = start().await;
    let (_, intent) = provider.pay("pm_card_pendingRefund", &[]).await;
    let intent = id(&intent);
    let refund = provider.ok("/v1/refunds", &[("payment_intent", &intent)]).await;
    assert_eq!(refund["status"], "pending");
    let (status, _) = provider.post("/v1/refunds", &[("payment_intent", &intent)]).await;
    assert_eq!(status, 400, "pending money is spoken for");
    let (_, failed) = provider
        .control(&format!("refunds/{}/fail", id(&refund)), json!({}))
        .await;
    assert_eq!(failed["status"], "failed");
    let again = provider.ok("/v1/refunds", &[("payment_intent", &intent)]).await;
    let (_, done) = provider
        .control(&format!("refunds/{}/succeed", id(&again)), json!({}))
        .await;
    assert_eq!(done["status"], "succeeded");
    assert_eq!(
        provider.get("/sandbox/ledger").await["totals"]["usd"]["refunded"],
        5000
    );
    provider.stop().await;
}

#[tokio::test]
async fn a_dispute_takes_the_money_and_winning_brings_it_back() {
    let provider = start().await;
    let (_, intent) = provider.pay("pm_card_createDispute", &[]).await;
    let disputes = provider
        .get(&format!("/v1/disputes?payment_intent={}", id(&intent)))
        .await;
    let dispute = &disputes["data"][0];
    assert_eq!(
        (dispute["status"].as_str(), dispute["amount"].as_i64()),
        (Some("needs_response"), Some(5000))
    );
    let (_, error) = provider
        .post("/v1/refunds", &[("payment_intent", &id(&intent))])
        .await;
    assert_eq!(error["error"]["code"], "charge_disputed");
    assert_eq!(
        provider.get("/sandbox/ledger").await["totals"]["usd"]["disputed"],
        5000
    );
    let (_, won) = provider
        .control(&format!("disputes/{}/won", id(dispute)), json!({}))
        .await;
    assert_eq!(won["status"], "won");
    let totals = provider.get("/sandbox/ledger").await["totals"]["usd"].clone();
    assert_eq!(
        (totals["disputed"].as_i64(), totals["fees"].as_i64()),
        (Some(0), Some(175 + 1500))
    );
    provider.flush().await;
    assert!(
        provider
            .inbox
            .kinds()
            .contains(&"charge.dispute.created".to_owned())
    );
    provider.stop().await;
}

#[tokio::test]
async fn one_authorization_is_captured_in_parts() {
    let provider = start().await;
    let multi = "payment_method_options[card][request_multicapture]";
    let extra = [("capture_method", "manual"), (multi, "if_available")];
    let (_, intent) = provider.pay("pm_card_visa", &extra).await;
    let path = format!("/v1/payment_intents/{}/capture", id(&intent));
    let part = provider
        .ok(
            &path,
            &[("amount_to_capture", "2000"), ("final_capture", "false")],
        )
        .await;
    assert_eq!(
        (part["status"].as_str(), part["amount_capturable"].as_i64()),
        (Some("requires_capture"), Some(3000))
    );
    assert_eq!(
        provider.post(&path, &[("amount_to_capture", "3001")]).await.0,
        400
    );
    assert_eq!(
        provider
            .post(&format!("/v1/payment_intents/{}/cancel", id(&intent)), &[])
            .await
            .0,
        400
    );
    let rest = provider.ok(&path, &[("amount_to_capture", "1000")]).await;
    assert_eq!(
        (rest["status"].as_str(), rest["amount_received"].as_i64()),
        (Some("succeeded"), Some(3000))
    );
    let (_, plain) = provider
        .pay("pm_card_visa", &[("capture_method", "manual")])
        .await;
    let path = format!("/v1/payment_intents/{}/capture", id(&plain));
    assert_eq!(provider.post(&path, &[("final_capture", "false")]).await.0, 400);
    provider.stop().await;
}

#[tokio::test]
async fn differences_can_be_planted_for_reconciliation() {
    let provider = start().await;
    let (_, intent) = provider.pay("pm_card_visa", &[]).await;
    let entry = provider.get("/sandbox/ledger").await["entries"][0]["id"].clone();
    for plant in [
        json!({"change": {"entry": entry, "amount": 4999}}),
        json!({"add": {"kind": "charge", "amount": 1, "currency": "usd", "payment_intent": "pi_extra"}}),
        json!({"status": {"payment_intent": id(&intent), "status": "canceled"}}),
    ] {
        assert_eq!(provider.control("ledger", plant.clone()).await.0, 200, "{plant}");
    }
    let of_intent = provider
        .get(&format!("/sandbox/ledger?payment_intent={}", id(&intent)))
        .await;
    assert_eq!(of_intent["entries"][0]["amount"], 4999);
    assert_eq!(of_intent["totals"]["usd"]["captured"], 5000);
    assert_eq!(
        provider
            .control("ledger", json!({"remove": {"entry": entry}}))
            .await
            .0,
        200
    );
    assert_eq!(
        provider.get("/sandbox/ledger").await["totals"]["usd"]["captured"],
        1
    );
    provider.stop().await;
}
