//! A person goes; what was sold stays sold.

use super::*;
use crate::store::privacy::Privacy;
use platform::{
    privacy::{ErasePersonReply, Person, erase, export, purge},
    testing::find_text,
};
use sqlx::{query, query_scalar};

const CANARY: &str = "canary7f3a";

#[tokio::test]
async fn what_somebody_looked_at_goes_and_the_sales_stay() {
    let shop = shop().await;
    let pool = shop.deps.db.pool();
    let customer = CustomerId::new();
    let person = Person {
        customers: vec![customer],
        ..Person::default()
    };
    // Told before the login, after it, and by somebody else.
    query(
        "insert into analytics.events (id, type, occurred_at, actor_id, session_id, payload, tracked, client_event_id)
        select gen_random_uuid(), 'product_view', now(), actor, session, jsonb_build_object('search', word), true, client
        from (values (null, 's1', $2, '1'), ($1, 's1', $2, '2'), ('cus_other', 's2', 'other', '3'))
            as t (actor, session, word, client)",
    )
    .bind(customer.to_string())
    .bind(CANARY)
    .execute(pool)
    .await
    .unwrap();
    query("insert into analytics.sales values (gen_random_uuid(), $1, 'GBP', 1000, now())")
        .bind(customer.0)
        .execute(pool)
        .await
        .unwrap();
    query("insert into analytics.recently_viewed values ($1, gen_random_uuid(), now())")
        .bind(customer.0)
        .execute(pool)
        .await
        .unwrap();
    let documents = export::<Privacy>(&shop.deps, Moment::LIVE, &person)
        .await
        .unwrap();
    let names: Vec<_> = documents.iter().map(|document| document.name.as_str()).collect();
    assert_eq!(names, ["events", "recently_viewed", "sales"]);

    for _ in 0..2 {
        let reply = erase::<Privacy>(&shop.deps, Moment::LIVE, &person).await.unwrap();
        assert_eq!(reply, ErasePersonReply::Erased);
    }
    assert!(find_text(pool, NAME, CANARY).await.unwrap().is_empty());
    let sold: i64 = query_scalar("select sum(total)::bigint from analytics.sales")
        .fetch_one(pool)
        .await
        .unwrap();
    let events = || query_scalar::<_, i64>("select count(*) from analytics.events").fetch_one(pool);
    assert_eq!((sold, events().await.unwrap()), (1000, 1));

    query("insert into analytics.recently_viewed values ($1, gen_random_uuid(), now())")
        .bind(customer.0)
        .execute(pool)
        .await
        .unwrap();
    let viewed: i64 = query_scalar("select count(*) from analytics.recently_viewed")
        .fetch_one(pool)
        .await
        .unwrap();
    assert_eq!(viewed, 0, "nobody is watched after they have gone");

    purge::<Privacy>(&shop.deps).await.unwrap();
    assert_eq!(events().await.unwrap(), 1);
}
