//! From the vendor to the door, and what is told of it.

use super::Buyer;
use crate::support::{
    Shop,
    stream::{Transport, subscribe},
    until, until_status,
};
use agora::client::Client;
use serde_json::{Value, json};

const WATCH: &str = "subscription($order: ID!, $after: Int) {
    orderStatusChanged(orderId: $order, afterSeq: $after) { seq event { type to } order { id status } } }";

/// Vendors accept, ship and deliver while the customer watches over all transports, reconnecting with a cursor.
pub(super) async fn deliver_and_watch(shop: &Shop, buyer: &Buyer, order: &str) {
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
pub(super) async fn told(shop: &Shop, buyer: &Buyer, order: &str) {
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
pub(super) async fn sales(shop: &Shop) -> (i64, i64) {
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

pub(super) async fn until_sales(shop: &Shop, orders: i64) -> (i64, i64) {
    for _ in 0..100 {
        let now = sales(shop).await;
        if now.0 >= orders {
            return now;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("salesMetrics never moved");
}
