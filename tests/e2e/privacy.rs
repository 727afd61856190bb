//! A person buys, takes their data along, and goes. Afterwards nothing of them is left in any database but the invoice.

use crate::{
    journey::{CHECKOUT, cart_with, checkout_input, deliver, quote, version},
    support::{QUIET, Shop, shared, until, until_status},
};
use agora::client::Client;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};
use std::{collections::BTreeSet, io::Read, time::Duration};
use uuid::Uuid;

const PASSWORD: &str = "correct-horse-battery-7";
const SERVICES: [&str; 8] = contracts::privacy::SERVICES;

/// Words that nobody else has.
struct Canary {
    name: String,
    email: String,
    street: String,
    phone: String,
    words: String,
}

impl Canary {
    fn new() -> Self {
        let id = Uuid::now_v7().simple().to_string();
        let part = |kind: &str| format!("{kind}{}", &id[16..]);
        Self {
            name: part("name"),
            email: format!("{}@agora.example", part("mail")),
            street: part("street"),
            phone: format!("+4420{:08}", Uuid::now_v7().as_u128() % 100_000_000),
            words: part("words"),
        }
    }

    fn all(&self) -> [&str; 5] {
        [&self.name, &self.email, &self.street, &self.phone, &self.words]
    }
}

#[tokio::test]
async fn a_person_takes_their_data_along_and_leaves_only_an_invoice() {
    let _quiet = QUIET.read().await;
    let shop = shared();
    let canary = Canary::new();
    let client = register(&shop, &canary).await;
    let product = buy(&shop, &client, &canary).await;
    write_everywhere(&client, &canary, &product).await;

    let files = export(&client).await;
    for service in SERVICES {
        assert!(
            files
                .iter()
                .any(|(name, _)| name.starts_with(&format!("{service}/"))),
            "{service}"
        );
    }
    let everything: String = files.iter().map(|(_, text)| text.as_str()).collect();
    for word in canary.all() {
        assert!(everything.contains(word), "{word} is not in the copy");
    }
    assert!(!everything.contains("argon2"), "secrets are nobody's business");

    let pool = database(&shop).await;
    let before = totals(&pool).await;
    leave(&shop, &client, &canary).await;
    until_erased(&pool, &canary).await;
    let mut left = BTreeSet::new();
    for schema in SERVICES {
        for word in canary.all() {
            let found = platform::testing::find_text(&pool, schema, word).await.unwrap();
            left.extend(found.into_iter().map(|column| format!("{schema}.{column}")));
        }
    }
    assert_eq!(
        left.into_iter().collect::<Vec<_>>(),
        ["orders.orders.billing_address"],
        "only what docs/privacy.md names"
    );
    assert_eq!(totals(&pool).await, before, "not a penny has moved");
    let denied = shop.anonymous().login(&canary.email, PASSWORD).await;
    assert!(denied.is_err(), "the account is gone");
}

async fn register(shop: &Shop, canary: &Canary) -> Client {
    let input = json!({ "email": canary.email, "password": PASSWORD, "displayName": canary.name });
    shop.register(input).await.client
}

/// One thing, paid and delivered; returns the product's ID.
async fn buy(shop: &Shop, client: &Client, canary: &Canary) -> Value {
    let book = "{ products(first: 1, where: {kind: [BOOK]}) { nodes { id vendor { id } variants { id } } } }";
    let book = client.run(book, json!({})).await.unwrap()["products"]["nodes"][0].take();
    let cart = cart_with(
        client,
        vec![json!({ "variantId": book["variants"][0]["id"], "quantity": 1 })],
    )
    .await;
    let address = json!({ "fullName": canary.name, "line1": canary.street, "city": "Bristol", "postalCode": "BS1 4DB",
        "country": "GB", "phone": canary.phone });
    let create = "mutation($input: AddressInput!) {
        addressCreate(input: $input, kind: BOTH) { address { id } userErrors { message } } }";
    client.run(create, json!({ "input": address })).await.unwrap();
    let set = "mutation($cart: ID!, $address: AddressInput!, $version: Int!) {
        cartAddressesSet(cartId: $cart, shipping: $address, billing: $address, expectedVersion: $version) {
            cart { version deliveryOptions { vendor { id } method { id } } } userErrors { code message } } }";
    let variables = json!({ "cart": cart, "address": address, "version": version(client, &cart).await });
    let data = client.run(set, variables).await.unwrap()["cartAddressesSet"]["cart"].take();
    let option = &data["deliveryOptions"][0];
    let select = "mutation($cart: ID!, $selections: [DeliverySelectionInput!]!, $version: Int!) {
        cartDeliverySelect(cartId: $cart, selections: $selections, expectedVersion: $version) { userErrors { code message } } }";
    let selections = json!([{ "vendorId": option["vendor"]["id"], "methodId": option["method"]["id"] }]);
    let variables = json!({ "cart": cart, "selections": selections, "version": data["version"] });
    client.run(select, variables).await.unwrap();
    let quote = quote(client, &cart).await;
    let input = checkout_input(client, &cart, &quote, "privacy").await;
    let done = client.run(CHECKOUT, json!({ "input": input })).await.unwrap()["checkoutComplete"].take();
    shop.pay(done["payment"]["clientSecret"].as_str().unwrap(), "pm_card_visa")
        .await;
    let order = done["order"]["id"].as_str().unwrap().to_owned();
    until_status(client, &order, "CONFIRMED").await;
    deliver(&shop.login("books").await, client, &order).await;
    until_status(client, &order, "DELIVERED").await;
    book["id"].clone()
}

/// A review, a wishlist, a tracked search; and the message about the delivery has come.
async fn write_everywhere(client: &Client, canary: &Canary, product: &Value) {
    let review = "mutation($product: ID!, $words: String!) {
        reviewCreate(productId: $product, rating: 5, title: $words, body: $words) {
            review { id } userErrors { code message } } }";
    let variables = json!({ "product": product, "words": canary.words });
    client.run(review, variables).await.unwrap();
    let wishlist = "mutation($name: String!) { wishlistCreate(name: $name) { wishlist { id } userErrors { code message } } }";
    client
        .run(wishlist, json!({ "name": canary.words }))
        .await
        .unwrap();
    let track = "mutation($events: [TrackEventInput!]!) { trackEvents(events: $events) { accepted userErrors { code message } } }";
    let event = json!({ "type": "product_view", "eventId": canary.words, "sessionId": canary.words,
        "occurredAt": chrono::Utc::now(), "subjectId": product });
    client.run(track, json!({ "events": [event] })).await.unwrap();
    let told = "{ me { notifications(first: 50) { nodes { id } } } }";
    until(client, told, json!({}), |data| {
        (data["me"]["notifications"]["nodes"].as_array()?.len() >= 3).then_some(())
    })
    .await;
}

/// Asks for a copy, waits, and unpacks it: names and texts of its files.
async fn export(client: &Client) -> Vec<(String, String)> {
    let request = "mutation { accountExportRequest { export { id } userErrors { code message } } }";
    client.run(request, json!({})).await.unwrap();
    let query = "{ accountExports { status sizeBytes archive } }";
    let archive = until(client, query, json!({}), |data| {
        let copy = &data["accountExports"][0];
        (copy["status"] == "READY").then(|| copy["archive"].clone())
    })
    .await;
    let bytes = STANDARD.decode(archive.as_str().unwrap()).unwrap();
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    (0..zip.len())
        .map(|index| {
            let mut file = zip.by_index(index).unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            (file.name().unwrap().into_owned(), text)
        })
        .collect()
}

/// Asks to be deleted and confirms with the secret of the mail.
async fn leave(shop: &Shop, client: &Client, canary: &Canary) {
    let request = "mutation { accountDeletionRequest { ok userErrors { code message } } }";
    client.run(request, json!({})).await.unwrap();
    let token = shop.mailed_token(&canary.email, "are to be deleted").await;
    let confirm = "mutation($token: String!) { accountDeletionConfirm(token: $token) { ok userErrors { code message } } }";
    shop.anonymous()
        .run(confirm, json!({ "token": token }))
        .await
        .unwrap();
}

/// The shop's own Postgres, as its owner.
async fn database(shop: &Shop) -> PgPool {
    let data = agora::state::DataDir::open(&shop.data).unwrap();
    let secrets = data.secrets().unwrap();
    let cluster = agora::postgres::Cluster::prepare(data.path(), &secrets.database, None).unwrap();
    PgPool::connect(&cluster.url()).await.unwrap()
}

async fn until_erased(pool: &PgPool, canary: &Canary) {
    let user = "select count(*) from users.users where email = $1";
    for _ in 0..300 {
        let left: i64 = sqlx::query_scalar(user)
            .bind(&canary.email)
            .fetch_one(pool)
            .await
            .unwrap();
        let mails: i64 =
            sqlx::query_scalar("select count(*) from notifications.deliveries where message is not null")
                .fetch_one(pool)
                .await
                .unwrap();
        if left == 0 && mails == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let state: Option<Value> =
        sqlx::query_scalar("select to_jsonb(e) from users.erasures e where status <> 'DONE' limit 1")
            .fetch_optional(pool)
            .await
            .unwrap();
    panic!("never erased: {state:?}");
}

/// What was sold to this person, captured from them and booked for them, and which stars they gave: sums that other
/// tests at the same time do not touch.
async fn totals(pool: &PgPool) -> Vec<i64> {
    let mine = "select id from orders.orders where billing_address ->> 'line1' like 'street%'";
    let mut sums = Vec::new();
    for sql in [
        format!("select sum(total)::bigint from orders.orders where id in ({mine})"),
        format!("select sum(captured)::bigint from payments.payments where order_id in ({mine})"),
        format!("select sum(debit)::bigint from payments.ledger_entries where order_id in ({mine})"),
        format!("select sum(total)::bigint from analytics.sales where order_id in ({mine})"),
    ] {
        sums.push(
            sqlx::query_scalar(AssertSqlSafe(sql))
                .fetch_one(pool)
                .await
                .unwrap(),
        );
    }
    sums
}
