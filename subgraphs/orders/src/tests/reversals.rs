//! Orders that are called off give back what they were paid with; vendors that may not sell take nothing on.

use super::{
    flows::{confirmed, placed},
    world::World,
};
use crate::actions::tasks;
use platform::{Role, Viewer, ids::OrderId, testing::viewer};
use serde_json::{Value, json};

const CANCEL: &str = "mutation($id: ID!, $version: Int!) { orderCancel(id: $id, reason: \"r\", expectedVersion: $version, idempotencyKey: \"x\") {
    order { status } userErrors { code message } } }";
const ACCEPT: &str = "mutation($id: ID!, $version: Int!) { vendorOrderAccept(id: $id, expectedVersion: $version) { vendorOrder { status } userErrors { code } } }";
const REJECT: &str = "mutation($id: ID!, $version: Int!) { vendorOrderReject(id: $id, reason: \"r\", expectedVersion: $version, idempotencyKey: \"x\") {
    vendorOrder { status } userErrors { code } } }";

impl World {
    /// As if it had been paid with a coupon and points, too.
    async fn discounted(&self, order: &Value) {
        let id = OrderId::parse(order.as_str().unwrap()).unwrap();
        sqlx::query("update orders.orders set loyalty_points = 50, coupon_ids = array[gen_random_uuid()] where id = $1")
            .bind(id.0)
            .execute(self.deps.db.pool())
            .await
            .unwrap();
    }

    fn called(&self, name: &str) -> usize {
        self.facts
            .lock()
            .unwrap()
            .calls
            .iter()
            .filter(|call| *call == name)
            .count()
    }

    fn suspend(&self, suspended: bool) {
        self.facts.lock().unwrap().suspended = suspended;
    }

    fn member(&self) -> Viewer {
        Viewer {
            vendors: vec![self.vendor],
            ..viewer(Role::Vendor)
        }
    }

    /// Sends what is to be sent, also what has to wait after a failure.
    async fn send(&self) {
        for _ in 0..2 {
            while tasks::step(&self.deps).await.unwrap() {}
            sqlx::query("update orders.tasks set next_attempt_at = now()")
                .execute(self.deps.db.pool())
                .await
                .unwrap();
        }
    }

    async fn on_part(&self, viewer: &Viewer, order: &Value, mutation: &str) -> Value {
        let part = self.order(&viewer_staff(), order).await["vendorOrders"][0].take();
        self.run(
            viewer,
            mutation,
            json!({ "id": part["id"], "version": part["version"] }),
        )
        .await
    }
}

fn viewer_staff() -> Viewer {
    viewer(Role::Staff)
}

#[tokio::test]
async fn a_canceled_order_gives_coupons_and_points_back_even_if_an_answer_is_lost() {
    let world = World::new().await;
    let order = confirmed(&world).await;
    world.discounted(&order).await;
    world.facts.lock().unwrap().lose = Some("reverse_points".to_owned());
    let staff = viewer_staff();
    for _ in 0..2 {
        let version = world.order(&staff, &order).await["version"].clone();
        let done = world
            .run(&staff, CANCEL, json!({ "id": order, "version": version }))
            .await;
        assert_eq!(done["orderCancel"]["userErrors"], json!([]), "{done}");
    }
    world.send().await;
    assert_eq!(
        (world.called("reverse_coupons"), world.called("reverse_points")),
        (1, 2),
        "sent again after the loss"
    );
    let left: i64 = sqlx::query_scalar("select count(*) from orders.tasks")
        .fetch_one(world.deps.db.pool())
        .await
        .unwrap();
    assert_eq!(left, 0);
    let told: Value = sqlx::query_scalar("select payload from orders.outbox where topic = 'staff.acted'")
        .fetch_one(world.deps.db.pool())
        .await
        .unwrap();
    assert_eq!(
        (&told["action"], &told["subject"], &told["staff"]),
        (&json!("order.cancel"), &order, &json!(staff.user.unwrap()))
    );
}

#[tokio::test]
async fn an_order_that_no_vendor_delivers_gives_them_back_too() {
    let world = World::new().await;
    let order = confirmed(&world).await;
    world.discounted(&order).await;
    let done = world.on_part(&world.member(), &order, REJECT).await;
    assert_eq!(
        done["vendorOrderReject"]["vendorOrder"]["status"], "REJECTED",
        "{done}"
    );
    world.send().await;
    assert_eq!(world.order(&viewer_staff(), &order).await["status"], "CANCELED");
    assert_eq!(
        (world.called("reverse_coupons"), world.called("reverse_points")),
        (1, 1)
    );
}

#[tokio::test]
async fn an_order_without_discounts_asks_nobody() {
    let world = World::new().await;
    let order = confirmed(&world).await;
    let version = world.order(&world.customer, &order).await["version"].clone();
    world
        .run(
            &world.customer,
            CANCEL,
            json!({ "id": order, "version": version }),
        )
        .await;
    world.send().await;
    assert_eq!(
        (world.called("reverse_coupons"), world.called("reverse_points")),
        (0, 0)
    );
    let told: i64 = sqlx::query_scalar("select count(*) from orders.outbox where topic = 'staff.acted'")
        .fetch_one(world.deps.db.pool())
        .await
        .unwrap();
    assert_eq!(told, 0, "customers act for themselves");
}

#[tokio::test]
async fn a_suspended_vendor_sells_nothing_and_accepts_nothing() {
    let world = World::new().await;
    let cart = world.cart(1).await;
    world.suspend(true);
    let refused = world.checkout(&cart, "a").await;
    assert!(
        refused["order"].is_null() && refused["userErrors"][0]["code"] != Value::Null,
        "{refused}"
    );
    world.suspend(false);
    let world = World::new().await;
    let order = confirmed(&world).await;
    world.suspend(true);
    let blocked = world.on_part(&world.member(), &order, ACCEPT).await;
    assert_eq!(
        blocked["vendorOrderAccept"]["userErrors"][0]["code"], "CONFLICT",
        "{blocked}"
    );
    world.suspend(false);
    let accepted = world.on_part(&world.member(), &order, ACCEPT).await;
    assert_eq!(
        accepted["vendorOrderAccept"]["vendorOrder"]["status"], "ACCEPTED",
        "{accepted}"
    );
}

#[tokio::test]
async fn a_vendor_suspended_before_the_payment_is_not_paid() {
    let world = World::new().await;
    let order = placed(&world).await;
    world.suspend(true);
    world.facts.lock().unwrap().paid = true;
    world.resume(&order).await;
    assert_eq!(world.order(&world.customer, &order).await["status"], "CANCELED");
    assert!(world.called("cancel_payment") > 0);
    assert_eq!(world.called("capture_payment"), 0);
}
