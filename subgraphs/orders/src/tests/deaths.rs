//! A driver that dies between a step and its record: whoever takes over repeats what nobody wrote down, and undoes what
//! may have been done.

use super::world::World;
use crate::actions::saga;
use platform::ids::SagaId;
use serde_json::{Value, json};
use std::time::Duration;

/// Checks out; the driver never hears what became of `command`, and its lease runs out.
async fn die_at(world: &World, cart: &Value, command: &str) {
    world.facts.lock().unwrap().hang = Some(command.to_owned());
    let checkout = world.checkout(cart, "k");
    assert!(
        tokio::time::timeout(Duration::from_secs(2), checkout)
            .await
            .is_err(),
        "{command} was asked"
    );
    sqlx::query("update orders.sagas set lease_until = clock_timestamp() - interval '1 second'")
        .execute(world.deps.db.pool())
        .await
        .unwrap();
}

async fn take_over(world: &World) {
    let id: uuid::Uuid = sqlx::query_scalar("select id from orders.sagas")
        .fetch_one(world.deps.db.pool())
        .await
        .unwrap();
    saga::run(&world.deps, &world.settings, SagaId(id)).await.unwrap();
}

#[tokio::test]
async fn whoever_takes_over_finishes_the_checkout_once() {
    for command in [
        "get_vendors",
        "reserve_stock",
        "create_payment",
        "sync_payment",
        "secure_stock",
        "commit_stock",
        "capture_payment",
    ] {
        let world = World::new().await;
        let cart = world.cart(1).await;
        world.facts.lock().unwrap().paid = true;
        if !matches!(command, "get_vendors" | "reserve_stock" | "create_payment") {
            // These come when the customer has paid: the wait is over at once.
            world.checkout(&cart, "k").await;
            world.facts.lock().unwrap().hang = Some(command.to_owned());
            let died = tokio::time::timeout(Duration::from_secs(2), take_over(&world)).await;
            assert!(died.is_err(), "{command} was asked");
            sqlx::query("update orders.sagas set lease_until = clock_timestamp() - interval '1 second'")
                .execute(world.deps.db.pool())
                .await
                .unwrap();
        } else {
            die_at(&world, &cart, command).await;
        }
        take_over(&world).await;
        take_over(&world).await;
        let states: Vec<(String, String)> = sqlx::query_as(
            "select o.status, s.status from orders.orders o join orders.sagas s on s.order_id = o.id",
        )
        .fetch_all(world.deps.db.pool())
        .await
        .unwrap();
        assert_eq!(
            states,
            [("CONFIRMED".to_owned(), "COMPLETED".to_owned())],
            "{command}"
        );
        let told: i64 =
            sqlx::query_scalar("select count(*) from orders.outbox where topic = 'orders.order_confirmed'")
                .fetch_one(world.deps.db.pool())
                .await
                .unwrap();
        assert_eq!(told, 1, "{command}: confirmed once");
        let steps: i64 = sqlx::query_scalar("select count(*) from orders.saga_steps where state = 'DONE'")
            .fetch_one(world.deps.db.pool())
            .await
            .unwrap();
        assert_eq!(steps, 12, "{command}: every step stands in the journal");
    }
}

#[tokio::test]
async fn what_nobody_wrote_down_is_undone() {
    let world = World::new().await;
    let cart = world.cart(1).await;
    die_at(&world, &cart, "reserve_stock").await;
    world.facts.lock().unwrap().suspended = true;
    take_over(&world).await;
    let calls = world.facts.lock().unwrap().calls.clone();
    assert!(calls.contains(&"release_stock".to_owned()), "{calls:?}");
    let mine = world.run(&world.customer, "{ cart { status } }", json!({})).await;
    assert_eq!(mine["cart"]["status"], "ACTIVE");
}
