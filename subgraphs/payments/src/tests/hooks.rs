//! Webhooks: forged, duplicated, reordered, early and wrong.

use super::support::{HOOK_SECRET, Shop, order, shares, shop};
use crate::{
    actions::{sync, webhook},
    domain::status::PaymentStatus,
    store::payments,
};
use contracts::payments::CaptureReply;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use tower::ServiceExt as _;

fn signed(body: &str, secret: &str, at: i64) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{at}.{body}").as_bytes());
    format!("t={at},v1={}", hex::encode(mac.finalize().into_bytes()))
}

async fn post(shop: &Shop, body: String, signature: &str) -> u16 {
    let request = axum::http::Request::post("/webhooks/stripe").header("stripe-signature", signature);
    let request = request.body(axum::body::Body::from(body)).unwrap();
    crate::webhooks::routes(shop.app.clone())
        .oneshot(request)
        .await
        .unwrap()
        .status()
        .as_u16()
}

async fn deliver(shop: &Shop, event: &Value) -> u16 {
    let body = event.to_string();
    let signature = signed(&body, HOOK_SECRET, chrono::Utc::now().timestamp());
    post(shop, body, &signature).await
}

fn event(id: &str, kind: &str, object: Value) -> Value {
    json!({ "id": id, "type": kind, "created": 1_700_000_000, "data": { "object": object } })
}

#[tokio::test]
async fn forged_webhooks_write_nothing() {
    let shop = shop().await;
    let command = order("stripe");
    let info = shop.create(&command).await;
    let intent = shop.payment(command.order).await.provider_ref.unwrap();
    let object = json!({ "id": intent, "status": "succeeded", "amount": 5000, "amount_received": 5000,
        "currency": "gbp", "metadata": { "payment_id": info.payment.to_string() } });
    let body = event("evt_forged", "payment_intent.succeeded", object).to_string();
    let now = chrono::Utc::now().timestamp();
    let cases = [
        String::new(),
        signed(&body, "whsec_wrong", now),
        signed(&body, HOOK_SECRET, now - 301),
        signed(&body, HOOK_SECRET, now + 301),
        signed(&format!("{body} "), HOOK_SECRET, now),
        format!("t={now},v1="),
    ];
    for signature in cases {
        assert_eq!(post(&shop, body.clone(), &signature).await, 400, "{signature}");
    }
    assert_eq!(post(&shop, " ".repeat(1_100_000), "t=1,v1=00").await, 413);
    assert_eq!(
        shop.count("select count(*) from payments.webhook_inbox where event_id = 'evt_forged'")
            .await,
        0
    );
    assert_eq!(shop.payment(command.order).await.status, PaymentStatus::Created);
    // The same body with a good signature, also by the next secret of a rotation.
    assert_eq!(
        post(&shop, body.clone(), &signed(&body, "whsec_next", now)).await,
        200
    );
    assert_eq!(shop.payment(command.order).await.status, PaymentStatus::Captured);
}

#[tokio::test]
async fn duplicates_and_any_order_end_in_the_same_state() {
    let shop = shop().await;
    shop.control("webhooks/pause", Value::Null).await;
    shop.control(
        "faults",
        json!({ "kind": "webhook_duplicate", "times": 0, "copies": 2 }),
    )
    .await;
    let (command, shares) = (order("stripe"), shares());
    let info = shop.create(&command).await;
    shop.confirm(&info, "pm_card_chargeDeclined").await;
    shop.confirm(&info, "pm_card_visa").await;
    assert!(matches!(
        shop.capture(command.order, &shares).await,
        CaptureReply::Captured { .. }
    ));
    shop.refund(command.order, platform::ids::RefundId::new(), 1_234, vec![])
        .await;
    let before = shop.payment(command.order).await;
    let entries = "select count(*) from payments.ledger_entries";
    let booked = shop.count(entries).await;
    shop.flush().await;
    let after = shop.payment(command.order).await;
    assert_eq!(
        (after.status, after.captured, after.refunded),
        (PaymentStatus::PartiallyRefunded, 5_000, 1_234)
    );
    assert_eq!((before.status, before.version > 0), (after.status, true));
    assert_eq!(shop.count(entries).await, booked);

    // Every event again, backwards, into a payment that has heard nothing but its creation.
    let kept: Vec<Value> = sqlx::query_scalar(
        "select payload from payments.webhook_inbox order by received_at desc, event_id desc",
    )
    .fetch_all(shop.app.deps.db.pool())
    .await
    .unwrap();
    let command = order("stripe");
    shop.create(&command).await;
    let payment = shop.payment(command.order).await;
    for (index, mut event) in kept.into_iter().enumerate() {
        let text = event.to_string().replace(
            before.provider_ref.as_deref().unwrap(),
            payment.provider_ref.as_deref().unwrap(),
        );
        let text = text.replace(&before.id.to_string(), &payment.id.to_string());
        let text = text.replace(&before.order_id.to_string(), &payment.order_id.to_string());
        event = serde_json::from_str(&text.replace("\"re_", "\"re_copy_")).unwrap();
        event["id"] = json!(format!("evt_copy_{index}"));
        assert_eq!(deliver(&shop, &event).await, 200);
    }
    let copy = shop.payment(command.order).await;
    assert_eq!(
        (copy.status, copy.authorized, copy.captured, copy.refunded),
        (after.status, after.authorized, after.captured, after.refunded)
    );
}

#[tokio::test]
async fn a_webhook_for_a_payment_that_is_not_known_yet_waits() {
    let shop = shop().await;
    let object = json!({ "id": "pi_early", "status": "requires_capture", "amount": 5000,
        "amount_capturable": 5000, "currency": "gbp", "metadata": {} });
    assert_eq!(
        deliver(
            &shop,
            &event("evt_early", "payment_intent.amount_capturable_updated", object)
        )
        .await,
        200
    );
    let waiting =
        "select count(*) from payments.webhook_inbox where processed_at is null and event_id = 'evt_early'";
    assert_eq!(shop.count(waiting).await, 1);
    let command = order("manual");
    shop.create(&command).await;
    sqlx::query("update payments.payments set provider = 'STRIPE', provider_ref = 'pi_early'")
        .execute(shop.app.deps.db.pool())
        .await
        .unwrap();
    webhook::process(&shop.app, "evt_early").await.unwrap();
    assert_eq!(
        shop.payment(command.order).await.status,
        PaymentStatus::Authorized
    );
    assert_eq!(shop.count(waiting).await, 0);
}

#[tokio::test]
async fn what_does_not_fit_is_unresolved_until_the_provider_is_asked() {
    let shop = shop().await;
    let command = order("stripe");
    let info = shop.create(&command).await;
    shop.confirm(&info, "pm_card_visa").await;
    shop.flush().await;
    let intent = shop.payment(command.order).await.provider_ref.unwrap();
    let object = json!({ "id": intent, "status": "succeeded", "amount": 4999, "amount_received": 4999,
        "currency": "gbp", "metadata": {} });
    assert_eq!(
        deliver(&shop, &event("evt_wrong", "payment_intent.succeeded", object)).await,
        200
    );
    let payment = shop.payment(command.order).await;
    assert_eq!((payment.status, payment.captured), (PaymentStatus::Unresolved, 0));
    assert_eq!(
        payments::unresolved(shop.app.deps.db.pool()).await.unwrap().len(),
        1
    );
    let payment = sync::sync(&shop.app, payment, crate::actions::record::Source::Staff)
        .await
        .unwrap();
    assert_eq!(payment.status, PaymentStatus::Authorized);
}

#[tokio::test]
async fn unknown_kinds_are_kept_and_answered() {
    let shop = shop().await;
    let kept = event("evt_new", "billing_portal.opened", json!({ "id": "x" }));
    assert_eq!(deliver(&shop, &kept).await, 200);
    assert_eq!(deliver(&shop, &kept).await, 200);
    assert_eq!(
        shop.count("select count(*) from payments.webhook_inbox where processed_at is not null")
            .await,
        1
    );
}

#[tokio::test]
async fn refunds_that_wait_fail_or_come_back_and_disputes() {
    let shop = shop().await;
    let command = order("stripe");
    let info = shop.create(&command).await;
    shop.confirm(&info, "pm_card_pendingRefund").await;
    shop.capture(command.order, &shares()).await;
    let reply = shop
        .refund(command.order, platform::ids::RefundId::new(), 5_000, vec![])
        .await;
    assert!(
        matches!(reply, contracts::payments::RefundReply::Submitted),
        "{reply:?}"
    );
    shop.flush().await;
    assert_eq!(shop.payment(command.order).await.status, PaymentStatus::Captured);
    let refund: String = sqlx::query_scalar("select provider_ref from payments.payment_refunds")
        .fetch_one(shop.app.deps.db.pool())
        .await
        .unwrap();
    shop.control(&format!("refunds/{refund}/succeed"), Value::Null)
        .await;
    shop.flush().await;
    assert_eq!(shop.payment(command.order).await.status, PaymentStatus::Refunded);
    shop.control(&format!("refunds/{refund}/fail"), Value::Null).await;
    shop.flush().await;
    assert_eq!(shop.payment(command.order).await.status, PaymentStatus::Captured);
    assert_eq!(shop.balance("PSP_RECEIVABLE").await, -5_000);
    let told = "select count(*) from payments.outbox where topic = 'payments.refund_status_changed'";
    assert_eq!(shop.count(told).await, 2);

    let command = order("stripe");
    let info = shop.create(&command).await;
    shop.confirm(&info, "pm_card_createDispute").await;
    shop.capture(command.order, &shares()).await;
    shop.flush().await;
    assert_eq!(shop.payment(command.order).await.status, PaymentStatus::Disputed);
}
