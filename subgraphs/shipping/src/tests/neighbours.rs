//! What needs answers of the orders and users services, played by a small server.

use super::{Result, Shop};
use crate::commands;
use axum::{Json, Router, extract::Path, routing::post};
use contracts::{
    orders::{OrderInfo, VendorOrderInfo},
    shipping::ImportDelivery,
    users::VendorInfo,
};
use futures::StreamExt;
use platform::{
    Deps, Role, Viewer,
    config::Settings,
    ids::{OrderId, VendorId, VendorOrderId},
    testing::viewer,
};
use serde_json::{Value, json};
use std::{collections::HashMap, sync::Arc};

const CREATE: &str = "mutation($id: ID!, $line: ID!, $quantity: Int!, $key: ID!) {
    shipmentCreate(vendorOrderId: $id, items: [{ orderLineId: $line, quantity: $quantity }], idempotencyKey: $key) {
        shipment { id status version } userErrors { code message } } }";

/// Knows one vendor order and one vendor.
async fn with_neighbours(shop: &mut Shop, info: &VendorOrderInfo, approved: bool) -> Result {
    let order = OrderInfo {
        id: info.order,
        number: "A-1".into(),
        customer: info.customer,
        status: "CONFIRMED".into(),
        currency: info.currency,
        total: 1000,
        vendors: vec![info.vendor],
    };
    let vendor = VendorInfo {
        id: info.vendor,
        display_name: "Books".into(),
        approved,
        return_policy_days: 14,
        members: vec![],
    };
    let info = info.clone();
    let answer = async move |Path(name): Path<String>, Json(asked): Json<Value>| {
        Json(match name.as_str() {
            "get_vendor_order" if asked["id"] == json!(info.id) => json!(info),
            "get_vendor_order" => Value::Null,
            "get_vendors" => json!([vendor]),
            _ => json!([order]),
        })
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let router = Router::new().route("/commands/{name}", post(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let urls = HashMap::from([("orders".to_owned(), url.clone()), ("users".to_owned(), url)]);
    let settings = Settings {
        urls: Arc::new(urls),
        ..(*shop.deps.settings).clone()
    };
    shop.deps = Deps::new(
        crate::NAME,
        shop.deps.db.clone(),
        shop.deps.live.clone(),
        Arc::new(settings),
    )?;
    Ok(())
}

async fn create(
    shop: &Shop,
    who: &Viewer,
    id: VendorOrderId,
    info: &VendorOrderInfo,
    quantity: i32,
) -> Value {
    let variables = json!({ "id": id, "line": info.lines[0].line, "quantity": quantity, "key": format!("{id}{quantity}") });
    shop.data(who, CREATE, variables).await["shipmentCreate"].take()
}

#[tokio::test]
async fn vendors_pack_their_own_orders() -> Result {
    let mut shop = Shop::new().await?;
    let info = shop.order(&[2]);
    with_neighbours(&mut shop, &info, true).await?;
    let rival = Viewer {
        vendors: vec![VendorId::new()],
        ..viewer(Role::Vendor)
    };
    for (who, id) in [(&rival, info.id), (&shop.seller, VendorOrderId::new())] {
        let refused = create(&shop, who, id, &info, 1).await;
        assert_eq!(refused["userErrors"][0]["code"], "NOT_FOUND");
    }
    let made = create(&shop, &shop.seller, info.id, &info, 1).await;
    assert_eq!(
        (&made["shipment"]["status"], &made["shipment"]["version"]),
        (&json!("READY"), &json!(1))
    );
    assert_eq!(
        create(&shop, &shop.seller, info.id, &info, 1).await["shipment"]["id"],
        made["shipment"]["id"]
    );
    assert_eq!(
        create(&shop, &shop.seller, info.id, &info, 2).await["userErrors"][0]["code"],
        "CONFLICT"
    );
    assert_eq!(
        create(&shop, &shop.seller, info.id, &info, 0).await["userErrors"][0]["code"],
        "INVALID"
    );
    Ok(())
}

#[tokio::test]
async fn a_vendor_that_is_not_approved_does_not_ship_but_staff_may() -> Result {
    let mut shop = Shop::new().await?;
    let info = shop.order(&[2]);
    with_neighbours(&mut shop, &info, false).await?;
    assert_eq!(
        create(&shop, &shop.seller, info.id, &info, 1).await["userErrors"][0]["code"],
        "CONFLICT"
    );
    assert_eq!(
        create(&shop, &shop.staff, info.id, &info, 1).await["shipment"]["status"],
        "READY"
    );
    Ok(())
}

#[tokio::test]
async fn the_import_command_can_be_repeated() -> Result {
    let mut shop = Shop::new().await?;
    let info = shop.order(&[2]);
    with_neighbours(&mut shop, &info, true).await?;
    let now = chrono::Utc::now();
    let delivery = |vendor_order| ImportDelivery {
        vendor_order,
        shipped_at: now,
        delivered_at: now,
    };
    for _ in 0..2 {
        assert!(
            commands::import_delivery(&shop.deps, delivery(info.id))
                .await
                .is_ok()
        );
    }
    assert!(
        commands::import_delivery(&shop.deps, delivery(VendorOrderId::new()))
            .await
            .is_err()
    );
    assert_eq!(shop.facts().await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn strangers_do_not_follow_and_the_customer_may_before_the_first_shipment() -> Result {
    let mut shop = Shop::new().await?;
    let info = shop.order(&[1]);
    with_neighbours(&mut shop, &info, true).await?;
    let watch = "subscription($order: ID!) { shipmentTracking(orderId: $order, afterSeq: 0) { status } }";
    let follow = async |who: &Viewer, order: OrderId| {
        let request = shop.request(who, watch, json!({ "order": order }));
        let mut stream = Box::pin(crate::schema(shop.deps.clone()).execute_stream(request));
        let wait = std::time::Duration::from_millis(300);
        tokio::time::timeout(wait, stream.next())
            .await
            .ok()
            .flatten()
            .map(|told| serde_json::to_value(told).unwrap())
    };
    assert_eq!(follow(&shop.buyer, info.order).await, None, "nothing to tell yet");
    for (who, order) in [
        (viewer(Role::Customer), info.order),
        (Viewer::anonymous(), info.order),
        (shop.buyer.clone(), OrderId::new()),
    ] {
        let refused = follow(&who, order).await.unwrap();
        assert_eq!(
            refused["errors"][0]["extensions"]["code"], "BAD_USER_INPUT",
            "{refused}"
        );
    }
    Ok(())
}
