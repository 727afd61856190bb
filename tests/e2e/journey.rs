//! One buyer's way through all eight services, as a storefront, a vendor and the staff live it.

mod buying;
mod delivering;

pub use buying::{CHECKOUT, cart_with, checkout_input, prepare, quote, ship_to, version};
pub use delivering::deliver;

use crate::support::{QUIET, Shop, shared, until, until_status};
use agora::client::Client;
use buying::checkout;
use delivering::{deliver_and_watch, sales, told, until_sales};
use serde_json::{Value, json};
use uuid::Uuid;

const PASSWORD: &str = "correct-horse-battery-7";

#[tokio::test]
async fn a_guest_becomes_a_customer_buys_of_two_vendors_and_watches_it_arrive() {
    let _quiet = QUIET.read().await;
    run(&shared()).await;
}

/// The whole journey; the same for every way of running the services.
pub async fn run(shop: &Shop) {
    let variants = browse(shop).await;
    let (buyer, cart) = fill_a_cart_and_register(shop, &variants).await;
    let before = sales(shop).await;
    let quote = prepare(&buyer, &cart).await;
    let (order, secret) = checkout(&buyer, &cart, &quote).await;
    let intent = shop.pay(&secret, "pm_card_visa").await;
    assert_eq!(intent["status"], "requires_capture", "{intent}");
    until_status(&buyer.client, &order, "CONFIRMED").await;
    deliver_and_watch(shop, &buyer, &order).await;
    told(shop, &buyer, &order).await;
    let after = until_sales(shop, before.0 + 1).await;
    assert_eq!(
        after.1 - before.1,
        quote["totals"]["total"]["amount"].as_i64().unwrap()
    );
}

/// A shopper with an access token, for subscriptions.
pub struct Buyer {
    pub client: Client,
    pub token: String,
    pub email: String,
}

/// Finds a published variant of each of two vendors while looking at all kinds.
async fn browse(shop: &Shop) -> Vec<Value> {
    let guest = shop.anonymous();
    let query = "query($kind: [ProductKind!]) { products(first: 20, where: {kind: $kind}) { nodes {
        id name kind vendor { id displayName } priceRange { min { amount currency } } availability rating { count }
        details { __typename } variants { id price(currency: \"GBP\") { amount } availability { state maxOrderable } } } } }";
    let mut chosen = Vec::new();
    for kind in ["BOOK", "LAPTOP", "MOBILE", "CLOTHES", "GENERIC"] {
        let data = until(&guest, query, json!({ "kind": [kind] }), |data| {
            let nodes = data["products"]["nodes"].as_array()?;
            let stocked = nodes.iter().filter(|p| p["availability"] == "IN_STOCK").count();
            (stocked == nodes.len() && !nodes.is_empty()).then(|| data.clone())
        })
        .await;
        let nodes = data["products"]["nodes"].as_array().unwrap();
        assert!(
            nodes
                .iter()
                .all(|product| product["kind"] == kind && product["vendor"]["displayName"].is_string())
        );
        assert!(
            nodes
                .iter()
                .all(|product| product["priceRange"]["min"]["amount"].as_i64().unwrap() > 0)
        );
        assert_eq!(
            nodes.iter().all(|product| product["details"].is_null()),
            kind == "GENERIC"
        );
        if kind == "BOOK" || kind == "MOBILE" {
            chosen.push(nodes[0]["variants"][0].clone());
        }
    }
    let search =
        "query($q: String!) { productSearch(query: $q, first: 5) { nodes { name } facets { code } } }";
    // The index follows the catalogue within moments.
    until(&guest, search, json!({ "q": "clockmaker" }), |found| {
        (found["productSearch"]["nodes"][0]["name"] == "The Clockmaker's Ledger").then_some(())
    })
    .await;
    chosen
}

async fn fill_a_cart_and_register(shop: &Shop, variants: &[Value]) -> (Buyer, String) {
    let session = "mutation { guestSessionCreate { customer { id type } tokens { accessToken } userErrors { message } } }";
    let guest = shop.anonymous().run(session, json!({})).await.unwrap()["guestSessionCreate"].take();
    let guest_token = guest["tokens"]["accessToken"].as_str().unwrap();
    let as_guest = shop.anonymous().with_token(guest_token);
    let lines: Vec<Value> = variants
        .iter()
        .map(|v| json!({ "variantId": v["id"], "quantity": 2 }))
        .collect();
    let cart = cart_with(&as_guest, lines).await;

    let email = format!("buyer-{}@agora.example", Uuid::now_v7().simple());
    let register = "mutation($input: RegisterInput!) {
        userRegister(input: $input) { customer { id type } tokens { accessToken refreshToken } userErrors { code message } } }";
    let input =
        json!({ "email": email, "password": PASSWORD, "guestToken": guest_token, "displayName": "Robin" });
    let registered = as_guest.run(register, json!({ "input": input })).await.unwrap()["userRegister"].take();
    assert_eq!(
        registered["customer"]["id"], guest["customer"]["id"],
        "the customer keeps its ID"
    );
    assert_eq!(registered["customer"]["type"], "REGISTERED");
    tokens_rotate(shop, &email).await;

    let client = shop.anonymous().login(&email, PASSWORD).await.unwrap();
    let token = login_token(shop, &email).await;
    let kept = client
        .run("{ viewer { cart { id lines { id } } } }", json!({}))
        .await
        .unwrap();
    assert_eq!(
        kept["viewer"]["cart"]["id"],
        cart.as_str(),
        "the customer keeps the cart"
    );
    assert_eq!(
        kept["viewer"]["cart"]["lines"].as_array().unwrap().len(),
        variants.len()
    );
    (Buyer { client, token, email }, cart)
}

async fn login_token(shop: &Shop, email: &str) -> String {
    let query = "mutation($email: String!, $password: String!) {
        login(email: $email, password: $password) { tokens { accessToken refreshToken } userErrors { message } } }";
    let data = shop
        .anonymous()
        .run(query, json!({ "email": email, "password": PASSWORD }))
        .await
        .unwrap();
    data["login"]["tokens"]["accessToken"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// A refresh token works once. Asking twice at once is no theft: its successor goes on working.
async fn tokens_rotate(shop: &Shop, email: &str) {
    let anonymous = shop.anonymous();
    let login = "mutation($email: String!, $password: String!) {
        login(email: $email, password: $password) { tokens { accessToken refreshToken } userErrors { message } } }";
    let first = anonymous
        .run(login, json!({ "email": email, "password": PASSWORD }))
        .await
        .unwrap();
    let first = first["login"]["tokens"]["refreshToken"].clone();
    let refresh = "mutation($token: String!) {
        tokenRefresh(refreshToken: $token) { tokens { accessToken refreshToken } userErrors { code message } } }";
    let second = anonymous.run(refresh, json!({ "token": first })).await.unwrap();
    let second = second["tokenRefresh"]["tokens"]["refreshToken"].clone();
    assert_ne!(first, second);
    assert!(
        anonymous.run(refresh, json!({ "token": first })).await.is_err(),
        "a used token is refused"
    );
    anonymous.run(refresh, json!({ "token": second })).await.unwrap();

    let client = anonymous.login(email, PASSWORD).await.unwrap();
    client
        .run("mutation { logout { ok userErrors { message } } }", json!({}))
        .await
        .unwrap();
}
