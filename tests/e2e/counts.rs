//! What a page costs in the figures that do not depend on the machine: calls of services and SQL statements.

use crate::support::{QUIET, Shop, shared, until};
use serde_json::{Value, json};

const PAGE: &str = "query Page($first: Int) { products(first: $first) { nodes { id name
    vendor { id displayName } priceRange { min { amount currency } } rating { average count }
    variants { id sku price(currency: \"GBP\") { amount } availability { state maxOrderable } } availability } } }";

/// Calls and statements of one service for `PAGE` with `first` products.
async fn cost(shop: &Shop, service: &str, first: i32) -> (u64, u64) {
    let read = async || {
        let calls = shop.metric(service, "agora_graphql_requests_total").await;
        (
            calls,
            shop.metric(service, "agora_graphql_sql_statements_total").await,
        )
    };
    let before = read().await;
    let data = shop
        .anonymous()
        .run(PAGE, json!({ "first": first }))
        .await
        .unwrap();
    assert_eq!(
        data["products"]["nodes"].as_array().unwrap().len(),
        usize::try_from(first).unwrap()
    );
    let after = read().await;
    (after.0 - before.0, after.1 - before.1)
}

#[tokio::test]
async fn a_page_costs_one_call_a_service_and_the_same_statements_for_any_size() {
    let shop = shared();
    until(&shop.anonymous(), PAGE, json!({ "first": 20 }), |data| {
        (data["products"]["nodes"].as_array()?.len() == 20).then_some(())
    })
    .await;
    // Nobody else may be asking while we count.
    let _quiet = QUIET.write().await;
    for (service, most_statements) in [("products", 6), ("users", 1), ("inventory", 2)] {
        let large = cost(&shop, service, 20).await;
        let small = cost(&shop, service, 5).await;
        assert_eq!(large.0, 1, "{service} is called once");
        assert_eq!(large, small, "{service} does not pay by the row");
        assert!(
            (1..=most_statements).contains(&large.1),
            "{service}: {} statements",
            large.1
        );
    }
    assert_eq!(
        cost(&shop, "orders", 20).await,
        (0, 0),
        "a page of products is none of orders' business"
    );
}

#[tokio::test]
async fn a_malformed_id_does_not_null_its_neighbours() {
    let _quiet = QUIET.read().await;
    let shop = shared();
    let found = shop
        .anonymous()
        .run(
            "{ products(first: 1) { nodes { id variants { id } } } }",
            json!({}),
        )
        .await
        .unwrap();
    let good = &found["products"]["nodes"][0]["variants"][0]["id"];
    let missing = "var_00000000000070008000000000000000";
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on ProductVariant { sku } } variants(ids: $ids) { sku } }";
    let data = shop
        .anonymous()
        .send(
            query,
            json!({ "ids": [good, "var_nonsense", "' or 1=1", missing] }),
        )
        .await
        .unwrap()
        .1;
    let nodes = &data["data"]["nodes"];
    assert!(nodes[0]["sku"].is_string(), "{data}");
    assert_eq!((&nodes[1], &nodes[2]), (&Value::Null, &Value::Null));
    assert!(data["data"]["variants"][0]["sku"].is_string());
    assert_eq!(
        data["data"]["variants"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|v| v.is_null())
            .count(),
        3
    );
}
