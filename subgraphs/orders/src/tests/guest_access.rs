//! A guest sees an order through the link in the mail; nobody else does, and nothing else is seen.

use super::world::World;
use crate::{
    actions::{guest_access, merge},
    commands,
};
use contracts::orders::{GetGuestAccess, MergeCarts, MergeStrategy};
use platform::{
    Moment, Role, Viewer,
    commands::Call,
    ids::*,
    privacy::{Person, erase},
    testing::viewer,
};
use serde_json::{Value, json};

const QUERY: &str = "query($id: ID, $number: String, $token: String) {
    order(id: $id, number: $number, guestAccessToken: $token) {
        number canCancel totals { total { amount } } shippingAddress { fullName }
        lines { quantity order { id } } vendorOrders { status order { id } } refunds { id } events { nodes { type } } } }";

struct Guest {
    world: World,
    order: OrderId,
    number: String,
    token: String,
}

impl Guest {
    async fn new() -> Self {
        let mut world = World::new().await;
        world.customer = viewer(Role::Guest);
        let cart = world.cart(1).await;
        let placed = world.checkout_with(&cart, "k", Some("ann@shop.example")).await["order"].take();
        let order = OrderId::parse(placed["id"].as_str().unwrap()).unwrap();
        let token = tokens(&world, order).await.pop().unwrap();
        let number = placed["number"].as_str().unwrap().to_owned();
        Self {
            world,
            order,
            number,
            token,
        }
    }

    async fn see(&self, viewer: &Viewer, token: &str) -> Value {
        let asked = json!({ "number": self.number, "token": token });
        self.world.run(viewer, QUERY, asked).await["order"].take()
    }
}

async fn tokens(world: &World, order: OrderId) -> Vec<String> {
    let call = Call {
        caller: "notifications".to_owned(),
        moment: Moment::LIVE,
    };
    let asked = GetGuestAccess {
        orders: vec![order, OrderId::new()],
    };
    let found = commands::get_guest_access(&world.deps, call, asked)
        .await
        .unwrap();
    found.into_iter().map(|access| access.token).collect()
}

#[tokio::test]
async fn the_token_opens_its_order_and_no_other() {
    let guest = Guest::new().await;
    let nobody = Viewer::anonymous();
    let seen = guest.see(&nobody, &guest.token).await;
    assert_eq!(
        (
            &seen["number"],
            &seen["canCancel"],
            &seen["totals"]["total"]["amount"]
        ),
        (&json!(guest.number), &json!(false), &json!(1300)),
        "{seen}"
    );
    assert_eq!(seen["lines"][0]["order"]["id"], guest.order.to_string());
    assert_eq!(seen["vendorOrders"][0]["order"]["id"], guest.order.to_string());
    let by_id = json!({ "id": guest.order.to_string(), "token": guest.token });
    assert_eq!(guest.world.run(&nobody, QUERY, by_id).await["order"], seen);

    let other = guest_access::token(&guest.world.deps, OrderId::new());
    let mut changed = guest.token.clone().into_bytes();
    changed[0] = if changed[0] == b'0' { b'1' } else { b'0' };
    for wrong in [other.as_str(), "", "zz", std::str::from_utf8(&changed).unwrap()] {
        assert_eq!(guest.see(&nobody, wrong).await, Value::Null, "{wrong}");
    }
    assert_eq!(guest.see(&guest.world.customer, "wrong").await["canCancel"], true);
    let kept = platform::testing::find_text(guest.world.deps.db.pool(), "orders", &guest.token).await;
    assert!(kept.unwrap().is_empty(), "the token is nowhere kept");
}

#[tokio::test]
async fn the_link_ends_with_the_account_the_erasure_and_its_time() {
    let nobody = Viewer::anonymous();
    for end in ["merged", "claimed", "erased", "late"] {
        let guest = Guest::new().await;
        let deps = &guest.world.deps;
        let me = guest.world.customer.customer.unwrap();
        let account = CustomerId::new();
        let mut tx = deps.db.begin(Moment::LIVE).await.unwrap();
        match end {
            "merged" => {
                let strategy = MergeStrategy::Merge;
                let command = MergeCarts {
                    guest: me,
                    customer: account,
                    strategy,
                };
                merge::customers(&mut tx, &command).await.unwrap();
            }
            "claimed" => merge::claim(&mut tx, account, &[guest.order]).await.unwrap(),
            "late" => {
                let sql = "update orders.guest_access set ends_at = orders.now()";
                sqlx::query(sql).execute(&mut *tx).await.unwrap();
            }
            _ => {
                for sql in [
                    "update orders.sagas set status = 'COMPENSATED'",
                    "update orders.orders set status = 'EXPIRED'",
                    "delete from orders.tasks",
                ] {
                    sqlx::query(sql).execute(deps.db.pool()).await.unwrap();
                }
                let person = Person {
                    customers: vec![me],
                    ..Person::default()
                };
                erase::<crate::store::privacy::Privacy>(deps, Moment::LIVE, &person)
                    .await
                    .unwrap();
            }
        }
        tx.commit().await.unwrap();
        assert_eq!(guest.see(&nobody, &guest.token).await, Value::Null, "{end}");
        assert!(tokens(&guest.world, guest.order).await.is_empty(), "{end}");
    }
}

#[tokio::test]
async fn orders_of_accounts_have_no_link() {
    let world = World::new().await;
    let cart = world.cart(1).await;
    let order = world.checkout(&cart, "k").await["order"]["id"].take();
    let order = OrderId::parse(order.as_str().unwrap()).unwrap();
    assert!(tokens(&world, order).await.is_empty());
    let asked = json!({ "id": order.to_string(), "token": guest_access::token(&world.deps, order) });
    assert!(world.run(&Viewer::anonymous(), QUERY, asked).await["order"].is_null());
}
