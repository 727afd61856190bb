//! Packing, the way of a shipment, and who may see it.

use super::{Result, Shop};
use crate::{actions::import::import_from, schema};
use chrono::{DateTime, TimeDelta, Utc};
use contracts::{orders::VendorOrderInfo, shipping::ImportDelivery};
use futures::StreamExt;
use platform::{
    Fault, Role, UserErrorCode, Viewer,
    ids::{CustomerId, VendorId},
    testing::viewer,
};
use serde_json::{Value, json};

const SHIP: &str = "mutation($id: ID!, $version: Int!) {
    shipmentMarkShipped(id: $id, trackingNumber: \"RM123\", carrier: \"Royal Mail\", expectedVersion: $version) {
        shipment { status version trackingUrl shippedAt allowedTransitions } userErrors { __typename code } } }";
const SCAN: &str = "mutation($id: ID!, $status: ShipmentStatus!, $at: DateTime!) {
    shipmentEventAdd(id: $id, status: $status, occurredAt: $at) {
        shipment { status deliveredAt events { seq status } } userErrors { __typename code } } }";
const SEE: &str = "query($id: ID!) { shipment(id: $id) { id number items { quantity orderLine { id } } } }";

fn code<T: std::fmt::Debug>(outcome: platform::Outcome<T>) -> UserErrorCode {
    match outcome {
        Err(Fault::User(platform::UserError::ValidationError(error))) => error.code,
        Err(Fault::User(platform::UserError::NotFoundError(error))) => error.code,
        Err(Fault::User(platform::UserError::IdempotencyError(error))) => error.code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn nothing_is_packed_twice_even_at_once() -> Result {
    let shop = Shop::new().await?;
    let info = shop.order(&[5]);
    let first = shop.pack(&info, 3, "a").await.unwrap();
    assert_eq!(
        shop.pack(&info, 3, "a").await.unwrap(),
        first,
        "the same key is the same shipment"
    );
    assert_eq!(
        code(shop.pack(&info, 2, "a").await),
        UserErrorCode::IdempotencyKeyReused
    );
    assert_eq!(code(shop.pack(&info, 3, "b").await), UserErrorCode::Conflict);
    let (c, d) = tokio::join!(shop.pack(&info, 2, "c"), shop.pack(&info, 2, "d"));
    assert_eq!(
        usize::from(c.is_ok()) + usize::from(d.is_ok()),
        1,
        "two are left for one of them"
    );

    let cancel = "mutation($id: ID!) { shipmentCancel(id: $id, expectedVersion: 1) { shipment { status } userErrors { code } } }";
    for _ in 0..2 {
        let canceled = shop.data(&shop.seller, cancel, json!({ "id": first })).await;
        assert_eq!(
            canceled["shipmentCancel"]["shipment"]["status"], "CANCELED",
            "{canceled}"
        );
    }
    let third = shop.pack(&info, 3, "e").await.unwrap();
    let seen = shop.data(&shop.seller, SEE, json!({ "id": third })).await;
    assert_eq!(seen["shipment"]["number"], format!("{}-S3", info.number));
    let pending = VendorOrderInfo {
        status: "AWAITING_ACCEPTANCE".into(),
        ..shop.order(&[1])
    };
    assert_eq!(code(shop.pack(&pending, 1, "f").await), UserErrorCode::Conflict);
    Ok(())
}

#[tokio::test]
async fn a_shipment_goes_its_way_and_late_scans_do_not_turn_it_back() -> Result {
    let shop = Shop::new().await?;
    let info = shop.order(&[2]);
    let id = shop.pack(&info, 2, "a").await.unwrap();
    let ship = async |version| {
        shop.data(&shop.seller, SHIP, json!({ "id": id, "version": version }))
            .await["shipmentMarkShipped"]
            .take()
    };
    assert_eq!(ship(7).await["userErrors"][0]["code"], "VERSION_CONFLICT");
    let shipped = ship(1).await;
    assert_eq!(shipped["shipment"]["status"], "IN_TRANSIT", "{shipped}");
    assert!(
        shipped["shipment"]["trackingUrl"]
            .as_str()
            .unwrap()
            .ends_with("RM123")
    );
    assert_eq!(
        ship(1).await["shipment"]["version"],
        2,
        "a repeat changes nothing"
    );

    let now = Utc::now();
    let scan = async |status: &str, hours: i64| {
        let at = now - TimeDelta::hours(hours);
        shop.data(
            &shop.seller,
            SCAN,
            json!({ "id": id, "status": status, "at": at }),
        )
        .await["shipmentEventAdd"]
            .take()
    };
    assert_eq!(
        scan("OUT_FOR_DELIVERY", 2).await["shipment"]["status"],
        "OUT_FOR_DELIVERY"
    );
    for _ in 0..2 {
        let late = scan("IN_TRANSIT", 5).await;
        assert_eq!(late["shipment"]["status"], "OUT_FOR_DELIVERY");
        assert_eq!(
            late["shipment"]["events"][0],
            json!({ "seq": 4, "status": "IN_TRANSIT" }),
            "told once, shown first"
        );
    }
    let delivered = scan("DELIVERED", 1).await;
    assert_eq!(delivered["shipment"]["status"], "DELIVERED");
    assert!(delivered["shipment"]["deliveredAt"].as_str().is_some());
    let lost = scan("LOST", 0).await;
    assert_eq!(lost["userErrors"][0]["__typename"], "InvalidTransitionError");
    assert_eq!(scan("CANCELED", 0).await["userErrors"][0]["code"], "INVALID");
    assert_eq!(
        scan("DELIVERED", -1).await["userErrors"][0]["code"],
        "INVALID",
        "not in the future"
    );

    let facts = shop.facts().await?;
    let told: Vec<_> = facts
        .iter()
        .map(|(f, _)| (f["from"].clone(), f["to"].clone(), f["left_warehouse"].clone()))
        .collect();
    assert_eq!(
        told,
        [
            (json!(null), json!("READY"), json!(false)),
            (json!("READY"), json!("IN_TRANSIT"), json!(true)),
            (json!("IN_TRANSIT"), json!("OUT_FOR_DELIVERY"), json!(false)),
            (json!("OUT_FOR_DELIVERY"), json!("DELIVERED"), json!(false)),
        ]
    );
    assert_eq!(
        facts[1].0["items"],
        json!([{ "line": info.lines[0].line, "quantity": 2 }])
    );
    Ok(())
}

#[tokio::test]
async fn shipments_are_seen_by_their_people_only() -> Result {
    let shop = Shop::new().await?;
    let info = shop.order(&[1]);
    let id = shop.pack(&info, 1, "a").await.unwrap();
    let stranger = viewer(Role::Customer);
    let rival = Viewer {
        vendors: vec![VendorId::new()],
        ..viewer(Role::Vendor)
    };
    let query = "query($id: ID!, $all: [_Any!]!) { shipment(id: $id) { id }
        _entities(representations: $all) { ... on Shipment { id } ... on Order { shipments { id } } ... on VendorOrder { shipments { id } } } }";
    let all = json!([
        { "__typename": "Shipment", "id": id }, { "__typename": "Order", "id": info.order }, { "__typename": "VendorOrder", "id": info.id },
        { "__typename": "Shipment", "id": "nonsense" },
    ]);
    for (who, sees) in [
        (&shop.buyer, true),
        (&shop.seller, true),
        (&shop.staff, true),
        (&stranger, false),
        (&rival, false),
        (&Viewer::anonymous(), false),
    ] {
        let data = shop.data(who, query, json!({ "id": id, "all": all })).await;
        let expected = if sees { json!(id) } else { Value::Null };
        let found = [
            &data["shipment"]["id"],
            &data["_entities"][0]["id"],
            &data["_entities"][1]["shipments"][0]["id"],
            &data["_entities"][2]["shipments"][0]["id"],
        ];
        assert!(found.iter().all(|id| **id == expected), "{data}");
        assert!(data["_entities"][3].is_null());
    }
    let change = shop.data(&rival, SHIP, json!({ "id": id, "version": 1 })).await;
    assert_eq!(
        change["shipmentMarkShipped"]["userErrors"][0]["code"],
        "NOT_FOUND"
    );
    let denied = shop
        .ask(&shop.buyer, SHIP, json!({ "id": id, "version": 1 }))
        .await;
    assert_eq!(denied["errors"][0]["extensions"]["code"], "FORBIDDEN");
    let list = "{ shipments(status: [READY]) { id } }";
    assert_eq!(
        shop.data(&shop.seller, list, json!({})).await["shipments"][0]["id"],
        id
    );
    assert_eq!(shop.data(&rival, list, json!({})).await["shipments"], json!([]));
    assert_eq!(
        shop.ask(&shop.buyer, list, json!({})).await["data"],
        json!({ "shipments": null })
    );
    Ok(())
}

#[tokio::test]
async fn tracking_resumes_where_it_was_cut() -> Result {
    let shop = Shop::new().await?;
    let info = shop.order(&[2]);
    let first = shop.pack(&info, 1, "a").await.unwrap();
    let second = shop.pack(&info, 1, "b").await.unwrap();
    shop.data(&shop.seller, SHIP, json!({ "id": first, "version": 1 }))
        .await;
    let watch = "subscription($order: ID!, $after: Int) { shipmentTracking(orderId: $order, afterSeq: $after) { id events { seq } } }";
    let follow = |after: i32| {
        let request = shop.request(&shop.buyer, watch, json!({ "order": info.order, "after": after }));
        Box::pin(schema(shop.deps.clone()).execute_stream(request).map(|response| {
            let told = serde_json::to_value(response).unwrap()["data"]["shipmentTracking"].take();
            let seqs = told["events"]
                .as_array()
                .unwrap()
                .iter()
                .map(|event| event["seq"].as_i64().unwrap());
            (told["id"].as_str().unwrap().to_owned(), seqs.max().unwrap())
        }))
    };
    let told: Vec<_> = follow(0).take(3).collect().await;
    assert_eq!(told, [(first.clone(), 1), (second.clone(), 2), (first, 3)]);
    let mut live = follow(3);
    let (next, _) = tokio::join!(live.next(), async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        shop.data(&shop.seller, SHIP, json!({ "id": second, "version": 1 }))
            .await;
    });
    assert_eq!(next, Some((second.clone(), 4)));
    Ok(())
}

#[tokio::test]
async fn an_import_happens_once_at_its_own_dates() -> Result {
    let shop = Shop::new().await?;
    let info = VendorOrderInfo {
        customer: CustomerId::new(),
        ..shop.order(&[2, 3])
    };
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let delivery = ImportDelivery {
        vendor_order: info.id,
        shipped_at: at("2011-03-01T10:00:00Z"),
        delivered_at: at("2011-03-03T12:00:00Z"),
    };
    for _ in 0..2 {
        import_from(&shop.deps, &info, &delivery).await.unwrap();
    }
    let facts = shop.facts().await?;
    let told: Vec<_> = facts
        .iter()
        .map(|(fact, at)| (fact["to"].clone(), fact["left_warehouse"].clone(), *at))
        .collect();
    assert_eq!(
        told,
        [
            (json!("IN_TRANSIT"), json!(true), delivery.shipped_at),
            (json!("DELIVERED"), json!(false), delivery.delivered_at),
        ]
    );
    assert_eq!(facts[0].0["items"].as_array().unwrap().len(), 2);
    let origins: Vec<String> = sqlx::query_scalar("select distinct origin from shipping.outbox")
        .fetch_all(shop.deps.db.pool())
        .await?;
    assert_eq!(origins, ["import"]);
    let query = "{ shipments { status shippedAt deliveredAt events { seq } } }";
    let data = shop.data(&shop.staff, query, json!({})).await;
    assert_eq!(data["shipments"].as_array().unwrap().len(), 1);
    assert_eq!(data["shipments"][0]["status"], "DELIVERED");
    assert!(
        data["shipments"][0]["deliveredAt"]
            .as_str()
            .unwrap()
            .starts_with("2011-03-03T12:00:00")
    );
    Ok(())
}
