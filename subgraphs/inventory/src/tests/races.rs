//! Many buyers at once.

use super::{World, call};
use crate::commands;
use contracts::inventory::{CommitStock, ReleaseStock, ReserveReply, SecureStock};
use platform::ids::{OrderId, VariantId};
use std::{sync::Arc, time::Instant};

fn is_reserved(reply: &ReserveReply) -> bool {
    matches!(reply, ReserveReply::Reserved { .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_buyers_of_fifty_pieces() {
    let world = Arc::new(World::new().await);
    let variant = world.stocked("A", 30).await;
    world.receive("B", variant, 20).await;
    let buyers = (0..200).map(|_| {
        let world = world.clone();
        tokio::spawn(async move { world.reserve(OrderId::new(), &[(variant, 1)]).await })
    });
    let replies = futures::future::join_all(buyers).await;
    let reserved = replies
        .into_iter()
        .filter(|r| is_reserved(r.as_ref().unwrap()))
        .count();
    assert_eq!(reserved, 50);
    assert_eq!(world.counters(variant).await, (50, 50, 0));
    assert_eq!(world.broken_levels().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn carts_in_opposite_order_do_not_wait_for_each_other() {
    let world = Arc::new(World::new().await);
    let (a, b) = (world.stocked("A", 1_000).await, world.stocked("B", 1_000).await);
    let buyers = (0..100).map(|n| {
        let world = world.clone();
        let cart = if n % 2 == 0 {
            [(a, 2), (b, 1)]
        } else {
            [(b, 1), (a, 2)]
        };
        tokio::spawn(async move {
            let order = OrderId::new();
            assert!(is_reserved(&world.reserve(order, &cart).await));
            match n % 3 {
                0 => commands::release(&world.deps, call(), ReleaseStock { order }).await,
                _ => commands::commit(&world.deps, call(), CommitStock { order }).await,
            }
            .unwrap();
        })
    });
    for buyer in futures::future::join_all(buyers).await {
        buyer.unwrap();
    }
    assert_eq!(world.counters(a).await, (1_000, 0, 66 * 2));
    assert_eq!(world.counters(b).await, (1_000, 0, 66));
    let deadlocks: i64 = sqlx::query_scalar!(
        r#"select deadlocks as "n!" from pg_stat_database where datname = current_database()"#
    )
    .fetch_one(world.deps.db.pool())
    .await
    .unwrap();
    assert_eq!(deadlocks, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_order_twice_at_once_reserves_once() {
    let world = World::new().await;
    let variant = world.stocked("A", 10).await;
    let order = OrderId::new();
    let cart = [(variant, 3)];
    let (first, second) = futures::join!(world.reserve(order, &cart), world.reserve(order, &cart));
    assert!(is_reserved(&first) && is_reserved(&second));
    assert_eq!(world.counters(variant).await, (10, 3, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn large_imports_and_orders_take_a_fixed_number_of_statements() {
    let world = World::new().await;
    let variants: Vec<VariantId> = (0..1_000).map(|_| VariantId::new()).collect();
    let lines = variants
        .iter()
        .map(|variant| contracts::inventory::ImportStockLine {
            product: world.product,
            variant: *variant,
            quantity: 5,
        });
    let import = world.import("A", lines.collect());
    let started = Instant::now();
    commands::import(&world.deps, call(), import).await.unwrap();
    let imported = started.elapsed();
    let order = OrderId::new();
    // 1,500 lines: half of the variants twice.
    let cart: Vec<_> = variants.iter().chain(&variants[..500]).map(|v| (*v, 2)).collect();
    let started = Instant::now();
    assert!(is_reserved(&world.reserve(order, &cart).await));
    assert!(is_reserved(
        &commands::secure(&world.deps, call(), SecureStock { order })
            .await
            .unwrap()
    ));
    commands::commit(&world.deps, call(), CommitStock { order })
        .await
        .unwrap();
    println!(
        "import of 1,000 lines: {imported:?}; order of 1,500 lines: {:?}",
        started.elapsed()
    );
    assert_eq!(world.counters(variants[0]).await, (5, 0, 4));
    assert_eq!(world.broken_levels().await, 0);
    let started = Instant::now();
    for _ in 0..100 {
        let order = OrderId::new();
        world.receive("A", variants[0], 1).await;
        assert!(is_reserved(&world.reserve(order, &[(variants[0], 1)]).await));
        commands::secure(&world.deps, call(), SecureStock { order })
            .await
            .unwrap();
        commands::commit(&world.deps, call(), CommitStock { order })
            .await
            .unwrap();
    }
    println!("100 imported orders one after the other: {:?}", started.elapsed());
}
