//! A person goes; their invoices and the shop's totals stay.

use crate::{MIGRATOR, NAME, store::privacy::Privacy};
use platform::{
    Deps, Moment,
    ids::CustomerId,
    privacy::{ErasePersonReply, Person, erase, export, purge},
    testing::{TestDb, find_text},
};
use sqlx::{PgPool, query, query_scalar};

const CANARY: &str = "canary7f3a";

async fn shop() -> (Deps, Person) {
    let deps = TestDb::new(NAME, &MIGRATOR).await.unwrap().deps(NAME).unwrap();
    let person = Person {
        customers: vec![CustomerId::new()],
        ..Person::default()
    };
    seed(deps.db.pool(), person.customers[0]).await;
    (deps, person)
}

/// A delivered order, one that was never paid, a cart and a finished checkout, with the canary wherever people write.
async fn seed(pool: &PgPool, customer: CustomerId) {
    let address = serde_json::json!({ "full_name": CANARY, "line1": CANARY, "city": CANARY, "country": "GB", "phone": CANARY });
    for (number, status) in [("1", "DELIVERED"), ("2", "EXPIRED")] {
        query(
            "with placed as (
                insert into orders.orders (id, number, customer_id, status, currency, subtotal, discount, loyalty, shipping,
                    tax, total, shipping_address, billing_address, cancel_reason)
                values (gen_random_uuid(), $1, $2, $3, 'GBP', 900, 0, 0, 100, 0, 1000, $4, $4, $5) returning id),
            noted as (
                insert into orders.order_events (order_id, seq, id, type, note, is_public)
                select id, 1, gen_random_uuid(), 'NOTE', $5, true from placed),
            refunded as (
                insert into orders.refunds (id, order_id, status, reason, shipping, total, currency, requested_by, note)
                select gen_random_uuid(), id, 'SUCCEEDED', 'RETURN', 0, 10, 'GBP', $6, $5 from placed)
            insert into orders.sagas (id, kind, actor, key, request_hash, customer_id, order_id, status, step, plan)
            select gen_random_uuid(), 'CHECKOUT', $6, $1, '', $2, id, 'COMPLETED', 'DONE',
                jsonb_build_object('shipping_address', $4::jsonb, 'billing_address', $4::jsonb, 'return_url', $5) from placed",
        )
        .bind(number)
        .bind(customer.0)
        .bind(status)
        .bind(&address)
        .bind(CANARY)
        .bind(customer.to_string())
        .execute(pool)
        .await
        .unwrap();
    }
    query(
        "with cart as (
            insert into orders.carts (id, customer_id, status, currency, shipping_address)
            values (gen_random_uuid(), $1, 'ACTIVE', 'GBP', $2) returning id),
        line as (
            insert into orders.cart_lines (id, cart_id, variant_id, vendor_id, quantity, unit_price, unit_price_when_added, note)
            select gen_random_uuid(), id, gen_random_uuid(), gen_random_uuid(), 1, 1, 1, $3 from cart)
        insert into orders.quotes (id, cart_id, hash, body, expires_at)
        select gen_random_uuid(), id, '', $2, now() from cart",
    )
    .bind(customer.0)
    .bind(&address)
    .bind(CANARY)
    .execute(pool)
    .await
    .unwrap();
}

async fn totals(pool: &PgPool) -> (i64, i64) {
    let sum = |sql: &'static str| query_scalar::<_, i64>(sql).fetch_one(pool);
    (
        sum("select sum(total)::bigint from orders.orders").await.unwrap(),
        sum("select sum(total)::bigint from orders.refunds")
            .await
            .unwrap(),
    )
}

#[tokio::test]
async fn an_export_has_every_table_and_an_erasure_leaves_the_invoice() {
    let (deps, person) = shop().await;
    let pool = deps.db.pool();
    let documents = export::<Privacy>(&deps, Moment::LIVE, &person).await.unwrap();
    let names: Vec<_> = documents.iter().map(|document| document.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "orders",
            "order_events",
            "refunds",
            "carts",
            "cart_lines",
            "quotes",
            "checkouts"
        ]
    );
    assert_eq!(documents[0].content.as_array().unwrap().len(), 2);

    let before = totals(pool).await;
    for _ in 0..2 {
        let reply = erase::<Privacy>(&deps, Moment::LIVE, &person).await.unwrap();
        assert_eq!(reply, ErasePersonReply::Erased);
    }
    assert_eq!(
        find_text(pool, NAME, CANARY).await.unwrap(),
        ["orders.billing_address"],
        "only the invoice"
    );
    let (kept, phone): (i64, bool) = sqlx::query_as(
        "select count(*), bool_or(billing_address ? 'phone') from orders.orders where billing_address::text like '%canary%'",
    )
    .fetch_one(pool)
    .await
    .unwrap();
    assert_eq!((kept, phone), (1, false), "what was never paid needs none");
    assert_eq!(totals(pool).await, before);
}

#[tokio::test]
async fn nothing_is_erased_while_an_order_is_open_and_no_cart_comes_back() {
    let (deps, person) = shop().await;
    let pool = deps.db.pool();
    let set = |status: &'static str| {
        query("update orders.orders set status = $1 where number = '1'")
            .bind(status)
            .execute(pool)
    };
    set("CONFIRMED").await.unwrap();
    let reply = erase::<Privacy>(&deps, Moment::LIVE, &person).await.unwrap();
    assert!(matches!(reply, ErasePersonReply::Waits { .. }));
    let left = find_text(pool, NAME, CANARY).await.unwrap();
    assert!(left.contains(&"carts.shipping_address".to_owned()), "{left:?}");

    set("DELIVERED").await.unwrap();
    erase::<Privacy>(&deps, Moment::LIVE, &person).await.unwrap();
    query("insert into orders.carts (id, customer_id, status, currency) values (gen_random_uuid(), $1, 'ACTIVE', 'GBP')")
        .bind(person.customers[0].0)
        .execute(pool)
        .await
        .unwrap();
    let carts: i64 = query_scalar("select count(*) from orders.carts")
        .fetch_one(pool)
        .await
        .unwrap();
    assert_eq!(carts, 0, "a late request brings nothing back");
}

#[tokio::test]
async fn what_is_old_goes_and_what_is_not_stays() {
    let (deps, person) = shop().await;
    let pool = deps.db.pool();
    query(
        "insert into orders.idempotency_keys (actor, operation, key, request_hash, created_at)
        values ('a', 'o', 'old', '', now() - interval '31 days'), ('a', 'o', 'new', '', now())",
    )
    .execute(pool)
    .await
    .unwrap();
    purge::<Privacy>(&deps).await.unwrap();
    let carts = || query_scalar::<_, i64>("select count(*) from orders.carts").fetch_one(pool);
    let keys: Vec<String> = query_scalar("select key from orders.idempotency_keys")
        .fetch_all(pool)
        .await
        .unwrap();
    assert_eq!((carts().await.unwrap(), keys), (1, vec!["new".to_owned()]));

    query("update orders.carts set expires_at = now() - interval '91 days'")
        .execute(pool)
        .await
        .unwrap();
    erase_years(pool).await;
    for _ in 0..2 {
        purge::<Privacy>(&deps).await.unwrap();
    }
    assert_eq!(carts().await.unwrap(), 0);
    let invoices = "select count(*) from orders.orders where billing_address ->> 'full_name' = $1";
    let left: i64 = query_scalar(invoices).bind(CANARY).fetch_one(pool).await.unwrap();
    assert_eq!(left, 2, "old, but nobody asked to be erased");

    erase::<Privacy>(&deps, Moment::LIVE, &person).await.unwrap();
    purge::<Privacy>(&deps).await.unwrap();
    let left: i64 = query_scalar(invoices).bind(CANARY).fetch_one(pool).await.unwrap();
    assert_eq!(left, 0, "after ten years the invoice loses its name");
}

async fn erase_years(pool: &PgPool) {
    query("update orders.orders set placed_at = now() - interval '11 years'")
        .execute(pool)
        .await
        .unwrap();
}
