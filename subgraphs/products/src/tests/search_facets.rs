//! Facets: what they count, and what a page with them costs.

use super::{Shop, anonymous, search::stocked};
use platform::telemetry::{self, RequestTrace};
use serde_json::{Value, json};

/// Values of a facet and their counts.
async fn facet(shop: &Shop, arguments: &str, code: &str) -> Value {
    let query = format!(
        "{{ productSearch({arguments}, facets: [\"{code}\", \"kind\", \"in_stock\"]) {{
            facets {{ code values {{ value count }} }} }} }}"
    );
    let found = shop.run(&anonymous(), &query, json!({})).await["productSearch"]["facets"].clone();
    let facet = found
        .as_array()
        .unwrap()
        .iter()
        .find(|facet| facet["code"] == code)
        .unwrap();
    let values = facet["values"].as_array().unwrap().iter();
    values
        .map(|v| (v["value"].as_str().unwrap().to_owned(), v["count"].clone()))
        .collect()
}

#[tokio::test]
async fn a_facet_counts_under_all_filters_but_its_own() {
    let shop = stocked().await;
    // Its own filter leaves the other values to choose from, the others do not.
    for (arguments, code, counts) in [
        (
            "query: \"lumiere\", where: {kind: [BOOK], price: {max: 6000, currency: \"GBP\"}}",
            "kind",
            json!({ "BOOK": 2, "CLOTHES": 1 }),
        ),
        (
            "where: {book: {genre: [\"history\"]}}",
            "genre",
            json!({ "history": 1, "travel": 1 }),
        ),
        (
            "where: {kind: [BOOK], price: {min: 1200, max: 1300, currency: \"GBP\"}}",
            "price",
            json!({ "1000-1999": 2 }),
        ),
        (
            "where: {price: {currency: \"GBP\"}}",
            "price",
            json!({ "1000-1999": 2, "5000-9999": 1, "20000-49999": 1, "50000-99999": 1 }),
        ),
        ("first: 1", "size", json!({ "S": 1, "M": 1 })),
        ("first: 1", "storage_gb", json!({ "512": 1, "128": 1 })),
        ("first: 1", "network", json!({ "5G": 1 })),
        (
            "first: 1",
            "author",
            json!({ "Hanna Voss": 1, "J. M. Ferris": 1 }),
        ),
        ("first: 1", "warranty_months", json!({ "24": 1 })),
        ("first: 1", "brand", json!({ "Lumière": 5 })),
        ("first: 1", "category", json!({ "Books": 5 })),
        ("first: 1", "rating", json!({})),
        ("first: 1", "no_such_thing", json!({})),
        ("first: 1", "price", json!({})),
    ] {
        assert_eq!(facet(&shop, arguments, code).await, counts, "{arguments} {code}");
    }
    // What a facet promises is what choosing the value finds.
    for (value, count) in facet(&shop, "first: 5", "kind").await.as_object().unwrap() {
        let query = format!("{{ productSearch(where: {{kind: [{value}]}}) {{ totalCount }} }}");
        let found = shop.run(&anonymous(), &query, json!({})).await;
        assert_eq!(found["productSearch"]["totalCount"], *count);
    }
    let labels = "{ productSearch(facets: [\"warranty_months\", \"os\", \"x\"]) { facets { label } } }";
    assert_eq!(
        shop.run(&anonymous(), labels, json!({})).await["productSearch"]["facets"],
        json!([{ "label": "Warranty" }, { "label": "Operating system" }, { "label": "x" }])
    );
}

#[tokio::test]
async fn a_page_with_facets_is_a_fixed_number_of_statements() {
    let shop = stocked().await;
    telemetry::init(telemetry::LogFormat::Text, "off", true, None);
    let query =
        "{ productSearch(query: \"lumiere\", where: {kind: [BOOK], price: {max: 9999, currency: \"GBP\"}},
        facets: [\"kind\", \"brand\", \"author\", \"genre\", \"price\", \"warranty_months\"]) {
        nodes { name } facets { code values { value count } } } }";
    let trace = RequestTrace::from_header(None);
    let statements = trace.scope(async {
        shop.run(&anonymous(), query, json!({})).await;
        telemetry::statements()
    });
    // The text, the hits, their products, all facets.
    assert_eq!(statements.await, 4);
}
