//! Guests who log in, and guests who find their orders again.

use super::world::World;
use crate::{actions::merge, store};
use contracts::orders::{MergeCarts, MergeStrategy};
use futures::future::join_all;
use platform::{Moment, Role, Viewer, ids::*, testing::viewer};
use serde_json::{Value, json};

async fn lines(world: &World, customer: &Viewer) -> Value {
    let query = "{ cart { lines { variant { id } quantity } } }";
    world.run(customer, query, json!({})).await["cart"]["lines"].take()
}

async fn fill(world: &World, customer: &Viewer, lines: &[(VariantId, i32)]) {
    let cart = "mutation { cartCreate { cart { id } userErrors { message } } }";
    let cart = world.run(customer, cart, json!({})).await["cartCreate"]["cart"]["id"].take();
    let add = "mutation($id: ID!, $lines: [CartLineInput!]!) {
        cartLinesAdd(cartId: $id, lines: $lines) { userErrors { message } } }";
    let lines: Vec<_> = lines
        .iter()
        .map(|(variant, quantity)| json!({"variantId": variant.to_string(), "quantity": quantity}))
        .collect();
    let done = world
        .run(customer, add, json!({"id": cart, "lines": lines}))
        .await;
    assert_eq!(done["cartLinesAdd"]["userErrors"], json!([]));
}

fn command(guest: &Viewer, account: &Viewer, strategy: MergeStrategy) -> MergeCarts {
    MergeCarts {
        guest: guest.customer.unwrap(),
        customer: account.customer.unwrap(),
        strategy,
    }
}

#[tokio::test]
async fn carts_merge_once_however_often_it_is_asked() {
    let world = World::new().await;
    world.facts.lock().unwrap().stock = 5000;
    let (shared, own, brought) = (VariantId::new(), VariantId::new(), VariantId::new());
    let (guest, account) = (viewer(Role::Guest), viewer(Role::Customer));
    fill(&world, &guest, &[(shared, 900), (brought, 2)]).await;
    fill(&world, &account, &[(shared, 200), (own, 1)]).await;
    let command = command(&guest, &account, MergeStrategy::Merge);
    // The command of the login, its repetition and the event of the same login, all at once.
    let asked = join_all((0..8).map(|_| merge::at_login(&world.deps, Moment::LIVE, &command)));
    let heard = async {
        let mut tx = world.deps.db.begin(Moment::LIVE).await.unwrap();
        merge::customers(&mut tx, &command).await.unwrap();
        tx.commit().await.unwrap();
    };
    let (answers, ()) = tokio::join!(asked, heard);
    let merged = answers
        .iter()
        .filter(|answer| answer.as_ref().unwrap().merged)
        .count();
    assert!(merged <= 1);
    // Summed and capped; nothing is lost and nothing is there twice.
    assert_eq!(
        lines(&world, &account).await,
        json!([
            {"variant": {"id": shared.to_string()}, "quantity": 999},
            {"variant": {"id": own.to_string()}, "quantity": 1},
            {"variant": {"id": brought.to_string()}, "quantity": 2}
        ])
    );
    assert_eq!(lines(&world, &guest).await, Value::Null);
}

#[tokio::test]
async fn strategies_keep_what_they_say() {
    let world = World::new().await;
    for (strategy, expected) in [(MergeStrategy::KeepGuest, 3), (MergeStrategy::KeepAccount, 1)] {
        let variant = VariantId::new();
        let (guest, account) = (viewer(Role::Guest), viewer(Role::Customer));
        fill(&world, &guest, &[(variant, 3)]).await;
        fill(&world, &account, &[(variant, 1)]).await;
        let command = command(&guest, &account, strategy);
        assert!(
            merge::at_login(&world.deps, Moment::LIVE, &command)
                .await
                .unwrap()
                .merged
        );
        assert_eq!(lines(&world, &account).await[0]["quantity"], expected);
        // A guest's cart is also taken where the account has none.
        let (guest, account) = (viewer(Role::Guest), viewer(Role::Customer));
        fill(&world, &guest, &[(variant, 3)]).await;
        let command = self::command(&guest, &account, strategy);
        merge::at_login(&world.deps, Moment::LIVE, &command)
            .await
            .unwrap();
        assert_eq!(lines(&world, &account).await[0]["quantity"], 3);
    }
}

#[tokio::test]
async fn a_guest_s_order_goes_to_the_account_and_its_address_to_users() {
    let mut world = World::new().await;
    world.customer = Viewer {
        user: None,
        ..viewer(Role::Guest)
    };
    let cart = world.cart(1).await;
    let refused = world.checkout_with(&cart, "k", Some("not an address")).await;
    assert_eq!(refused["userErrors"][0]["code"], "INVALID");
    let order = world.checkout_with(&cart, "k", Some("ann@shop.example")).await["order"]["id"].take();
    assert!(order.is_string());
    crate::actions::tasks::step(&world.deps).await.unwrap();
    assert!(
        world
            .facts
            .lock()
            .unwrap()
            .calls
            .contains(&"set_guest_contact".to_owned())
    );
    let kept: i64 = sqlx::query_scalar("select count(*) from orders.tasks where body::text like '%@%'")
        .fetch_one(world.deps.db.pool())
        .await
        .unwrap();
    assert_eq!(kept, 0);

    let (guest, account, stranger) = (
        world.customer.clone(),
        viewer(Role::Customer),
        viewer(Role::Customer),
    );
    let id = OrderId::parse(order.as_str().unwrap()).unwrap();
    assert_eq!(world.order(&account, &order).await, Value::Null);
    let mut tx = world.deps.db.begin(Moment::LIVE).await.unwrap();
    merge::customers(&mut tx, &command(&guest, &account, MergeStrategy::Merge))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.order(&account, &order).await["status"], "PENDING_PAYMENT");
    assert_eq!(world.order(&stranger, &order).await, Value::Null);
    assert_eq!(world.order(&guest, &order).await, Value::Null);
    let told: i64 =
        sqlx::query_scalar("select count(*) from orders.outbox where topic = 'orders.orders_reassigned'")
            .fetch_one(world.deps.db.pool())
            .await
            .unwrap();
    assert_eq!(told, 1);

    // By mailbox, twice: the second time there is nothing to do.
    let found = viewer(Role::Customer);
    for _ in 0..2 {
        let mut tx = world.deps.db.begin(Moment::LIVE).await.unwrap();
        merge::claim(&mut tx, found.customer.unwrap(), &[id])
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(world.order(&found, &order).await["status"], "PENDING_PAYMENT");
    let row = store::orders::by_ids(world.deps.db.pool(), &[id])
        .await
        .unwrap()
        .pop()
        .unwrap();
    assert_eq!(row.customer_id, found.customer.unwrap());
}

#[tokio::test]
async fn a_checkout_under_way_when_its_guest_logs_in_ends_with_the_account() {
    let mut world = World::new().await;
    world.customer = Viewer {
        user: None,
        ..viewer(Role::Guest)
    };
    let cart = world.cart(1).await;
    let order = world.checkout_with(&cart, "k", Some("ann@shop.example")).await["order"]["id"].take();
    let (guest, account) = (world.customer.clone(), viewer(Role::Customer));
    let id = OrderId::parse(order.as_str().unwrap()).unwrap();
    let saga = store::sagas::by_orders(world.deps.db.pool(), &[id])
        .await
        .unwrap()
        .pop()
        .unwrap();
    // Somebody drives it and still takes it for the guest's.
    let owner = crate::domain::saga::Owner(uuid::Uuid::now_v7());
    let stale = store::sagas::claim(world.deps.db.pool(), saga.id, owner)
        .await
        .unwrap()
        .unwrap();
    let mut tx = world.deps.db.begin(Moment::LIVE).await.unwrap();
    merge::customers(&mut tx, &command(&guest, &account, MergeStrategy::Merge))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    // Whoever keeps its customer has not heard of the order yet, and is told again.
    sqlx::query("delete from orders.outbox")
        .execute(world.deps.db.pool())
        .await
        .unwrap();
    world.facts.lock().unwrap().paid = true;
    assert_eq!(stale.customer_id, guest.customer.unwrap());
    crate::actions::saga::Driver::new(&world.deps, &world.settings, owner)
        .drive(stale)
        .await
        .unwrap();
    assert_eq!(world.order(&account, &order).await["status"], "CONFIRMED");
    let told: Vec<Value> =
        sqlx::query_scalar("select payload from orders.outbox where topic = 'orders.orders_reassigned'")
            .fetch_all(world.deps.db.pool())
            .await
            .unwrap();
    assert!(!told.is_empty());
    assert!(
        told.iter()
            .all(|fact| fact["customer"] == json!(account.customer) && fact["orders"] == json!([id]))
    );
}

#[tokio::test]
async fn an_order_of_that_very_moment_is_the_account_s() {
    for _ in 0..8 {
        let mut world = World::new().await;
        world.customer = Viewer {
            user: None,
            ..viewer(Role::Guest)
        };
        let cart = world.cart(1).await;
        let account = viewer(Role::Customer);
        let merging = async {
            let mut tx = world.deps.db.begin(Moment::LIVE).await.unwrap();
            merge::customers(&mut tx, &command(&world.customer, &account, MergeStrategy::Merge))
                .await
                .unwrap();
            tx.commit().await.unwrap();
        };
        let (done, ()) = tokio::join!(world.checkout_with(&cart, "k", Some("ann@shop.example")), merging);
        // The cart may have gone to the account first; then there is no order. If there is one, it is not the guest's.
        let left: i64 = sqlx::query_scalar("select count(*) from orders.orders where customer_id = $1")
            .bind(world.customer.customer.unwrap().0)
            .fetch_one(world.deps.db.pool())
            .await
            .unwrap();
        assert_eq!(left, 0, "{done}");
    }
}
