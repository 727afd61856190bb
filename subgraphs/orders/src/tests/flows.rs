//! Checkouts that go well, that are refused, that are repeated; what vendors and strangers see; imports.

use super::world::World;
use crate::{
    actions::{imports, tasks},
    store,
};
use contracts::orders::{ImportLine, ImportOrder, ImportRefund, ImportRefundLine};
use platform::{Currency, Role, ids::*, testing::viewer};
use serde_json::{Value, json};

pub async fn placed(world: &World) -> Value {
    let cart = world.cart(2).await;
    assert_eq!(
        (
            &cart["quote"]["totals"]["total"]["amount"],
            &cart["quote"]["totals"]["tax"]["amount"]
        ),
        (&json!(2300), &json!(333))
    );
    let first = world.checkout(&cart, "k").await;
    assert_eq!(
        (&first["sagaStatus"], &first["order"]["status"]),
        (&json!("AWAITING_PAYMENT"), &json!("PENDING_PAYMENT")),
        "{first}"
    );
    assert_eq!(first["payment"]["clientSecret"], "secret");
    let again = world.checkout(&cart, "k").await;
    assert_eq!(again["order"]["id"], first["order"]["id"]);
    assert_eq!(again["payment"]["clientSecret"], "secret");
    let other = world.checkout(&cart, "other").await;
    assert_eq!(
        (&other["userErrors"][0]["code"], &other["order"]["id"]),
        (&json!("IN_PROGRESS"), &first["order"]["id"])
    );
    first["order"]["id"].clone()
}

pub async fn confirmed(world: &World) -> Value {
    let order = placed(world).await;
    world.facts.lock().unwrap().paid = true;
    world.resume(&order).await;
    let now = world.order(&world.customer, &order).await;
    assert_eq!(
        (&now["status"], &now["vendorOrders"][0]["status"]),
        (&json!("CONFIRMED"), &json!("AWAITING_ACCEPTANCE")),
        "{now}"
    );
    order
}

#[tokio::test]
async fn a_paid_checkout_is_confirmed_and_its_history_has_no_gaps() {
    let world = World::new().await;
    let order = confirmed(&world).await;
    let now = world.order(&world.customer, &order).await;
    let events = now["events"]["nodes"].as_array().unwrap();
    let seqs: Vec<i64> = events
        .iter()
        .map(|event| event["seq"].as_i64().unwrap())
        .collect();
    assert_eq!(seqs, (1..=seqs.len() as i64).collect::<Vec<_>>());
    let stranger = viewer(Role::Customer);
    assert!(world.order(&stranger, &order).await.is_null());
    let mut vendor = viewer(Role::Vendor);
    vendor.vendors = vec![world.vendor];
    assert_eq!(
        world.order(&vendor, &order).await["totals"]["total"]["amount"],
        2300
    );
    let accept = "mutation($id: ID!) { vendorOrderAccept(id: $id, expectedVersion: 2) { vendorOrder { status commission { amount } } userErrors { code } } }";
    let part = json!({ "id": now["vendorOrders"][0]["id"] });
    let refused = world.run(&stranger, accept, part.clone()).await;
    assert_eq!(refused["vendorOrderAccept"]["userErrors"][0]["code"], "NOT_FOUND");
    let accepted = world.run(&vendor, accept, part).await;
    assert_eq!(
        accepted["vendorOrderAccept"]["vendorOrder"],
        json!({ "status": "ACCEPTED", "commission": { "amount": 10 } })
    );
}

#[tokio::test]
async fn one_key_at_once_is_one_order() {
    let world = World::new().await;
    let cart = world.cart(1).await;
    let all = futures::future::join_all((0..4).map(|_| world.checkout(&cart, "same"))).await;
    let orders: std::collections::BTreeSet<String> =
        all.iter().map(|p| p["order"]["id"].to_string()).collect();
    assert_eq!(orders.len(), 1, "{all:?}");
    let count = world
        .facts
        .lock()
        .unwrap()
        .calls
        .iter()
        .filter(|call| *call == "reserve_stock")
        .count();
    assert_eq!(count, 1);
}

#[tokio::test]
async fn a_refused_checkout_gives_the_cart_back() {
    let world = World::new().await;
    let cart = world.cart(50).await;
    let refused = world.checkout(&cart, "a").await;
    assert_eq!(
        (
            &refused["userErrors"][0]["code"],
            &refused["userErrors"][0]["requested"]
        ),
        (&json!("INSUFFICIENT_STOCK"), &json!(50))
    );
    assert!(refused["order"].is_null());
    world.facts.lock().unwrap().stock = 100;
    let cart = world.quote(&cart["id"]).await;
    world.facts.lock().unwrap().price = 1100;
    let changed = world.checkout(&cart, "b").await;
    let error = &changed["userErrors"][0];
    assert_eq!(
        (&error["code"], &error["newTotal"]["amount"]),
        (&json!("PRICE_CHANGED"), &json!(55_300)),
        "{changed}"
    );
    let query = "query($id: ID!) { cart(id: $id) { id version status quote { id hash } } }";
    let cart = world
        .run(&world.customer, query, json!({ "id": cart["id"] }))
        .await["cart"]
        .take();
    assert_eq!(
        (&cart["status"], &cart["quote"]["hash"]),
        (&json!("ACTIVE"), &error["quote"]["hash"])
    );
    assert_eq!(world.checkout(&cart, "c").await["sagaStatus"], "AWAITING_PAYMENT");
}

#[tokio::test]
async fn a_late_order_expires_and_late_money_confirms_it() {
    let world = World::new().await;
    let order = placed(&world).await;
    let id = OrderId::parse(order.as_str().unwrap()).unwrap();
    sqlx::query("update orders.sagas set deadline = now() - interval '5 seconds'")
        .execute(world.deps.db.pool())
        .await
        .unwrap();
    world.resume(&order).await;
    assert_eq!(world.order(&world.customer, &order).await["status"], "EXPIRED");
    let cart = world
        .run(
            &world.customer,
            "{ cart { status lines { quantity } } }",
            json!({}),
        )
        .await;
    assert_eq!(
        cart["cart"],
        json!({ "status": "ACTIVE", "lines": [{ "quantity": 2 }] })
    );
    let mut tx = world.deps.db.begin(platform::Moment::LIVE).await.unwrap();
    use contracts::payments::PaymentState as S;
    let event = contracts::events::PaymentStatusChanged {
        payment: PaymentId::new(),
        order: id,
        customer: world.customer.customer.unwrap(),
        attempt: 1,
        from: S::Created,
        to: S::Authorized,
        currency: Currency::GBP,
        amount: 2300,
        authorized: 2300,
        captured: 0,
        refunded: 0,
        decline_code: None,
    };
    let received = platform::events::Received {
        id: uuid::Uuid::now_v7(),
        occurred_at: chrono::Utc::now(),
        origin: platform::events::Origin::Live,
        event,
    };
    crate::consumers::payment(&mut tx, received).await.unwrap();
    tx.commit().await.unwrap();
    world.resume(&order).await;
    assert_eq!(world.order(&world.customer, &order).await["status"], "CONFIRMED");
}

#[tokio::test]
async fn a_canceled_order_is_paid_back() {
    let world = World::new().await;
    let order = confirmed(&world).await;
    let cancel = "mutation($id: ID!, $version: Int!) { orderCancel(id: $id, reason: \"changed my mind\", expectedVersion: $version, idempotencyKey: \"x\") {
        order { status } userErrors { code message } } }";
    let version = world.order(&world.customer, &order).await["version"].clone();
    let stale = world
        .run(&world.customer, cancel, json!({ "id": order, "version": 0 }))
        .await;
    assert_eq!(stale["orderCancel"]["userErrors"][0]["code"], "VERSION_CONFLICT");
    for _ in 0..2 {
        let done = world
            .run(
                &world.customer,
                cancel,
                json!({ "id": order, "version": version }),
            )
            .await;
        assert_eq!(done["orderCancel"]["order"]["status"], "CANCELED", "{done}");
    }
    while tasks::step(&world.deps).await.unwrap() {}
    assert_eq!(
        world.order(&world.customer, &order).await["refundedTotal"]["amount"],
        2300
    );
    let calls = world.facts.lock().unwrap().calls.clone();
    assert!(
        calls.contains(&"deallocate_stock".to_owned()) && calls.contains(&"refund_payment".to_owned()),
        "{calls:?}"
    );
}

#[tokio::test]
async fn an_import_is_a_delivered_order_once_and_so_is_its_refund() {
    let world = World::new().await;
    world.facts.lock().unwrap().stock = i32::MAX;
    let at = "2010-12-01T08:26:00Z".parse().unwrap();
    let address = json!({ "full_name": "A", "company": null, "line1": "B", "line2": null, "city": "C", "region": null,
        "postal_code": null, "country": "GB", "phone": null });
    let command = ImportOrder {
        source: "s".to_owned(),
        reference: "536365".to_owned(),
        customer: CustomerId::new(),
        placed_at: at,
        currency: Currency::GBP,
        address: serde_json::from_value(address).unwrap(),
        shipping: 500,
        lines: (0..1200)
            .map(|n| ImportLine {
                variant: VariantId::new(),
                product: ProductId::new(),
                vendor: world.vendor,
                sku: format!("S{n}"),
                name: "N".to_owned(),
                quantity: 3,
                unit_price: 255,
            })
            .collect(),
    };
    let reply = imports::order(&world.deps, &world.settings, &command)
        .await
        .unwrap();
    let again = imports::order(&world.deps, &world.settings, &command)
        .await
        .unwrap();
    assert_eq!(
        (reply.order, reply.total, reply.lines.len()),
        (again.order, 1200 * 3 * 255 + 500, 1200)
    );
    assert_eq!(reply.lines, again.lines);
    let row = store::orders::by_ids(world.deps.db.pool(), &[reply.order])
        .await
        .unwrap()
        .pop()
        .unwrap();
    assert_eq!((row.status.as_str(), row.placed_at), ("DELIVERED", at));
    let told: Vec<serde_json::Value> =
        sqlx::query_scalar("select payload from orders.outbox where topic = 'orders.lines_delivered'")
            .fetch_all(world.deps.db.pool())
            .await
            .unwrap();
    let arrived = told.iter().filter_map(|fact| fact["lines"].as_array()).flatten();
    assert_eq!(
        arrived.filter(|line| line["delivered"] == 3).count(),
        1200,
        "each line once"
    );
    let refund = ImportRefund {
        source: "s".to_owned(),
        reference: "C1".to_owned(),
        order: reply.order,
        at,
        restock: true,
        lines: vec![
            ImportRefundLine {
                line: reply.lines[0],
                quantity: 1,
            },
            ImportRefundLine {
                line: reply.lines[0],
                quantity: 1,
            },
        ],
    };
    for _ in 0..2 {
        assert_eq!(imports::refund(&world.deps, &refund).await.unwrap().amount, 510);
    }
    let line = store::lines::by_ids(world.deps.db.pool(), &[reply.lines[0]])
        .await
        .unwrap()
        .pop()
        .unwrap();
    assert_eq!(
        (
            line.fulfilled_quantity,
            line.refunded_quantity,
            line.returned_quantity
        ),
        (3, 2, 2)
    );
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_step_is_done_again() {
    for lost in [
        "reserve_stock",
        "get_vendors",
        "create_payment",
        "sync_payment",
        "secure_stock",
        "commit_stock",
        "capture_payment",
    ] {
        let world = World::new().await;
        let cart = world.cart(1).await;
        {
            let mut facts = world.facts.lock().unwrap();
            (facts.paid, facts.lose) = (true, Some(lost.to_owned()));
        }
        world.checkout(&cart, "k").await;
        for _ in 0..3 {
            let sagas = sqlx::query_scalar::<_, uuid::Uuid>(
                "select id from orders.sagas where status <> 'COMPLETED'",
            );
            for id in sagas.fetch_all(world.deps.db.pool()).await.unwrap() {
                crate::actions::saga::run(&world.deps, &world.settings, SagaId(id))
                    .await
                    .unwrap();
            }
        }
        let mine = world.run(&world.customer, "{ cart { id } }", json!({})).await;
        assert!(mine["cart"].is_null(), "{lost}: the cart is ordered");
        let states: Vec<(String, String)> = sqlx::query_as(
            "select o.status, s.status from orders.orders o join orders.sagas s on s.order_id = o.id",
        )
        .fetch_all(world.deps.db.pool())
        .await
        .unwrap();
        assert_eq!(
            states,
            [("CONFIRMED".to_owned(), "COMPLETED".to_owned())],
            "{lost}"
        );
        assert!(world.facts.lock().unwrap().lose.is_none(), "{lost} was asked");
        let calls = world.facts.lock().unwrap().calls.clone();
        assert!(
            !calls.iter().any(|call| call == "release_stock"),
            "nothing was undone: {calls:?}"
        );
    }
}

#[tokio::test]
async fn a_dead_drivers_saga_is_taken_when_its_lease_ends_and_the_dead_cannot_write() {
    let world = World::new().await;
    let order = placed(&world).await;
    let id = OrderId::parse(order.as_str().unwrap()).unwrap();
    let pool = world.deps.db.pool();
    let (dead, heir) = (
        crate::domain::saga::Owner(uuid::Uuid::now_v7()),
        crate::domain::saga::Owner(uuid::Uuid::now_v7()),
    );
    let saga = store::sagas::by_orders(pool, &[id]).await.unwrap().pop().unwrap();
    assert!(store::sagas::claim(pool, saga.id, dead).await.unwrap().is_some());
    assert!(store::sagas::claim(pool, saga.id, heir).await.unwrap().is_none());
    sqlx::query("update orders.sagas set lease_until = clock_timestamp() - interval '1 second'")
        .execute(pool)
        .await
        .unwrap();
    assert!(store::sagas::claim(pool, saga.id, heir).await.unwrap().is_some());
    let mut tx = world.deps.db.begin(platform::Moment::LIVE).await.unwrap();
    assert!(!store::sagas::hold(&mut tx, saga.id, dead).await.unwrap());
    assert!(store::sagas::hold(&mut tx, saga.id, heir).await.unwrap());
}

#[tokio::test]
async fn an_unpaid_order_is_canceled_at_once_and_the_cart_comes_back() {
    let world = World::new().await;
    let order = placed(&world).await;
    let cancel = "mutation($id: ID!) { orderCancel(id: $id, reason: \"no\", expectedVersion: 1, idempotencyKey: \"x\") {
        order { status vendorOrders { status } } userErrors { code message } } }";
    let done = world.run(&world.customer, cancel, json!({ "id": order })).await;
    let expected = json!({ "status": "CANCELED", "vendorOrders": [{ "status": "CANCELED" }] });
    assert_eq!(done["orderCancel"]["order"], expected, "{done}");
    let cart = world.run(&world.customer, "{ cart { status } }", json!({})).await;
    assert_eq!(cart["cart"]["status"], "ACTIVE");
    let calls = world.facts.lock().unwrap().calls.clone();
    assert!(
        calls.contains(&"cancel_payment".to_owned()) && calls.contains(&"release_stock".to_owned()),
        "{calls:?}"
    );
}
