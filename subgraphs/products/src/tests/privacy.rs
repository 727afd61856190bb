//! A person goes; the stars they gave stay.

use crate::{MIGRATOR, NAME, consumers, store::privacy::Privacy};
use contracts::events::{ConfirmedLine, OrderConfirmed};
use platform::{
    Currency, Moment,
    events::{Origin, Received},
    ids::*,
    privacy::{ErasePersonReply, Person, erase, export},
    testing::{TestDb, find_text},
};
use sqlx::{PgPool, query, query_scalar};

const CANARY: &str = "canary7f3a";

/// A product that the person bought, reviewed, found a review of helpful, and wished for.
async fn seed(pool: &PgPool, customer: CustomerId) -> ProductId {
    let product = ProductId::new();
    query(
        "with category as (
            insert into products.categories (id, slug, name) values (gen_random_uuid(), 'c', 'C') returning id)
        insert into products.products (id, slug, kind, name, vendor_id, category_id, status, vendor_approved, currency,
            min_price, max_price, rating_count, rating_sum)
        select $1, 'p', 'GENERIC', 'P', gen_random_uuid(), id, 'APPROVED', true, 'GBP', 1, 1, 2, 8 from category",
    )
    .bind(product.0)
    .execute(pool)
    .await
    .unwrap();
    query(
        "with other as (
            insert into products.reviews (id, product_id, customer_id, rating, body, verified, status, helpful_count)
            values (gen_random_uuid(), $1, gen_random_uuid(), 4, 'of another', false, 'PUBLISHED', 1) returning id),
        vote as (insert into products.review_votes (review_id, customer_id) select id, $2 from other),
        mine as (
            insert into products.reviews (id, product_id, customer_id, rating, title, body, verified, status, vendor_reply)
            values (gen_random_uuid(), $1, $2, 4, $3, $3, true, 'PUBLISHED', $3)),
        bought as (insert into products.purchases (customer_id, product_id, order_id) values ($2, $1, gen_random_uuid()))
        insert into products.wishlists (id, customer_id, name) values (gen_random_uuid(), $2, $3)",
    )
    .bind(product.0)
    .bind(customer.0)
    .bind(CANARY)
    .execute(pool)
    .await
    .unwrap();
    product
}

#[tokio::test]
async fn an_erasure_leaves_the_stars_and_an_old_fact_brings_nothing_back() {
    let deps = TestDb::new(NAME, &MIGRATOR).await.unwrap().deps(NAME).unwrap();
    let pool = deps.db.pool();
    let customer = CustomerId::new();
    let product = seed(pool, customer).await;
    let person = Person {
        customers: vec![customer],
        ..Person::default()
    };
    let documents = export::<Privacy>(&deps, Moment::LIVE, &person).await.unwrap();
    let names: Vec<_> = documents.iter().map(|document| document.name.as_str()).collect();
    assert_eq!(names, ["purchases", "reviews", "review_votes", "wishlists"]);

    for _ in 0..2 {
        let reply = erase::<Privacy>(&deps, Moment::LIVE, &person).await.unwrap();
        assert_eq!(reply, ErasePersonReply::Erased);
    }
    assert!(find_text(pool, NAME, CANARY).await.unwrap().is_empty());
    let (stars, votes): (i64, i64) =
        sqlx::query_as("select sum(rating), sum(helpful_count) from products.reviews")
            .fetch_one(pool)
            .await
            .unwrap();
    assert_eq!((stars, votes), (8, 0));

    let line = ConfirmedLine {
        line: OrderLineId::new(),
        vendor_order: VendorOrderId::new(),
        vendor: VendorId::new(),
        product,
        variant: VariantId::new(),
        quantity: 1,
        unit_price: 1,
        discount: 0,
        tax: 0,
        total: 1,
    };
    let event = OrderConfirmed {
        order: OrderId::new(),
        number: "1".to_owned(),
        customer,
        currency: Currency::GBP,
        subtotal: 1,
        discount: 0,
        loyalty: 0,
        shipping: 0,
        tax: 0,
        total: 1,
        lines: vec![line],
        vendor_orders: vec![],
    };
    let fact = Received {
        id: uuid::Uuid::now_v7(),
        occurred_at: chrono::Utc::now(),
        origin: Origin::Live,
        event,
    };
    let mut tx = deps.db.begin(Moment::LIVE).await.unwrap();
    consumers::order_confirmed(&mut tx, fact).await.unwrap();
    tx.commit().await.unwrap();
    let purchases: i64 = query_scalar("select count(*) from products.purchases")
        .fetch_one(pool)
        .await
        .unwrap();
    assert_eq!(purchases, 0);
}
