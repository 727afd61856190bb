//! From the cart to the payment.

use super::Buyer;
use agora::client::Client;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub async fn cart_with(client: &Client, lines: Vec<Value>) -> String {
    let create =
        "mutation { cartCreate(currency: \"GBP\") { cart { id version } userErrors { code message } } }";
    let cart = client.run(create, json!({})).await.unwrap()["cartCreate"]["cart"].take();
    let add = "mutation($cart: ID!, $lines: [CartLineInput!]!) {
        cartLinesAdd(cartId: $cart, lines: $lines) { cart { id lineCount } userErrors { code message } } }";
    client
        .run(add, json!({ "cart": cart["id"], "lines": lines }))
        .await
        .unwrap();
    cart["id"].as_str().unwrap().to_owned()
}

fn address() -> Value {
    json!({ "fullName": "Robin Reader", "line1": "2 Quay Street", "city": "Bristol", "postalCode": "BS1 4DB", "country": "GB" })
}

/// The cart's version now.
pub async fn version(client: &Client, cart: &str) -> i64 {
    let data = client
        .run(
            "query($id: ID!) { cart(id: $id) { version } }",
            json!({ "id": cart }),
        )
        .await
        .unwrap();
    data["cart"]["version"].as_i64().unwrap()
}

/// Address, delivery per vendor, coupon, quote.
pub async fn prepare(buyer: &Buyer, cart: &str) -> Value {
    let client = &buyer.client;
    let create = "mutation($input: AddressInput!) {
        addressCreate(input: $input, kind: BOTH) { address { id } userErrors { message } } }";
    client.run(create, json!({ "input": address() })).await.unwrap();
    ship_to(client, cart).await;
    let apply = "mutation($cart: ID!, $version: Int!) {
        cartCouponApply(cartId: $cart, code: \"WELCOME10\", expectedVersion: $version) { userErrors { code message } } }";
    client
        .run(
            apply,
            json!({ "cart": cart, "version": version(client, cart).await }),
        )
        .await
        .unwrap();
    let quote = quote(client, cart).await;
    let amount = |field: &str| quote["totals"][field]["amount"].as_i64().unwrap();
    assert_eq!(
        amount("total"),
        amount("subtotal") - amount("discount") + amount("shipping"),
        "{quote}"
    );
    assert!(amount("discount") > 0, "WELCOME10 takes ten percent off");
    quote
}

/// Sets the address and takes the first delivery option of every vendor.
pub async fn ship_to(client: &Client, cart: &str) {
    ship_and_bill_to(client, cart, &address(), &address()).await;
}

/// The same with other addresses.
pub async fn ship_and_bill_to(client: &Client, cart: &str, shipping: &Value, billing: &Value) {
    let set = "mutation($cart: ID!, $shipping: AddressInput!, $billing: AddressInput!, $version: Int!) {
        cartAddressesSet(cartId: $cart, shipping: $shipping, billing: $billing, expectedVersion: $version) {
            userErrors { code message } } }";
    let variables = json!({ "cart": cart, "shipping": shipping, "billing": billing,
        "version": version(client, cart).await });
    client.run(set, variables).await.unwrap();
    let options = "query($id: ID!) { cart(id: $id) { version deliveryOptions {
        vendor { id } method { id name } price { amount } estimatedTo } } }";
    let data = client.run(options, json!({ "id": cart })).await.unwrap();
    let mut vendors = BTreeSet::new();
    let selections: Vec<Value> = data["cart"]["deliveryOptions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|option| vendors.insert(option["vendor"]["id"].as_str().unwrap().to_owned()))
        .map(|option| json!({ "vendorId": option["vendor"]["id"], "methodId": option["method"]["id"] }))
        .collect();
    let select = "mutation($cart: ID!, $selections: [DeliverySelectionInput!]!, $version: Int!) {
        cartDeliverySelect(cartId: $cart, selections: $selections, expectedVersion: $version) {
            userErrors { code message } } }";
    let variables = json!({ "cart": cart, "selections": selections, "version": data["cart"]["version"] });
    client.run(select, variables).await.unwrap();
}

pub async fn quote(client: &Client, cart: &str) -> Value {
    let query = "mutation($cart: ID!) { cartQuote(cartId: $cart) { cart { version quote { id hash totals {
        subtotal { amount } discount { amount } loyalty { amount } shipping { amount } tax { amount } total { amount } } } }
        userErrors { code message } } }";
    let data = client.run(query, json!({ "cart": cart })).await.unwrap();
    data["cartQuote"]["cart"]["quote"].clone()
}

/// What `checkoutComplete` takes.
pub async fn checkout_input(client: &Client, cart: &str, quote: &Value, key: &str) -> Value {
    json!({
        "cartId": cart, "expectedCartVersion": version(client, cart).await, "quoteId": quote["id"],
        "quoteHash": quote["hash"], "provider": "stripe", "idempotencyKey": key
    })
}

pub const CHECKOUT: &str = "mutation($input: CheckoutInput!) { checkoutComplete(input: $input) {
    order { id number status totals { total { amount } } } sagaStatus payment { provider clientSecret expiresAt }
    userErrors { code message } } }";

/// Places the order; the same key again is the same order. Returns its ID and the payment's client secret.
pub(super) async fn checkout(buyer: &Buyer, cart: &str, quote: &Value) -> (String, String) {
    let input = checkout_input(&buyer.client, cart, quote, "journey").await;
    let first = buyer
        .client
        .run(CHECKOUT, json!({ "input": input }))
        .await
        .unwrap()["checkoutComplete"]
        .take();
    assert_eq!(
        (&first["order"]["status"], &first["sagaStatus"]),
        (&json!("PENDING_PAYMENT"), &json!("AWAITING_PAYMENT"))
    );
    assert_eq!(first["order"]["totals"]["total"], quote["totals"]["total"]);
    let again = buyer
        .client
        .run(CHECKOUT, json!({ "input": input }))
        .await
        .unwrap()["checkoutComplete"]
        .take();
    assert_eq!(again["order"]["id"], first["order"]["id"]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (
        text(&first["order"]["id"]),
        text(&first["payment"]["clientSecret"]),
    )
}
