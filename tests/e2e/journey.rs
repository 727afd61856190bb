//! One buyer's way through all eight services, as a storefront, a vendor and the staff live it.

use crate::support::{
    QUIET, Shop, shared,
    stream::{Transport, subscribe},
    until, until_status,
};
use agora::client::Client;
use serde_json::{Value, json};
use std::collections::BTreeSet;
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
    let input =
        json!({ "email": email, "password": PASSWORD, "guestToken": guest_token, "displayName": "Robin" });
    let registered = shop.register(input).await;
    assert_eq!(
        registered.customer["id"], guest["customer"]["id"],
        "the customer keeps its ID"
    );
    assert_eq!(registered.customer["type"], "REGISTERED");
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
    let set = "mutation($cart: ID!, $address: AddressInput!, $version: Int!) {
        cartAddressesSet(cartId: $cart, shipping: $address, billing: $address, expectedVersion: $version) {
            userErrors { code message } } }";
    let variables = json!({ "cart": cart, "address": address(), "version": version(client, cart).await });
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
async fn checkout(buyer: &Buyer, cart: &str, quote: &Value) -> (String, String) {
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

const WATCH: &str = "subscription($order: ID!, $after: Int) {
    orderStatusChanged(orderId: $order, afterSeq: $after) { seq event { type to } order { id status } } }";

/// Vendors accept, ship and deliver while the customer watches over all transports, reconnecting with a cursor.
async fn deliver_and_watch(shop: &Shop, buyer: &Buyer, order: &str) {
    let variables = json!({ "order": order, "after": 0 });
    let mut socket = subscribe(shop, Transport::WebSocket, &buyer.token, WATCH, variables.clone()).await;
    let mut sse = subscribe(shop, Transport::Sse, &buyer.token, WATCH, variables.clone()).await;
    let first = socket.next().await["orderStatusChanged"].take();
    assert_eq!(first["order"]["id"], order);
    let mut seen = vec![first["seq"].as_i64().unwrap()];
    assert_eq!(sse.next().await["orderStatusChanged"]["seq"], first["seq"]);
    drop(socket);

    for vendor in ["books", "tech"] {
        deliver(&shop.login(vendor).await, &buyer.client, order).await;
    }
    let done = until_status(&buyer.client, order, "DELIVERED").await;
    assert!(
        done["vendorOrders"]
            .as_array()
            .unwrap()
            .iter()
            .all(|part| part["status"] == "DELIVERED"),
        "{done}"
    );

    let after = json!({ "order": order, "after": seen[0] });
    let mut multipart = subscribe(shop, Transport::Multipart, &buyer.token, WATCH, after).await;
    loop {
        let update = multipart.next().await["orderStatusChanged"].take();
        seen.push(update["seq"].as_i64().unwrap());
        if update["event"]["to"] == "DELIVERED"
            && update["order"]["status"] == "DELIVERED"
            && update["event"]["type"] == "STATUS_CHANGED"
        {
            break;
        }
    }
    let expected: Vec<i64> = (seen[0]..=*seen.last().unwrap()).collect();
    assert_eq!(seen, expected, "nothing is missed and nothing comes twice");
    // The stream that was never cut saw the same.
    for seq in &expected[1..] {
        assert_eq!(sse.next().await["orderStatusChanged"]["seq"], *seq);
    }
}

/// One vendor's part: accept, ship all, deliver.
pub async fn deliver(vendor: &Client, buyer: &Client, order: &str) {
    let mine = "{ me { vendorMemberships { vendor { id } } } }";
    let mine =
        vendor.run(mine, json!({})).await.unwrap()["me"]["vendorMemberships"][0]["vendor"]["id"].clone();
    let part = until(
        buyer,
        "query($id: ID!) { order(id: $id) { vendorOrders {
        id status version vendor { id } lines { id quantity } } } }",
        json!({ "id": order }),
        |data| {
            let parts = data["order"]["vendorOrders"].as_array()?;
            parts
                .iter()
                .find(|part| part["vendor"]["id"] == mine && part["status"] == "AWAITING_ACCEPTANCE")
                .cloned()
        },
    )
    .await;
    let accept = "mutation($id: ID!, $version: Int!) {
        vendorOrderAccept(id: $id, expectedVersion: $version) { vendorOrder { status } userErrors { code message } } }";
    vendor
        .run(accept, json!({ "id": part["id"], "version": part["version"] }))
        .await
        .unwrap();
    let items: Vec<Value> = part["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| json!({ "orderLineId": line["id"], "quantity": line["quantity"] }))
        .collect();
    let create = "mutation($id: ID!, $items: [ShipmentItemInput!]!, $key: ID!) {
        shipmentCreate(vendorOrderId: $id, items: $items, idempotencyKey: $key) {
            shipment { id version status } userErrors { code message } } }";
    let key = format!("ship-{}", part["id"].as_str().unwrap());
    let shipment = vendor
        .run(create, json!({ "id": part["id"], "items": items, "key": key }))
        .await
        .unwrap()["shipmentCreate"]["shipment"]
        .take();
    let ship = "mutation($id: ID!, $version: Int!) {
        shipmentMarkShipped(id: $id, trackingNumber: \"RM123\", carrier: \"Royal Mail\", expectedVersion: $version) {
            userErrors { code message } } }";
    vendor
        .run(
            ship,
            json!({ "id": shipment["id"], "version": shipment["version"] }),
        )
        .await
        .unwrap();
    let scan = "mutation($id: ID!, $at: DateTime!) {
        shipmentEventAdd(id: $id, status: DELIVERED, description: \"Left with neighbour\", occurredAt: $at) {
            userErrors { code message } } }";
    let at = chrono::Utc::now().to_rfc3339();
    vendor
        .run(scan, json!({ "id": shipment["id"], "at": at }))
        .await
        .unwrap();
}

/// In-app notifications and mails for each status; the live stream replays them.
async fn told(shop: &Shop, buyer: &Buyer, order: &str) {
    let query = "{ me { unreadNotificationCount notifications(first: 50) { nodes { seq title subject { __typename ... on Order { id } } } } } }";
    let nodes = until(&buyer.client, query, json!({}), |data| {
        let nodes = data["me"]["notifications"]["nodes"].as_array()?;
        let about = nodes.iter().filter(|n| n["subject"]["id"] == order).count();
        (about >= 2 && nodes.len() >= 6).then(|| nodes.clone())
    })
    .await;
    let watch = "subscription { notificationReceived(afterSeq: 0) { seq title } }";
    let mut replay = subscribe(shop, Transport::WebSocket, &buyer.token, watch, json!({})).await;
    let first = replay.next().await["notificationReceived"].take();
    let oldest = nodes
        .iter()
        .map(|node| node["seq"].as_i64().unwrap())
        .min()
        .unwrap();
    assert_eq!(first["seq"], oldest);
    let mails = || {
        std::fs::read_dir(shop.data.join("mail"))
            .unwrap()
            .flatten()
            .filter(|file| std::fs::read_to_string(file.path()).is_ok_and(|mail| mail.contains(&buyer.email)))
            .count()
    };
    for _ in 0..200 {
        if mails() >= 4 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("only {} mails for {}", mails(), buyer.email);
}

/// Orders and gross as staff see them.
async fn sales(shop: &Shop) -> (i64, i64) {
    let query = "query($range: DateTimeRange!) {
        salesMetrics(range: $range, currency: \"GBP\") { orders gross { amount } } }";
    let now = chrono::Utc::now();
    let range = json!({ "from": now - chrono::Duration::days(1), "to": now + chrono::Duration::days(1) });
    let data = shop
        .login("staff")
        .await
        .run(query, json!({ "range": range }))
        .await
        .unwrap();
    let metrics = &data["salesMetrics"];
    (
        metrics["orders"].as_i64().unwrap(),
        metrics["gross"]["amount"].as_i64().unwrap(),
    )
}

async fn until_sales(shop: &Shop, orders: i64) -> (i64, i64) {
    for _ in 0..100 {
        let now = sales(shop).await;
        if now.0 >= orders {
            return now;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("salesMetrics never moved");
}
