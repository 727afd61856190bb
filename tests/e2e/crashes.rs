//! A checkout survives SIGKILL at every telling step: after the restart it finishes or is undone, and the books hold.

use crate::{
    journey::{CHECKOUT, cart_with, checkout_input, quote, ship_to},
    support::{
        QUIET, Shop,
        process::{Up, agora, folder, ports},
        until,
    },
};
use agora::client::Client;
use serde_json::{Value, json};

/// Killed after the effect but before it is written down, and after it is written down.
const POINTS: [&str; 8] = [
    "saga.reserve.done",
    "saga.hold_coupons.done",
    "saga.create_order.recorded",
    "saga.create_payment.done",
    "saga.secure.done",
    "saga.confirm.recorded",
    "saga.commit.done",
    "saga.capture.done",
];

#[tokio::test]
async fn a_killed_checkout_finishes_after_the_restart() {
    let _quiet = QUIET.read().await;
    let (data, port) = (folder("crashes"), ports());
    for (index, point) in POINTS.into_iter().enumerate() {
        let up = Up::start_in(&data, port, &[("AGORA_CRASH_AT", point)]).unwrap();
        let shop = up.shop();
        buy(&shop, &shop.login("customer").await, point).await;
        up.wait_for_death();
        let up = Up::start_in(&data, port, &[]).unwrap();
        finished(&up.shop(), index + 1, point).await;
        settled(&up.shop(), index + 1).await;
        up.stop();
    }
    let up = Up::start_in(&data, port, &[]).unwrap();
    let (ok, report) = agora(&["doctor", "--data", data.to_str().unwrap()]);
    assert!(ok, "{report}");
    up.stop();
}

/// Checks out and pays; somewhere on the way the process dies.
async fn buy(shop: &Shop, client: &Client, key: &str) {
    let book = client
        .run(
            "{ product(by: {sku: \"GIFT-001\"}) { variants { id } } }",
            json!({}),
        )
        .await
        .unwrap();
    let variant = &book["product"]["variants"][0]["id"];
    let cart = cart_with(client, vec![json!({ "variantId": variant, "quantity": 1 })]).await;
    ship_to(client, &cart).await;
    let apply = "mutation($cart: ID!, $version: Int!) {
        cartCouponApply(cartId: $cart, code: \"WELCOME10\", expectedVersion: $version) { userErrors { code message } } }";
    let version = crate::journey::version(client, &cart).await;
    client
        .run(apply, json!({ "cart": cart, "version": version }))
        .await
        .unwrap();
    let quote = quote(client, &cart).await;
    let input = checkout_input(client, &cart, &quote, key).await;
    let Ok(data) = client.run(CHECKOUT, json!({ "input": input })).await else {
        return;
    };
    if let Some(secret) = data["checkoutComplete"]["payment"]["clientSecret"].as_str() {
        shop.pay(secret, "pm_card_visa").await;
    }
}

/// There is one order for each checkout; the interrupted one, paid if it was not, is confirmed.
async fn finished(shop: &Shop, placed: usize, point: &str) {
    let client = shop.login("customer").await;
    let query =
        "{ viewer { orders(first: 20) { nodes { id status payments { nextAction { clientSecret } } } } } }";
    let mut paid = false;
    for _ in 0..300 {
        let data = client.run(query, json!({})).await.unwrap_or_default();
        let orders = data["viewer"]["orders"]["nodes"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        if orders.len() == placed && orders.iter().all(|order| order["status"] == "CONFIRMED") {
            return;
        }
        let waiting = orders.iter().find(|order| order["status"] == "PENDING_PAYMENT");
        let secret = waiting.map(|order| &order["payments"][0]["nextAction"]["clientSecret"]);
        if let (false, Some(Value::String(secret))) = (paid, secret) {
            shop.pay(secret, "pm_card_visa").await;
            paid = true;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{point}: the order was not confirmed");
}

/// No saga is under way any more, and as many orders are confirmed as were placed.
async fn settled(shop: &Shop, placed: usize) {
    let staff = shop.login("staff").await;
    let query = "{ stuckSagas { id step lastError } orders(first: 50) { nodes { status saga { status } } } }";
    let orders = until(&staff, query, json!({}), |data| {
        let orders = data["orders"]["nodes"].as_array()?;
        let done = orders.iter().all(|order| order["saga"]["status"] == "COMPLETED");
        (done && data["stuckSagas"].as_array()?.is_empty()).then_some(orders.len())
    })
    .await;
    assert_eq!(orders, placed, "one order for each checkout");
}
