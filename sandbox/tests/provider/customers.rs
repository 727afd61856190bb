//! Who may pay with what: saved cards and the browser's key.

use crate::support::{PUBLIC_KEY, id, read, start};

#[tokio::test]
async fn a_browser_pays_with_the_client_secret_and_nothing_else() {
    let provider = start().await;
    let intent = provider
        .ok(
            "/v1/payment_intents",
            &[("amount", "700"), ("currency", "eur"), ("metadata[a]", "b")],
        )
        .await;
    let url = format!("{}/v1/payment_intents/{}/confirm", provider.base, id(&intent));
    let secret = intent["client_secret"].as_str().unwrap();
    let send = |secret: &str| {
        let form = [
            ("client_secret", secret),
            ("payment_method", "pm_card_visa"),
            ("key", PUBLIC_KEY),
        ];
        provider.client.post(&url).form(&form).send()
    };
    assert_eq!(read(send("pi_x_secret_y").await.unwrap()).await.0, 400);
    let (status, paid) = read(send(secret).await.unwrap()).await;
    assert_eq!((status, paid["status"].as_str()), (200, Some("succeeded")));
    assert!(paid.get("metadata").is_none());
    let refund = provider
        .client
        .post(format!("{}/v1/refunds", provider.base))
        .bearer_auth(PUBLIC_KEY);
    let (status, body) = read(refund.send().await.unwrap()).await;
    assert_eq!(
        (status, body["error"]["code"].as_str()),
        (401, Some("secret_key_required"))
    );
    let nobody = provider
        .client
        .get(format!("{}/v1/customers/cus_1", provider.base))
        .send()
        .await
        .unwrap();
    assert_eq!(nobody.status().as_u16(), 401);
    provider.stop().await;
}

#[tokio::test]
async fn a_card_is_saved_once_and_used_only_by_its_owner() {
    let provider = start().await;
    let customer = id(&provider.ok("/v1/customers", &[("email", "a@example.com")]).await);
    let other = id(&provider.ok("/v1/customers", &[]).await);
    let form = [
        ("customer", &*customer),
        ("payment_method", "pm_card_authenticationRequiredOnSetup"),
        ("confirm", "true"),
    ];
    let setup = provider.ok("/v1/setup_intents", &form).await;
    assert_eq!(setup["status"], "requires_action");
    let page = setup["next_action"]["redirect_to_url"]["url"].as_str().unwrap();
    provider
        .client
        .post(format!("{page}/authorize"))
        .send()
        .await
        .unwrap();
    let setup = provider.get(&format!("/v1/setup_intents/{}", id(&setup))).await;
    assert_eq!(setup["status"], "succeeded");
    let card = setup["payment_method"].as_str().unwrap();
    let cards = provider
        .get(&format!("/v1/customers/{customer}/payment_methods"))
        .await;
    assert_eq!(cards["data"][0]["id"], card);

    let (status, paid) = provider
        .pay(card, &[("customer", &customer), ("off_session", "true")])
        .await;
    assert_eq!((status, paid["status"].as_str()), (200, Some("succeeded")));
    for stranger in [vec![("customer", &*other)], vec![]] {
        assert_eq!(provider.pay(card, &stranger).await.0, 400);
    }
    provider
        .ok(&format!("/v1/payment_methods/{card}/detach"), &[])
        .await;
    assert_eq!(provider.pay(card, &[("customer", &customer)]).await.0, 400);
    let (status, _) = provider
        .post(
            "/v1/payment_methods/pm_card_chargeDeclined/attach",
            &[("customer", &customer)],
        )
        .await;
    assert_eq!(status, 402);
    provider.stop().await;
}
