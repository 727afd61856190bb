//! Random histories: the ledger always sums to the counters.

use super::{World, call};
use crate::{actions::expire::expire, commands};
use contracts::inventory::{CommitStock, ReleaseStock, SecureStock, StockLine};
use platform::ids::{OrderId, OrderLineId, VariantId};
use proptest::{prelude::*, test_runner::TestRunner};
use uuid::Uuid;

/// What may happen to one of a few orders.
#[derive(Clone, Copy, Debug)]
enum Step {
    Receive(i32),
    Reserve(usize, i32, i64),
    Release(usize),
    Secure(usize),
    Commit(usize),
    Deallocate(usize, i32),
    Ship(usize, i32),
    Restock(usize, i32),
    Expire,
}

fn step() -> impl Strategy<Value = Step> {
    let order = || 0..4_usize;
    prop_oneof![
        (0..5_i32).prop_map(Step::Receive),
        (order(), 1..6_i32, prop_oneof![Just(-1_i64), Just(600)])
            .prop_map(|(o, n, s)| Step::Reserve(o, n, s)),
        order().prop_map(Step::Release),
        order().prop_map(Step::Secure),
        order().prop_map(Step::Commit),
        (order(), 1..4_i32).prop_map(|(o, n)| Step::Deallocate(o, n)),
        (order(), 1..4_i32).prop_map(|(o, n)| Step::Ship(o, n)),
        (order(), 1..4_i32).prop_map(|(o, n)| Step::Restock(o, n)),
        Just(Step::Expire),
    ]
}

/// Refusals are fine here; what counts is what they leave behind.
async fn run(world: &World, variant: VariantId, orders: &[(OrderId, OrderLineId)], step: Step) {
    let key = Uuid::now_v7().to_string();
    match step {
        Step::Receive(n) => {
            world
                .receive(["A", "B"][usize::from(n % 2 == 0)], variant, n)
                .await
        }
        Step::Reserve(o, quantity, seconds) => {
            let (order, line) = orders[o];
            let line = StockLine {
                line,
                variant,
                quantity,
            };
            world.reserve_lines(order, vec![line], seconds).await;
        }
        Step::Release(o) => {
            let order = orders[o].0;
            commands::release(&world.deps, call(), ReleaseStock { order })
                .await
                .unwrap();
        }
        Step::Secure(o) => {
            drop(commands::secure(&world.deps, call(), SecureStock { order: orders[o].0 }).await)
        }
        Step::Commit(o) => {
            drop(commands::commit(&world.deps, call(), CommitStock { order: orders[o].0 }).await)
        }
        Step::Deallocate(o, n) => world.deallocate(orders[o].0, &key, orders[o].1, n).await,
        Step::Ship(o, n) => world.ship(orders[o].0, orders[o].1, n).await,
        Step::Restock(o, n) => drop(world.restock(orders[o].0, &key, orders[o].1, n).await),
        Step::Expire => drop(expire(&world.deps).await.unwrap()),
    }
}

#[test]
fn the_ledger_sums_to_the_counters_whatever_happens() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let world = runtime.block_on(World::new());
    let config = ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let steps = prop::collection::vec(step(), 1..40);
    TestRunner::new(config)
        .run(&steps, |steps| {
            runtime.block_on(async {
                let variant = world.stocked("A", 5).await;
                let orders: Vec<_> = (0..4).map(|_| (OrderId::new(), OrderLineId::new())).collect();
                for step in steps {
                    run(&world, variant, &orders, step).await;
                }
            });
            let broken = runtime.block_on(world.broken_levels());
            prop_assert_eq!(broken, 0);
            Ok(())
        })
        .unwrap();
}
