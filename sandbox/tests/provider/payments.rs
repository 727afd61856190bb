//! Intents through their states: capture, decline, 3-D Secure, cancel.

use crate::support::{id, start};

#[tokio::test]
async fn a_manual_capture_goes_from_hold_to_money() {
    let provider = start().await;
    provider.control("webhooks/pause", serde_json::json!(null)).await;
    let create = [
        ("amount", "5000"),
        ("currency", "USD"),
        ("capture_method", "manual"),
        ("metadata[order_id]", "A-1"),
        ("expand[]", "latest_charge"),
    ];
    let intent = provider.ok("/v1/payment_intents", &create).await;
    assert_eq!(intent["status"], "requires_payment_method");
    assert_eq!(intent["metadata"]["order_id"], "A-1");
    assert_eq!(intent["currency"], "usd");
    let path = format!("/v1/payment_intents/{}", id(&intent));
    let held = provider
        .ok(&format!("{path}/confirm"), &[("payment_method", "pm_card_visa")])
        .await;
    assert_eq!(
        (held["status"].as_str(), held["amount_capturable"].as_i64()),
        (Some("requires_capture"), Some(5000))
    );

    let (status, error) = provider
        .post(&format!("{path}/capture"), &[("amount_to_capture", "5001")])
        .await;
    assert_eq!(
        (status, error["error"]["code"].as_str()),
        (400, Some("amount_too_large"))
    );
    let done = provider
        .ok(&format!("{path}/capture"), &[("amount_to_capture", "4000")])
        .await;
    assert_eq!(
        (done["status"].as_str(), done["amount_received"].as_i64()),
        (Some("succeeded"), Some(4000))
    );
    let (status, error) = provider.post(&format!("{path}/capture"), &[]).await;
    assert_eq!(
        (status, error["error"]["code"].as_str()),
        (400, Some("payment_intent_unexpected_state"))
    );
    assert_eq!(error["error"]["payment_intent"]["status"], "succeeded");
    let (status, _) = provider.post(&format!("{path}/cancel"), &[]).await;
    assert_eq!(status, 400);

    provider.flush().await;
    let expected = [
        "payment_intent.created",
        "payment_intent.amount_capturable_updated",
        "payment_intent.succeeded",
    ];
    assert_eq!(provider.inbox.kinds(), expected);
    provider.stop().await;
}

#[tokio::test]
async fn a_declined_card_leaves_an_intent_that_can_be_paid_otherwise() {
    let provider = start().await;
    let (status, body) = provider.pay("pm_card_chargeDeclinedInsufficientFunds", &[]).await;
    let error = &body["error"];
    assert_eq!((status, error["type"].as_str()), (402, Some("card_error")));
    assert_eq!(
        (error["code"].as_str(), error["decline_code"].as_str()),
        (Some("card_declined"), Some("insufficient_funds"))
    );
    let intent = &error["payment_intent"];
    assert_eq!(intent["status"], "requires_payment_method");
    assert_eq!(intent["last_payment_error"]["decline_code"], "insufficient_funds");
    let path = format!("/v1/payment_intents/{}/confirm", id(intent));
    let card = [
        ("payment_method_data[type]", "card"),
        ("payment_method_data[card][number]", "4242 4242 4242 4242"),
        ("payment_method_data[card][exp_month]", "12"),
        ("payment_method_data[card][exp_year]", "2039"),
        ("payment_method_data[card][cvc]", "123"),
    ];
    let paid = provider.ok(&path, &card).await;
    assert_eq!(paid["status"], "succeeded");
    for (number, code) in [
        ("4000000000000002", "generic_decline"),
        ("4000000000009995", "insufficient_funds"),
    ] {
        let form = [
            ("amount", "5000"),
            ("currency", "usd"),
            ("confirm", "true"),
            ("payment_method_data[card][number]", number),
        ];
        let (status, body) = provider.post("/v1/payment_intents", &form).await;
        assert_eq!(
            (status, body["error"]["decline_code"].as_str()),
            (402, Some(code))
        );
    }
    let (_, expired) = provider.pay("pm_card_chargeDeclinedExpiredCard", &[]).await;
    assert_eq!(expired["error"]["code"], "expired_card");
    provider.stop().await;
}

#[tokio::test]
async fn three_d_secure_is_decided_on_the_banks_page() {
    let provider = start().await;
    for (decision, status, word) in [
        ("authorize", "requires_capture", "succeeded"),
        ("fail", "requires_payment_method", "failed"),
    ] {
        let extra = [
            ("capture_method", "manual"),
            ("return_url", "https://shop.example/back?cart=1"),
        ];
        let (_, intent) = provider.pay("pm_card_threeDSecure2Required", &extra).await;
        assert_eq!(intent["status"], "requires_action");
        let page = intent["next_action"]["redirect_to_url"]["url"].as_str().unwrap();
        let html = provider
            .client
            .get(page)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        assert!(html.contains("Authorize") && html.contains("Fail"));
        let reply = provider
            .client
            .post(format!("{page}/{decision}"))
            .send()
            .await
            .unwrap();
        let back = reply.headers()["location"].to_str().unwrap();
        assert!(
            back.starts_with("https://shop.example/back?cart=1&payment_intent=pi_"),
            "{back}"
        );
        assert!(back.ends_with(&format!("redirect_status={word}")), "{back}");
        let again = provider
            .client
            .post(format!("{page}/{decision}"))
            .send()
            .await
            .unwrap();
        assert_eq!(again.status().as_u16(), 409);
        let intent = provider
            .get(&format!("/v1/payment_intents/{}", id(&intent)))
            .await;
        assert_eq!(intent["status"], status);
        if decision == "fail" {
            let code = &intent["last_payment_error"]["code"];
            assert_eq!(code, "payment_intent_authentication_failure");
        }
    }
    let (status, body) = provider
        .pay("pm_card_authenticationRequired", &[("off_session", "true")])
        .await;
    assert_eq!(
        (status, body["error"]["code"].as_str()),
        (402, Some("authentication_required"))
    );
    provider.stop().await;
}

#[tokio::test]
async fn an_open_intent_can_be_canceled_once_and_an_authorization_expires() {
    let provider = start().await;
    let (_, held) = provider
        .pay("pm_card_visa", &[("capture_method", "manual")])
        .await;
    let path = format!("/v1/payment_intents/{}/cancel", id(&held));
    let canceled = provider.ok(&path, &[("cancellation_reason", "abandoned")]).await;
    assert_eq!(
        (
            canceled["status"].as_str(),
            canceled["amount_capturable"].as_i64()
        ),
        (Some("canceled"), Some(0))
    );
    assert_eq!(provider.post(&path, &[]).await.0, 400);
    let (_, held) = provider
        .pay("pm_card_visa", &[("capture_method", "manual")])
        .await;
    let (status, expired) = provider
        .control(
            &format!("payment_intents/{}/expire", id(&held)),
            serde_json::json!({}),
        )
        .await;
    assert_eq!(
        (status, expired["cancellation_reason"].as_str()),
        (200, Some("automatic"))
    );
    provider.stop().await;
}

#[tokio::test]
async fn wrong_requests_name_the_parameter() {
    let provider = start().await;
    for (form, param) in [
        (vec![("currency", "usd")], "amount"),
        (vec![("amount", "10.5"), ("currency", "usd")], "amount"),
        (vec![("amount", "1"), ("currency", "usd")], "amount"),
        (
            vec![("amount", "100"), ("currency", "usd"), ("colour", "red")],
            "colour",
        ),
        (
            vec![("amount", "100"), ("currency", "usd"), ("customer", "cus_no")],
            "customer",
        ),
        (
            vec![
                ("amount", "100"),
                ("currency", "usd"),
                ("return_url", "javascript:alert(1)"),
            ],
            "return_url",
        ),
    ] {
        let (_, body) = provider.post("/v1/payment_intents", &form).await;
        assert_eq!(body["error"]["param"], param, "{body}");
        assert_eq!(body["error"]["type"], "invalid_request_error");
    }
    let missing = provider.get("/v1/payment_intents/pi_no").await;
    assert_eq!(missing["error"]["code"], "resource_missing");
    assert!(
        provider.get("/v1/nothing").await["error"]["message"]
            .as_str()
            .unwrap()
            .contains("Unrecognized")
    );
    provider.stop().await;
}

#[tokio::test]
async fn asynchronous_processing_is_settled_on_demand() {
    let provider = start().await;
    let (_, intent) = provider
        .pay("pm_card_visa", &[("metadata[sandbox_async]", "true")])
        .await;
    assert_eq!(intent["status"], "processing");
    let path = format!("payment_intents/{}/succeed", id(&intent));
    let (_, done) = provider.control(&path, serde_json::json!({})).await;
    assert_eq!(done["status"], "succeeded");
    assert_eq!(provider.control(&path, serde_json::json!({})).await.0, 400);
    provider.stop().await;
}
