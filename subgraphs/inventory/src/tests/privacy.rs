//! What inventory hands out about a person, and that their going changes no stock.

use super::*;
use crate::store::privacy::Privacy;
use platform::privacy::{ErasePersonReply, Person, erase, export, purge};
use sqlx::{query, query_scalar};

#[tokio::test]
async fn an_export_names_the_reservations_and_an_erasure_changes_no_stock() {
    let world = World::new().await;
    let variant = world.stocked("W1", 5).await;
    let order = OrderId::new();
    let reserve = ReserveStock {
        order,
        country: None,
        lines: vec![StockLine {
            line: OrderLineId::new(),
            variant,
            quantity: 2,
        }],
        expires_at: Utc::now() + TimeDelta::minutes(1),
    };
    let reply = commands::reserve(&world.deps, call(), reserve).await.unwrap();
    assert!(matches!(reply, ReserveReply::Reserved { .. }));
    let person = Person {
        orders: vec![order],
        ..Person::default()
    };
    let documents = export::<Privacy>(&world.deps, Moment::LIVE, &person)
        .await
        .unwrap();
    let names: Vec<_> = documents.iter().map(|document| document.name.as_str()).collect();
    assert_eq!(names, ["reservations", "reservation_lines"]);

    let pool = world.deps.db.pool();
    let reserved =
        || query_scalar::<_, i64>("select sum(reserved)::bigint from inventory.stock_levels").fetch_one(pool);
    assert_eq!(
        erase::<Privacy>(&world.deps, Moment::LIVE, &person)
            .await
            .unwrap(),
        ErasePersonReply::Erased
    );
    assert_eq!(reserved().await.unwrap(), 2);

    let count = || query_scalar::<_, i64>("select count(*) from inventory.reservations").fetch_one(pool);
    query("update inventory.reservations set expires_at = now() - interval '2 years'")
        .execute(pool)
        .await
        .unwrap();
    purge::<Privacy>(&world.deps).await.unwrap();
    assert_eq!(count().await.unwrap(), 1, "a live one stays");
    query("update inventory.reservations set status = 'RELEASED'")
        .execute(pool)
        .await
        .unwrap();
    purge::<Privacy>(&world.deps).await.unwrap();
    assert_eq!(count().await.unwrap(), 0);
}
