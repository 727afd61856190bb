//! Return windows end: by the sale's terms, once, in business time, and not while money is being decided about.

use super::{flows::confirmed, world::World};
use crate::actions::{completion, fulfilment};
use contracts::orders::{ImportLine, ImportOrder};
use futures::future::join_all;
use platform::{Currency, Moment, ids::*};
use serde_json::{Value, json};
use sqlx::{query, query_scalar};

/// The order arrives, in whole.
async fn deliver(world: &World, order: &Value) -> OrderId {
    let id = OrderId::parse(order.as_str().unwrap()).unwrap();
    let part = world.order(&world.customer, order).await["vendorOrders"][0]["id"].take();
    let part = VendorOrderId::parse(part.as_str().unwrap()).unwrap();
    for arrived in [false, true] {
        let mut tx = world.deps.db.begin(Moment::LIVE).await.unwrap();
        fulfilment::whole(&mut tx, id, part, arrived).await.unwrap();
        tx.commit().await.unwrap();
    }
    id
}

/// Time passes.
async fn age(world: &World, days: i32) {
    query("update orders.vendor_orders set completes_at = completes_at - make_interval(days => $1)")
        .bind(days)
        .execute(world.deps.db.pool())
        .await
        .unwrap();
}

async fn finish(world: &World) {
    while completion::step(&world.deps).await.unwrap() {}
}

#[tokio::test]
async fn an_order_is_completed_once_when_its_return_window_is_over() {
    let world = World::new().await;
    let order = confirmed(&world).await;
    deliver(&world, &order).await;
    age(&world, 29).await;
    finish(&world).await;
    let waiting = world.order(&world.customer, &order).await;
    assert_eq!(
        waiting["status"], "DELIVERED",
        "a day of the vendor's thirty is left"
    );
    age(&world, 1).await;
    for step in join_all((0..4).map(|_| completion::step(&world.deps))).await {
        step.unwrap();
    }
    finish(&world).await;
    let now = world.order(&world.customer, &order).await;
    assert_eq!(
        (&now["status"], &now["vendorOrders"][0]["status"]),
        (&json!("COMPLETED"), &json!("COMPLETED"))
    );
    let events = now["events"]["nodes"].as_array().unwrap();
    let seqs: Vec<i64> = events
        .iter()
        .map(|event| event["seq"].as_i64().unwrap())
        .collect();
    assert_eq!(seqs, (1..=seqs.len() as i64).collect::<Vec<_>>());
    let told: Vec<(String, i64)> = sqlx::query_as(
        "select topic, coalesce((payload ->> 'seq')::bigint, 0) from orders.outbox
         where payload ->> 'to' = 'COMPLETED' and origin = 'live' order by topic",
    )
    .fetch_all(world.deps.db.pool())
    .await
    .unwrap();
    let (last, topics): (i64, Vec<&str>) =
        (*seqs.last().unwrap(), told.iter().map(|t| t.0.as_str()).collect());
    assert_eq!(
        topics,
        [
            "orders.order_status_changed",
            "orders.vendor_order_status_changed"
        ]
    );
    assert_eq!(told[0].1, last, "the fact has the event's position");
}

#[tokio::test]
async fn an_open_refund_keeps_the_order_open() {
    let world = World::new().await;
    let order = confirmed(&world).await;
    let id = deliver(&world, &order).await;
    age(&world, 31).await;
    query(
        "insert into orders.refunds (id, order_id, status, reason, shipping, total, currency, requested_by)
         values (gen_random_uuid(), $1, 'REQUESTED', 'RETURN', 0, 10, 'GBP', 'x')",
    )
    .bind(id.0)
    .execute(world.deps.db.pool())
    .await
    .unwrap();
    finish(&world).await;
    assert_eq!(world.order(&world.customer, &order).await["status"], "DELIVERED");
    query("update orders.refunds set status = 'REJECTED'")
        .execute(world.deps.db.pool())
        .await
        .unwrap();
    finish(&world).await;
    assert_eq!(world.order(&world.customer, &order).await["status"], "COMPLETED");
}

#[tokio::test]
async fn imported_sales_are_completed_in_their_own_time() {
    let world = World::new().await;
    world.facts.lock().unwrap().stock = i32::MAX;
    let address = json!({ "full_name": "A", "company": null, "line1": "B", "line2": null, "city": "C", "region": null,
        "postal_code": null, "country": "GB", "phone": null });
    for n in 0..3 {
        let command = ImportOrder {
            source: "s".to_owned(),
            reference: n.to_string(),
            customer: CustomerId::new(),
            placed_at: format!("2010-12-0{}T08:26:00Z", n + 1).parse().unwrap(),
            currency: Currency::GBP,
            address: serde_json::from_value(address.clone()).unwrap(),
            shipping: 0,
            lines: vec![ImportLine {
                variant: VariantId::new(),
                product: ProductId::new(),
                vendor: world.vendor,
                sku: "S".to_owned(),
                name: "N".to_owned(),
                quantity: 1,
                unit_price: 255,
            }],
        };
        crate::actions::imports::order(&world.deps, &world.settings, &command)
            .await
            .unwrap();
    }
    finish(&world).await;
    // Delivered three days after the sale, with thirty days to return it; nobody is told news.
    let facts: (i64, i64) = sqlx::query_as(
        "select count(*), count(*) filter (where origin = 'import' and occurred_at < '2011-01-06') from orders.outbox
         where payload ->> 'to' = 'COMPLETED'",
    )
    .fetch_one(world.deps.db.pool())
    .await
    .unwrap();
    assert_eq!(facts, (6, 6));
    let dated: i64 = query_scalar(
        "select count(*) from orders.order_events e join orders.orders o on o.id = e.order_id
         where e.to_state = 'COMPLETED' and e.at = o.placed_at + interval '33 days' and o.status = 'COMPLETED'",
    )
    .fetch_one(world.deps.db.pool())
    .await
    .unwrap();
    assert_eq!(dated, 6, "two events for each of three orders");
}
