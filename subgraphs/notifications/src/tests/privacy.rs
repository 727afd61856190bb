//! A person goes with all their messages, and an old fact brings none back.

use super::*;
use crate::store::privacy::Privacy;
use platform::{
    privacy::{ErasePersonReply, Person, erase, export, purge},
    testing::find_text,
};
use sqlx::{query, query_scalar};

const CANARY: &str = "canary7f3a";

#[tokio::test]
async fn messages_and_their_mails_go_and_do_not_come_back() {
    let shop = shop().await;
    let pool = shop.deps.db.pool();
    let person = Person {
        user: Some(UserId::new()),
        customers: vec![CustomerId::new()],
        ..Person::default()
    };
    let customer = person.customers[0];
    let fact = Uuid::now_v7();
    shop.order(customer, "CONFIRMED", Origin::Live, fact).await;
    query("update notifications.notifications set body = $1")
        .bind(CANARY)
        .execute(pool)
        .await
        .unwrap();
    query("update notifications.deliveries set last_error = $1, status = 'FAILED'")
        .bind(CANARY)
        .execute(pool)
        .await
        .unwrap();
    query(
        "insert into notifications.deliveries (id, channel, status, message_key, user_id, last_error, message)
        values (gen_random_uuid(), 'EMAIL', 'FAILED', 'k', $1, $2, jsonb_build_object('to', $2::text))",
    )
    .bind(person.user())
    .bind(CANARY)
    .execute(pool)
    .await
    .unwrap();
    let documents = export::<Privacy>(&shop.deps, Moment::LIVE, &person)
        .await
        .unwrap();
    let names: Vec<_> = documents.iter().map(|document| document.name.as_str()).collect();
    assert_eq!(names, ["mailboxes", "notifications", "deliveries"]);
    assert_eq!(documents[2].content.as_array().unwrap().len(), 2);

    for _ in 0..2 {
        let reply = erase::<Privacy>(&shop.deps, Moment::LIVE, &person).await.unwrap();
        assert_eq!(reply, ErasePersonReply::Erased);
    }
    assert!(find_text(pool, NAME, CANARY).await.unwrap().is_empty());

    shop.order(customer, "CONFIRMED", Origin::Live, fact).await;
    shop.order(customer, "DELIVERED", Origin::Live, Uuid::now_v7())
        .await;
    let left: i64 = query_scalar(
        "select (select count(*) from notifications.mailboxes) + (select count(*) from notifications.notifications)",
    )
    .fetch_one(pool)
    .await
    .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn old_messages_go() {
    let shop = shop().await;
    let pool = shop.deps.db.pool();
    shop.order(CustomerId::new(), "CONFIRMED", Origin::Live, Uuid::now_v7())
        .await;
    let count = || query_scalar::<_, i64>("select count(*) from notifications.notifications").fetch_one(pool);
    purge::<Privacy>(&shop.deps).await.unwrap();
    assert_eq!(count().await.unwrap(), 1);
    query("update notifications.notifications set created_at = now() - interval '3 years'")
        .execute(pool)
        .await
        .unwrap();
    purge::<Privacy>(&shop.deps).await.unwrap();
    assert_eq!(count().await.unwrap(), 0);
}
