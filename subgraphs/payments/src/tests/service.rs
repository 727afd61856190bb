//! The service as a whole, over its routes.

use super::support::order;
use contracts::payments::{CreatePaymentReply, PaymentState};

#[tokio::test]
async fn the_service_answers_commands_of_other_services() {
    use tower::ServiceExt as _;
    let db = platform::testing::TestDb::new(crate::NAME, &crate::MIGRATOR)
        .await
        .unwrap();
    let deps = db.deps(crate::NAME).unwrap();
    let token = deps.settings.service_key.mint("orders", "payments").unwrap();
    let router = crate::service(deps, crate::Settings::default()).unwrap().router();
    let body = serde_json::to_vec(&order("manual")).unwrap();
    let request = |token: &str| {
        axum::http::Request::post("/commands/create_payment")
            .header("authorization", format!("Bearer {token}"))
            .body(axum::body::Body::from(body.clone()))
            .unwrap()
    };
    assert_eq!(
        router.clone().oneshot(request("forged")).await.unwrap().status(),
        401
    );
    let response = router.clone().oneshot(request(&token)).await.unwrap();
    assert_eq!(response.status(), 200);
    let bytes = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
    let reply: CreatePaymentReply = serde_json::from_slice(&bytes).unwrap();
    assert!(matches!(reply, CreatePaymentReply::Created(info) if info.status == PaymentState::Created));
    let hook = axum::http::Request::post("/webhooks/stripe")
        .body(axum::body::Body::empty())
        .unwrap();
    assert_eq!(
        router.oneshot(hook).await.unwrap().status(),
        404,
        "no provider, no webhooks"
    );
}

#[tokio::test]
async fn the_platforms_rate_follows_the_settings_but_not_into_the_past() {
    let shop = super::support::shop_without_provider().await;
    let pool = shop.app.deps.db.pool();
    for rate in [1_500, 1_500, 1_000] {
        crate::store::shares::set_platform_rate(pool, rate).await.unwrap();
    }
    let vendor = platform::ids::VendorId::new();
    let rates = crate::store::shares::rates(pool, &[vendor]).await.unwrap();
    assert_eq!(rates[&vendor], 1_000);
    assert_eq!(
        shop.count("select count(*) from payments.commission_rules").await,
        3
    );
}
