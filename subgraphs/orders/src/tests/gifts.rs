//! Orders that cost nothing: paid with points or discounts alone.

use super::world::World;
use crate::actions::tasks;
use serde_json::json;

#[tokio::test]
async fn nothing_to_pay_is_confirmed_at_once_and_its_vendors_earn() {
    let world = World::new().await;
    world.facts.lock().unwrap().delivery = 0;
    let cart = world.cart(2).await;
    let points = "mutation($id: ID!, $version: Int!) {
        cartLoyaltySet(cartId: $id, points: 2000, expectedVersion: $version) { userErrors { message } } }";
    let set = world
        .run(
            &world.customer,
            points,
            json!({ "id": cart["id"], "version": cart["version"] }),
        )
        .await;
    assert_eq!(set["cartLoyaltySet"]["userErrors"], json!([]));
    let cart = world.quote(&cart["id"]).await;
    assert_eq!(cart["quote"]["totals"]["total"]["amount"], 0);
    let placed = world.checkout(&cart, "k").await;
    assert_eq!(
        (
            &placed["sagaStatus"],
            &placed["order"]["status"],
            &placed["userErrors"]
        ),
        (&json!("COMPLETED"), &json!("CONFIRMED"), &json!([])),
        "{placed}"
    );
    assert_eq!(
        placed["order"]["vendorOrders"][0]["status"],
        "AWAITING_ACCEPTANCE"
    );
    let calls = world.facts.lock().unwrap().calls.clone();
    assert!(
        calls.contains(&"capture_payment".to_owned()),
        "the vendor's share is booked"
    );
    assert!(!calls.contains(&"create_payment".to_owned()));
    let net: Option<i64> = sqlx::query_scalar("select vendor_net from orders.vendor_orders")
        .fetch_one(world.deps.db.pool())
        .await
        .unwrap();
    assert_eq!(net, Some(90));

    let cancel = "mutation($id: ID!, $version: Int!) {
        orderCancel(id: $id, reason: \"no\", expectedVersion: $version, idempotencyKey: \"x\") {
            order { status refunds { status total { amount } } } userErrors { message } } }";
    let order = &placed["order"]["id"];
    let version = world.order(&world.customer, order).await["version"].take();
    let done = world
        .run(
            &world.customer,
            cancel,
            json!({ "id": order, "version": version }),
        )
        .await;
    assert_eq!(
        done["orderCancel"]["order"],
        json!({ "status": "CANCELED", "refunds": [{ "status": "SUCCEEDED", "total": { "amount": 0 } }] }),
        "{done}"
    );
    while tasks::step(&world.deps).await.unwrap() {}
    let calls = world.facts.lock().unwrap().calls.clone();
    for asked in ["reverse_points", "deallocate_stock", "reverse_shares"] {
        assert!(calls.contains(&asked.to_owned()), "{asked}: {calls:?}");
    }
}
