//! Reviews as files: in, again, and what a file cannot claim.

mod afterwards;

use super::{Shop, anonymous, bulk::counts, code, reviews::DRIFT};
use crate::{actions::bulk::step::step, store::bulk::reviews::remember};
use contracts::orders::DeliveredOrder;
use platform::{
    Moment, Role, Viewer,
    ids::{CatalogImportId, CustomerId, OrderId, ProductId},
    testing::viewer,
};
use serde_json::{Value, json};
use std::time::Duration;

const CSV: &str = "key,product,rating,title,body,locale,createdAt,author,status\n\
    old-1,mug,5,Great,\"Two\nlines\",en-GB,2021-03-04T05:06:07Z,Ada L.,PUBLISHED\n\
    old-2,MUG,2,,,,2021-03-05,,\n\
    old-3,mug,4,Fine,'=1+1,de,2022-01-01,Bob,PENDING\n";

impl Shop {
    async fn mug(&self) -> ProductId {
        let mug = self.sell(self.generic("Mug"), "MUG", 1000).await;
        mug["id"].as_str().unwrap().parse().unwrap()
    }

    async fn start_reviews(&self, args: &str, content: &str) -> Value {
        let query = format!(
            "mutation($content: String, $key: ID!) {{
               reviewImportCreate(content: $content, idempotencyKey: $key, {args}) {{
                 catalogImport {{ id }} userErrors {{ code message path }} }} }}"
        );
        let variables = json!({ "content": content, "key": uuid::Uuid::now_v7().to_string() });
        let made = self.run(&self.staff, &query, variables).await["reviewImportCreate"].clone();
        assert_eq!(made["userErrors"], json!([]));
        made["catalogImport"]["id"].clone()
    }

    async fn import_reviews(&self, args: &str, content: &str) -> Value {
        let id = self.start_reviews(args, content).await;
        self.work().await;
        self.read(&id).await
    }

    /// What the other services would answer about these customers and orders.
    async fn answer_for(&self, import: &Value, customers: &[(CustomerId, bool)], orders: &[DeliveredOrder]) {
        let id: CatalogImportId = import.as_str().unwrap().parse().unwrap();
        let asked: Vec<CustomerId> = customers.iter().map(|(id, _)| *id).collect();
        let known: Vec<CustomerId> = customers
            .iter()
            .filter(|(_, is)| *is)
            .map(|(id, _)| *id)
            .collect();
        let numbers: Vec<String> = orders.iter().map(|order| order.number.clone()).collect();
        let mut tx = self.deps.db.begin(Moment::LIVE).await.unwrap();
        remember(&mut tx, id, (&asked, &known), (&numbers, orders))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    async fn shown(&self) -> Value {
        let query = "{ product(by: { sku: \"MUG\" }) { rating { average count histogram }
            reviews(first: 50) { nodes { rating title body locale authorName author { id } status verifiedPurchase
                createdAt version } } } }";
        self.run(&anonymous(), query, json!({})).await["product"].clone()
    }
}

fn codes(import: &Value) -> Vec<&str> {
    let code = |line: &'_ Value| line["errors"][0]["code"].as_str().map(str::to_owned);
    let lines = import["lines"]["nodes"].as_array().unwrap();
    lines
        .iter()
        .map(|line| match code(line).as_deref() {
            Some("INVALID") => "INVALID",
            Some("NOT_FOUND") => "NOT_FOUND",
            Some("CONFLICT") => "CONFLICT",
            Some(_) => "other",
            None => "none",
        })
        .collect()
}

#[tokio::test]
async fn a_file_becomes_reviews_once() {
    let shop = Shop::open().await;
    let mug = shop.mug().await;
    let dry = shop.import_reviews("format: CSV, dryRun: true", CSV).await;
    assert_eq!(
        (&dry["status"], counts(&dry)),
        (&json!("COMPLETED"), [3, 0, 0, 0]),
        "{dry}"
    );
    assert_eq!(shop.sql("select count(*) from products.reviews").await, 0);

    let done = shop.import_reviews("format: CSV", CSV).await;
    assert_eq!(counts(&done), [3, 0, 0, 0], "{done}");
    let shown = shop.shown().await;
    assert_eq!(
        shown["rating"],
        json!({ "average": 5.0, "count": 1, "histogram": [0, 0, 0, 0, 1] })
    );
    assert_eq!(
        shown["reviews"]["nodes"],
        json!([{ "rating": 5, "title": "Great", "body": "Two\nlines", "locale": "en-GB", "authorName": "Ada L.",
            "author": null, "status": "PUBLISHED", "verifiedPurchase": false, "createdAt": "2021-03-04T05:06:07+00:00",
            "version": 1 }])
    );
    assert_eq!(
        shop.sql("select count(*) from products.reviews where body = '=1+1'")
            .await,
        1
    );
    let again = shop.import_reviews("format: CSV", CSV).await;
    assert_eq!(counts(&again), [0, 0, 3, 0], "{again}");
    assert_eq!(
        shop.sql("select max(version)::bigint from products.reviews")
            .await,
        1
    );

    // Who says nothing about the status leaves it to the import; what is there keeps its own.
    let more = "key,product,rating,createdAt\nold-1,mug,1,2021-03-04T05:06:07Z\nold-2,mug,2,2021-03-05\nnew,mug,3,2023-01-01\n";
    let more = shop.import_reviews("format: CSV, publish: true", more).await;
    assert_eq!(counts(&more), [1, 1, 1, 0], "{more}");
    let shown = shop.shown().await;
    assert_eq!(
        shown["rating"],
        json!({ "average": 2.0, "count": 2, "histogram": [1, 0, 1, 0, 0] })
    );
    assert_eq!(shop.sql(DRIFT).await, 0);

    // The index hears of it.
    shop.index().await;
    let stale = "select count(*) from products.search_documents d join products.products p using (id) \
        where d.rating_milli <> p.rating_milli or p.rating_milli <> 2000";
    assert_eq!(shop.sql(stale).await, 0);
    // The vendor's rating counts what is on sale.
    let stars = "select coalesce(sum(n), 0)::bigint from products.vendor_ratings, unnest(histogram) n";
    assert_eq!(shop.sql(stars).await, 2);
    for (step, left) in [("productUnpublish", 0), ("productPublish", 2)] {
        let step = format!("{step}(id: \"{mug}\")");
        assert_eq!(
            shop.mutate(&shop.member, &step, "").await["userErrors"],
            json!([])
        );
        assert_eq!((shop.sql(stars).await, shop.sql(DRIFT).await), (left, 0));
    }
    // Nobody was told anything: no consumer has an interest in reviews.
    assert_eq!(
        shop.sql("select count(*) from products.outbox where topic like '%review%'")
            .await,
        0
    );
}

#[tokio::test]
async fn bad_lines_are_refused_alone() {
    let shop = Shop::open().await;
    shop.mug().await;
    let line = |rest: &str| format!("{{\"key\": \"k{}\", {rest}}}", rest.len());
    let good = r#""product": "mug", "createdAt": "2020-01-01""#;
    let lines = [
        line(&format!(r#""rating": 5, {good}"#)),
        line(&format!(r#""rating": 6, {good}, "body": "a"#)),
        line(&format!(r#""rating": 6, {good}"#)),
        line(&format!(r#""rating": 4.5, {good}"#)),
        line(r#""rating": 5, "product": "no cup", "createdAt": "2020-01-01""#),
        line(r#""rating": 5, "product": "mug", "createdAt": "2999-01-01""#),
        line(r#""rating": 5, "product": "mug", "createdAt": "yesterday""#),
        line(r#""rating": 5, "product": "mug""#),
        line(&format!(r#""rating": 5, {good}, "verified": true"#)),
        line(&format!(r#""rating": 5, {good}, "status": "REJECTED""#)),
        line(&format!(r#""rating": 5, {good}, "customer": "somebody""#)),
        line(&format!(
            r#""rating": 5, {good}, "locale": "the Queen's English""#
        )),
        line(&format!(r#""rating": 5, {good}, "title": "bell \u0007""#)),
        line(&format!(r#""rating": 5, {good}"#)),
        format!(r#"{{"rating": 5, {good}}}"#),
    ];
    let import = shop
        .import_reviews("format: JSONL, publish: true", &lines.join("\n"))
        .await;
    assert_eq!(counts(&import), [1, 0, 0, 14], "{import:#}");
    let expected = [
        "none",
        "INVALID",
        "INVALID",
        "INVALID",
        "NOT_FOUND",
        "INVALID",
        "INVALID",
        "INVALID",
        "INVALID",
        "INVALID",
        "INVALID",
        "INVALID",
        "INVALID",
        "CONFLICT",
        "INVALID",
    ];
    assert_eq!(codes(&import), expected, "{import:#}");
    assert_eq!(shop.sql("select count(*) from products.reviews").await, 1);
    assert_eq!(shop.sql(DRIFT).await, 0);
    for broken in [
        "",
        "key,product,rating\n",
        "key,product,rating,createdAt,stars\n",
        "key,key\n",
    ] {
        let import = shop.import_reviews("format: CSV", broken).await;
        assert_eq!(import["status"], "FAILED", "{broken}");
    }
}

#[tokio::test]
async fn only_our_own_orders_verify() {
    let shop = Shop::open().await;
    let mug = shop.mug().await;
    let [buyer, liar, guest, nobody] = std::array::from_fn(|_| CustomerId::new());
    let mut tx = shop.deps.db.begin(Moment::LIVE).await.unwrap();
    crate::store::reviews::add_purchases(&mut tx, buyer, OrderId::new(), &[mug.0])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let line = |key: &str, customer: Option<CustomerId>, order: Option<&str>| {
        json!({ "key": key, "product": "mug", "rating": 4, "createdAt": "2024-01-01", "customer": customer,
            "order": order, "status": "PUBLISHED" })
        .to_string()
    };
    let file = [
        line("buyer", Some(buyer), None),
        line("liar", Some(liar), Some("A-1")),
        line("guest", None, Some("A-1")),
        line("other product", None, Some("A-2")),
        line("unknown order", None, Some("A-3")),
        line("nobody", Some(nobody), None),
        line("buyer again", Some(buyer), None),
    ]
    .join("\n");
    let order = |number: &str, products: &[ProductId]| DeliveredOrder {
        number: number.to_owned(),
        customer: guest,
        products: products.to_vec(),
    };
    let id = shop.start_reviews("format: JSONL", &file).await;
    // Without the answers of the other services nothing happens, and the import does not fail.
    for _ in 0..10 {
        step(&shop.deps, &shop.storage).await.unwrap_err();
        assert!(!step(&shop.deps, &shop.storage).await.unwrap(), "it waits");
        shop.hurry().await;
    }
    assert_eq!(shop.read(&id).await["status"], "QUEUED");
    let customers = [(buyer, true), (liar, true), (nobody, false)];
    let mut orders = vec![order("A-1", &[mug]), order("A-2", &[ProductId::new()])];
    shop.answer_for(&id, &customers, &orders).await;
    let mut tx = shop.deps.db.begin(Moment::LIVE).await.unwrap();
    let import: CatalogImportId = id.as_str().unwrap().parse().unwrap();
    remember(&mut tx, import, (&[], &[]), (&["A-3".to_owned()], &[]))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    shop.work().await;
    let done = shop.read(&id).await;
    assert_eq!(counts(&done), [5, 0, 0, 2], "{done}");
    assert_eq!(
        codes(&done),
        ["none", "none", "none", "none", "none", "NOT_FOUND", "CONFLICT"],
        "{done}"
    );
    let verified =
        "select count(*) from products.reviews where verified and external_key in ('buyer', 'guest')";
    assert_eq!(shop.sql(verified).await, 2);
    assert_eq!(
        shop.sql("select count(*) from products.reviews where verified")
            .await,
        2
    );
    assert_eq!(
        shop.sql("select count(*) from products.review_import_facts")
            .await,
        0
    );

    // Whoever was erased does not come back with the file.
    sqlx::query("insert into products.erased_people (id) values ($1)")
        .bind(buyer.0)
        .execute(shop.deps.db.pool())
        .await
        .unwrap();
    let id = shop.start_reviews("format: JSONL", &file).await;
    orders.push(order("A-3", &[mug]));
    shop.answer_for(&id, &customers, &orders).await;
    shop.work().await;
    let again = shop.read(&id).await;
    assert_eq!(counts(&again), [0, 1, 3, 3], "{again}");
    assert_eq!(
        shop.sql("select count(*) from products.reviews where verified")
            .await,
        3
    );
    assert_eq!(shop.sql(DRIFT).await, 0);
}
