//! Idempotency keys, and the faults that make them necessary.

use crate::support::{id, read, start};
use serde_json::json;

const FORM: [(&str, &str); 4] = [
    ("amount", "5000"),
    ("currency", "usd"),
    ("confirm", "true"),
    ("payment_method", "pm_card_visa"),
];

#[tokio::test]
async fn a_key_replays_its_first_reply_and_refuses_another_request() {
    let provider = start().await;
    let first = provider
        .send("/v1/payment_intents", &FORM, Some("k1"))
        .await
        .unwrap();
    let first_request = first.headers()["request-id"].clone();
    let (_, first) = read(first).await;
    let mut reordered = FORM;
    reordered.reverse();
    let replay = provider
        .send("/v1/payment_intents", &reordered, Some("k1"))
        .await
        .unwrap();
    assert_eq!(replay.headers()["idempotent-replayed"], "true");
    assert_eq!(replay.headers()["original-request"], first_request);
    assert_eq!(read(replay).await.1, first);

    let other = [("amount", "6000"), ("currency", "usd")];
    let (status, error) = read(
        provider
            .send("/v1/payment_intents", &other, Some("k1"))
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(
        (status, error["error"]["type"].as_str()),
        (400, Some("idempotency_error"))
    );
    assert_eq!(
        provider.get("/v1/payment_intents").await["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    // A refused card is a result and is saved; a request that was never valid is not.
    let declined = [
        ("amount", "5000"),
        ("currency", "usd"),
        ("confirm", "true"),
        ("payment_method", "pm_card_chargeDeclined"),
    ];
    let (status, one) = read(
        provider
            .send("/v1/payment_intents", &declined, Some("k2"))
            .await
            .unwrap(),
    )
    .await;
    let (_, two) = read(
        provider
            .send("/v1/payment_intents", &declined, Some("k2"))
            .await
            .unwrap(),
    )
    .await;
    assert_eq!((status, &one), (402, &two));
    assert_eq!(
        provider
            .send("/v1/payment_intents", &[("amount", "1")], Some("k3"))
            .await
            .unwrap()
            .status(),
        400
    );
    assert_eq!(
        provider
            .send("/v1/payment_intents", &FORM, Some("k3"))
            .await
            .unwrap()
            .status(),
        200
    );
    provider.stop().await;
}

#[tokio::test]
async fn a_lost_reply_is_found_again_under_its_key() {
    let provider = start().await;
    let mut form = FORM.to_vec();
    form.push(("metadata[sandbox_lose_reply]", "true"));
    assert!(
        provider
            .send("/v1/payment_intents", &form, Some("k"))
            .await
            .is_err()
    );
    let (status, paid) = read(
        provider
            .send("/v1/payment_intents", &form, Some("k"))
            .await
            .unwrap(),
    )
    .await;
    assert_eq!((status, paid["status"].as_str()), (200, Some("succeeded")));
    let ledger = provider.get("/sandbox/ledger").await;
    assert_eq!(ledger["entries"].as_array().unwrap().len(), 1);
    provider.stop().await;
}

#[tokio::test]
async fn armed_faults_strike_captures() {
    let provider = start().await;
    for (kind, statuses) in [
        ("rate_limit", [429, 200]),
        ("error_before", [500, 200]),
        ("error_after", [500, 500]),
        ("bad_gateway", [502, 200]),
        ("lose_request", [0, 200]),
        ("lose_reply", [0, 200]),
    ] {
        let (_, held) = provider
            .pay("pm_card_visa", &[("capture_method", "manual")])
            .await;
        let path = format!("/v1/payment_intents/{}/capture", id(&held));
        provider
            .control(
                "faults",
                json!({"kind": kind, "method": "POST", "path": "/capture"}),
            )
            .await;
        for expected in statuses {
            let status = provider
                .send(&path, &[], Some(&path))
                .await
                .map_or(0, |reply| reply.status().as_u16());
            assert_eq!(status, expected, "{kind}");
        }
        let intent = provider.get(&format!("/v1/payment_intents/{}", id(&held))).await;
        assert_eq!(
            (intent["status"].as_str(), intent["amount_received"].as_i64()),
            (Some("succeeded"), Some(5000))
        );
    }
    assert_eq!(
        provider.get("/sandbox/ledger").await["entries"]
            .as_array()
            .unwrap()
            .len(),
        6
    );
    provider.stop().await;
}

#[tokio::test]
async fn a_key_in_use_is_a_conflict() {
    let provider = start().await;
    provider
        .control(
            "faults",
            json!({"kind": "delay_reply", "method": "POST", "delay_ms": 60_000}),
        )
        .await;
    let slow = {
        let (client, base) = (provider.client.clone(), provider.base.clone());
        tokio::spawn(async move {
            let call = client
                .post(format!("{base}/v1/payment_intents"))
                .bearer_auth(crate::support::SECRET_KEY);
            call.header("idempotency-key", "k").form(&FORM).send().await
        })
    };
    // The effect is visible before the reply leaves.
    while provider.get("/v1/payment_intents").await["data"]
        .as_array()
        .unwrap()
        .is_empty()
    {}
    let (status, error) = read(
        provider
            .send("/v1/payment_intents", &FORM, Some("k"))
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(
        (status, error["error"]["code"].as_str()),
        (409, Some("idempotency_key_in_use"))
    );
    slow.abort();
    // The server notices the closed connection at some point; then the saved reply is there.
    let replayed = loop {
        let reply = provider
            .send("/v1/payment_intents", &FORM, Some("k"))
            .await
            .unwrap();
        if reply.status().as_u16() != 409 {
            break reply;
        }
    };
    assert_eq!(replayed.headers()["idempotent-replayed"], "true");
    provider.stop().await;
}

#[tokio::test]
async fn controls_need_the_secret_key() {
    let provider = start().await;
    for key in [crate::support::PUBLIC_KEY, "sk_test_wrong"] {
        let reply = provider
            .client
            .get(format!("{}/sandbox/ledger", provider.base))
            .bearer_auth(key)
            .send()
            .await;
        assert_eq!(reply.unwrap().status().as_u16(), 401);
    }
    provider.stop().await;
}
