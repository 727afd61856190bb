//! What bad input, bad tokens and strangers get: a clear, typed no, and nothing changes.

use crate::{
    journey::{CHECKOUT, cart_with, checkout_input, quote, ship_to},
    support::{QUIET, Shop, shared, until, until_status},
};
use agora::client::Client;
use serde_json::{Value, json};

async fn guest(shop: &Shop) -> Client {
    let session = "mutation { guestSessionCreate { tokens { accessToken } userErrors { message } } }";
    let data = shop.anonymous().run(session, json!({})).await.unwrap();
    shop.anonymous().with_token(
        data["guestSessionCreate"]["tokens"]["accessToken"]
            .as_str()
            .unwrap(),
    )
}

async fn variant(shop: &Shop, sku: &str) -> Value {
    let query = "query($sku: String!) { product(by: {sku: $sku}) { variants { id sku } } }";
    let data = shop.anonymous().run(query, json!({ "sku": sku })).await.unwrap();
    let variants = data["product"]["variants"].as_array().unwrap();
    variants.iter().find(|v| v["sku"] == sku).unwrap()["id"].clone()
}

fn code(body: &Value) -> &str {
    body["errors"][0]["extensions"]["code"].as_str().unwrap_or("")
}

#[tokio::test]
async fn a_bad_token_is_401_and_never_anonymous() {
    let _quiet = QUIET.read().await;
    let shop = shared();
    for token in ["nonsense", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1c3JfMSJ9."] {
        let (status, body) = shop
            .anonymous()
            .with_token(token)
            .send("{ products(first: 1) { nodes { id } } }", json!({}))
            .await
            .unwrap();
        assert_eq!((status, code(&body)), (401, "UNAUTHENTICATED"), "{body}");
    }
    // A service without the router in front is no softer.
    for offset in 1..=8 {
        let url = format!("http://127.0.0.1:{}/graphql", shop.port + offset);
        let direct = Client::new(url).unwrap().with_token("nonsense");
        assert_eq!(direct.send("{ __typename }", json!({})).await.unwrap().0, 401);
    }
}

#[tokio::test]
async fn roles_are_checked_and_strangers_find_nothing() {
    let _quiet = QUIET.read().await;
    let shop = shared();
    let (customer, staff) = (shop.login("customer").await, shop.login("staff").await);
    let query = "{ orders(first: 1) { nodes { id } } }";
    let (_, body) = customer.send(query, json!({})).await.unwrap();
    assert_eq!(
        (code(&body), &body["data"]["orders"]),
        ("FORBIDDEN", &Value::Null)
    );
    assert_eq!(
        code(&shop.anonymous().send(query, json!({})).await.unwrap().1),
        "UNAUTHENTICATED"
    );
    staff.run(query, json!({})).await.unwrap();

    let mine = guest(&shop).await;
    let cart = cart_with(
        &mine,
        vec![json!({ "variantId": variant(&shop, "GIFT-002").await, "quantity": 1 })],
    )
    .await;
    let other = guest(&shop).await;
    let found = other
        .run("query($id: ID!) { cart(id: $id) { id } }", json!({ "id": cart }))
        .await
        .unwrap();
    assert!(found["cart"].is_null(), "somebody else's cart is a missing cart");
    let clear = "mutation($id: ID!) { cartClear(cartId: $id) { userErrors { code } } }";
    let refused = other.send(clear, json!({ "id": cart })).await.unwrap().1;
    let missing = other
        .send(clear, json!({ "id": "crt_00000000000070008000000000000000" }))
        .await
        .unwrap()
        .1;
    assert_eq!(
        refused["data"]["cartClear"]["userErrors"][0]["code"], "NOT_FOUND",
        "{refused}"
    );
    assert_eq!(refused, missing, "and the answers do not differ");
}

#[tokio::test]
async fn a_stale_version_and_bad_quantities_change_nothing() {
    let _quiet = QUIET.read().await;
    let shop = shared();
    let client = guest(&shop).await;
    let id = variant(&shop, "GIFT-003").await;
    let cart = cart_with(&client, vec![json!({ "variantId": id, "quantity": 1 })]).await;
    let read = "query($id: ID!) { cart(id: $id) { version lines { id quantity } } }";
    let before = client.run(read, json!({ "id": cart })).await.unwrap();
    let line = &before["cart"]["lines"][0]["id"];
    let set = "mutation($cart: ID!, $line: ID!, $quantity: Int!, $version: Int!) {
        cartLineSetQuantity(cartId: $cart, lineId: $line, quantity: $quantity, expectedVersion: $version) {
            userErrors { code ... on VersionConflictError { currentVersion } } } }";
    let version = before["cart"]["version"].as_i64().unwrap();
    for (quantity, expected, code) in [
        (2, version - 1, "VERSION_CONFLICT"),
        (0, version, "INVALID"),
        (1000, version, "INVALID"),
        (-5, version, "INVALID"),
    ] {
        let variables = json!({ "cart": cart, "line": line, "quantity": quantity, "version": expected });
        let body = client.send(set, variables).await.unwrap().1;
        assert_eq!(
            body["data"]["cartLineSetQuantity"]["userErrors"][0]["code"], code,
            "{quantity}: {body}"
        );
    }
    assert_eq!(client.run(read, json!({ "id": cart })).await.unwrap(), before);
}

#[tokio::test]
async fn hostile_operations_are_refused_before_any_service_is_called() {
    let _quiet = QUIET.write().await;
    let shop = shared();
    let deep = "{ categories { ".to_owned() + &"children { ".repeat(14) + "id" + &" }".repeat(14) + " } }";
    let aliases = format!(
        "{{ {} }}",
        (0..40)
            .map(|i| format!("a{i}: brands {{ id }}"))
            .collect::<Vec<_>>()
            .join(" ")
    );
    let tokens = format!("{{ brands {{ {} }} }}", "id ".repeat(5000));
    let page = "{ products(first: 1000000) { nodes { id } } }".to_owned();
    let calls = async || {
        let services = [
            "users",
            "products",
            "orders",
            "payments",
            "shipping",
            "inventory",
            "notifications",
            "analytics",
        ];
        let mut calls = 0;
        for service in services {
            calls += shop.metric(service, "agora_graphql_requests_total").await;
        }
        calls
    };
    let before = calls().await;
    for query in [deep, aliases, tokens, page] {
        let (_, body) = shop.anonymous().send(&query, json!({})).await.unwrap();
        assert!(
            !body["errors"].as_array().unwrap().is_empty() && body["data"].is_null(),
            "{body}"
        );
    }
    assert_eq!(calls().await, before);
}

#[tokio::test]
async fn money_and_stock_say_no_with_data() {
    let _quiet = QUIET.read().await;
    let shop = shared();
    let client = guest(&shop).await;
    let scarce = variant(&shop, "LAP-005").await;
    let cart = cart_with(&client, vec![json!({ "variantId": scarce, "quantity": 500 })]).await;
    ship_to(&client, &cart).await;
    let quoted = quote(&client, &cart).await;
    let input = checkout_input(&client, &cart, &quoted, "too-many").await;
    let query = CHECKOUT.replace(
        "userErrors { code message }",
        "userErrors { code message ... on InsufficientStockError { available requested } }",
    );
    let body = client.send(&query, json!({ "input": input })).await.unwrap().1;
    let error = &body["data"]["checkoutComplete"]["userErrors"][0];
    assert_eq!(
        (&error["code"], &error["requested"]),
        (&json!("INSUFFICIENT_STOCK"), &json!(500)),
        "{body}"
    );
    // The cart is as it was and can be corrected.
    let line = client
        .run(
            "query($id: ID!) { cart(id: $id) { status version lines { id } } }",
            json!({ "id": cart }),
        )
        .await
        .unwrap();
    assert_eq!(line["cart"]["status"], "ACTIVE");

    // A hash that is not the quote's: the new quote comes along.
    let set = "mutation($cart: ID!, $line: ID!, $version: Int!) {
        cartLineSetQuantity(cartId: $cart, lineId: $line, quantity: 1, expectedVersion: $version) { userErrors { code } } }";
    let variables =
        json!({ "cart": cart, "line": line["cart"]["lines"][0]["id"], "version": line["cart"]["version"] });
    client.run(set, variables).await.unwrap();
    let input = checkout_input(&client, &cart, &quoted, "old-quote").await;
    let query = CHECKOUT.replace(
        "userErrors { code message }",
        "userErrors { code message ... on PriceChangedError { quote { hash } newTotal { amount } } }",
    );
    let body = client.send(&query, json!({ "input": input })).await.unwrap().1;
    let error = &body["data"]["checkoutComplete"]["userErrors"][0];
    assert!(
        error["code"] == "PRICE_CHANGED" || error["code"] == "QUOTE_EXPIRED",
        "{body}"
    );
}

#[tokio::test]
async fn a_declined_card_can_be_tried_again_and_3d_secure_is_followed() {
    let _quiet = QUIET.read().await;
    let shop = shared();
    let client = guest(&shop).await;
    let cart = cart_with(
        &client,
        vec![json!({ "variantId": variant(&shop, "GIFT-004").await, "quantity": 1 })],
    )
    .await;
    ship_to(&client, &cart).await;
    let quoted = quote(&client, &cart).await;
    let input = checkout_input(&client, &cart, &quoted, "decline").await;
    let placed = client.run(CHECKOUT, json!({ "input": input })).await.unwrap()["checkoutComplete"].take();
    let secret = placed["payment"]["clientSecret"].as_str().unwrap();
    let declined = shop.pay(secret, "pm_card_chargeDeclined").await;
    assert_eq!(declined["error"]["code"], "card_declined", "{declined}");
    let challenged = shop.pay(secret, "pm_card_threeDSecure2Required").await;
    assert_eq!(challenged["status"], "requires_action", "{challenged}");
    let page = challenged["next_action"]["redirect_to_url"]["url"]
        .as_str()
        .unwrap();
    let authorize = format!("{}/authorize", page.split('?').next().unwrap());
    // It redirects to the shop, which does not run here.
    let client_of_bank = platform::http::client(std::time::Duration::from_secs(5)).unwrap();
    let answered = client_of_bank.post(authorize).send().await.unwrap();
    assert!(
        answered.status().is_success() || answered.status().is_redirection(),
        "{}",
        answered.status()
    );
    until_status(&client, placed["order"]["id"].as_str().unwrap(), "CONFIRMED").await;
}

#[tokio::test]
async fn logs_of_router_and_services_share_the_trace() {
    let _quiet = QUIET.read().await;
    let shop = shared();
    let trace = format!("{:032x}", uuid::Uuid::now_v7().as_u128());
    let body = json!({ "query": "mutation { login(email: \"nobody@agora.example\", password: \"wrong-password-1\") { userErrors { code } } }" });
    let request = reqwest::Client::new().post(shop.url()).json(&body);
    request
        .header("traceparent", format!("00-{trace}-b7ad6b7169203331-01"))
        .send()
        .await
        .unwrap();
    let staff = shop.login("staff").await;
    until(&staff, "{ me { id } }", json!({}), |_| {
        let log = std::fs::read_to_string(shop.data.join("logs/router.log")).ok()?;
        log.contains(&trace).then_some(())
    })
    .await;
}
