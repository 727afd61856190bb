//! Lists, filters, search, facets, cursors, and what a page costs.

use super::{Shop, anonymous};
use platform::telemetry::{self, RequestTrace};
use serde_json::{Value, json};

/// Two books, a laptop, a shirt and a phone of one brand, on sale and indexed.
pub(super) async fn stocked() -> Shop {
    let shop = Shop::open().await;
    let book = |name: &str, author: &str, genre: &str, year: i32| {
        let mut input = shop.generic(name);
        input["kind"] = json!("BOOK");
        input["details"] = json!({ "book": { "isbn13": "9780306406157", "authors": [author], "genres": [genre],
            "format": "PAPERBACK", "publishedOn": format!("{year}-03-14"), "language": "en" } });
        input
    };
    shop.sell(
        book("The Clockmaker's Ledger", "J. M. Ferris", "history", 2020),
        "BOOK-1",
        1099,
    )
    .await;
    shop.sell(
        book("Café at Night", "Hanna Voss", "travel", 2024),
        "BOOK-2",
        1299,
    )
    .await;
    let mut laptop = shop.generic("Slate 13");
    laptop["kind"] = json!("LAPTOP");
    laptop["details"] = json!({ "laptop": { "cpu": "8-core Arm", "ramGb": 16, "storageGb": 512,
        "storageType": "NVME", "screenInches": 13.3 } });
    laptop["attributes"] = json!([{ "code": "warranty_months", "value": "24" }]);
    shop.sell(laptop, "LAP-1", 99900).await;
    let mut shirt = shop.generic("Overshirt");
    shirt["kind"] = json!("CLOTHES");
    shirt["details"] =
        json!({ "clothes": { "sizes": ["S", "M"], "colors": ["navy"], "material": "cotton" } });
    shop.sell(shirt, "CLO-1", 5400).await;
    let mut phone = shop.generic("Pocket");
    phone["kind"] = json!("MOBILE");
    phone["details"] = json!({ "mobile": { "screenInches": 5.4, "cameraMp": [12.0, 50.0], "storageGb": 128,
        "network": ["5G"] } });
    shop.sell(phone, "MOB-1", 39900).await;
    shop.index().await;
    shop
}

async fn found(shop: &Shop, filter: &str) -> Vec<Value> {
    let query = format!("{{ products(where: {filter}, sort: PRICE_ASC) {{ nodes {{ name }} totalCount }} }}");
    let data = shop.run(&anonymous(), &query, json!({})).await["products"].clone();
    let names: Vec<Value> = data["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["name"].clone())
        .collect();
    assert_eq!(data["totalCount"], names.len());
    // The search index answers the same filters by other columns.
    let query =
        format!("{{ productSearch(where: {filter}, sort: PRICE_ASC) {{ nodes {{ name }} totalCount }} }}");
    let searched = shop.run(&anonymous(), &query, json!({})).await["productSearch"].clone();
    assert_eq!(searched, data, "{filter}");
    names
}

#[tokio::test]
async fn every_filter_finds_its_products() {
    let shop = stocked().await;
    let category = &shop.category;
    let cases = [
        ("{kind: [LAPTOP, MOBILE]}".to_owned(), json!(["Pocket", "Slate 13"])),
        (format!("{{categoryId: {category}, kind: LAPTOP}}"), json!(["Slate 13"])),
        ("{categoryId: \"cat_x\"}".to_owned(), json!([])),
        (format!("{{brandId: [{}], vendorId: [\"{}\"], kind: BOOK}}", shop.brand, shop.vendor), json!(["The Clockmaker's Ledger", "Café at Night"])),
        ("{price: {min: 1100, max: 6000, currency: \"GBP\"}}".to_owned(), json!(["Café at Night", "Overshirt"])),
        ("{price: {currency: \"JPY\"}}".to_owned(), json!([])),
        ("{minRating: 4}".to_owned(), json!([])),
        ("{book: {author: \"ferr\", genre: [\"History\"], publishedYear: {min: 2019, max: 2020}}}".to_owned(), json!(["The Clockmaker's Ledger"])),
        ("{book: {isbn13: \"978-0-306-40615-7\", language: \"en\", format: [PAPERBACK], publishedYear: {min: 2024}}}".to_owned(), json!(["Café at Night"])),
        ("{laptop: {cpu: \"arm\", ramGb: {min: 16}, storageType: [NVME], screenInches: {max: 13.5}}}".to_owned(), json!(["Slate 13"])),
        ("{laptop: {ramGb: {min: 32}}}".to_owned(), json!([])),
        ("{mobile: {cameraMp: {min: 48}, network: [\"5g\"], storageGb: {max: 128}}}".to_owned(), json!(["Pocket"])),
        ("{mobile: {batteryMah: {min: 1}}}".to_owned(), json!([])),
        ("{clothes: {size: [\"m\"], color: [\"navy\"], material: [\"Cotton\"]}}".to_owned(), json!(["Overshirt"])),
        ("{attributes: [{code: \"warranty_months\", range: {min: 12}}]}".to_owned(), json!(["Slate 13"])),
        ("{attributes: [{code: \"warranty_months\", values: [\"36\"]}]}".to_owned(), json!([])),
    ];
    for (filter, names) in cases {
        assert_eq!(json!(found(&shop, &filter).await), names, "{filter}");
    }
}

#[tokio::test]
async fn search_finds_words_typos_and_counts_what_it_found() {
    let shop = stocked().await;
    let search = |text: &'static str| {
        let shop = &shop;
        async move {
            let query =
                "query($q: String!) { productSearch(query: $q, facets: [\"kind\", \"genre\", \"brand\"]) {
                totalCount suggestions nodes { name } facets { code values { value count } } } }";
            shop.run(&anonymous(), query, json!({ "q": text })).await["productSearch"].clone()
        }
    };
    for (text, name) in [
        ("clockmaker", "The Clockmaker's Ledger"),
        ("cafe night", "Café at Night"),
        ("voss", "Café at Night"),
        ("LAP-1", "Slate 13"),
        ("arm laptop OR overshirts", "Overshirt"),
        ("clokmaker", "The Clockmaker's Ledger"),
        ("slaet", "Slate 13"),
        ("\"at night\" -ledger", "Café at Night"),
        ("at", "Café at Night"),
        // No product has both.
        ("clockmaker overshirt", "Overshirt"),
    ] {
        assert_eq!(search(text).await["nodes"][0]["name"], name, "{text}");
    }
    assert_eq!(
        search("clokmaker").await["suggestions"],
        json!(["The Clockmaker's Ledger"])
    );
    let all = search("lumiere").await;
    assert_eq!(all["totalCount"], 5);
    assert_eq!(
        all["facets"][0]["values"],
        json!([{ "value": "BOOK", "count": 2 }, { "value": "CLOTHES", "count": 1 },
        { "value": "LAPTOP", "count": 1 }, { "value": "MOBILE", "count": 1 }])
    );
    assert_eq!(
        all["facets"][2]["values"],
        json!([{ "value": "Lumière", "count": 5 }])
    );
    assert_eq!(search("zzzzqqqq").await["totalCount"], 0);
    let suggest = "{ searchSuggest(prefix: \"cloc\") accents: searchSuggest(prefix: \"cafe\") none: searchSuggest(prefix: \"%\") }";
    let suggested = shop.run(&anonymous(), suggest, json!({})).await;
    assert_eq!(
        suggested,
        json!({ "searchSuggest": ["The Clockmaker's Ledger"], "accents": ["Café at Night"], "none": [] })
    );
}

#[tokio::test]
async fn cursors_walk_every_order_without_gaps() {
    let shop = stocked().await;
    for sort in [
        "RELEVANCE",
        "NEWEST",
        "PRICE_ASC",
        "PRICE_DESC",
        "RATING",
        "BEST_SELLING",
    ] {
        let (mut names, mut after) = (Vec::new(), Value::Null);
        loop {
            let query = format!("query($after: String) {{ productSearch(query: \"lumiere\", first: 2, after: $after, sort: {sort}) {{
                nodes {{ name }} pageInfo {{ hasNextPage endCursor }} }} }}");
            let page =
                shop.run(&anonymous(), &query, json!({ "after": after })).await["productSearch"].clone();
            names.extend(
                page["nodes"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|node| node["name"].to_string()),
            );
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(names.len(), 5, "{sort} {names:?}");
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 5, "{sort}");
        let query = "query($after: String) { products(after: $after, sort: RATING, where: {kind: BOOK}) { nodes { name } } }";
        let foreign = shop.answer(&anonymous(), query, json!({ "after": after })).await;
        assert_eq!(foreign.errors.len(), 1, "a cursor of another list");
    }
}

#[tokio::test]
async fn a_page_costs_the_same_however_long_it_is() {
    let shop = stocked().await;
    telemetry::init(telemetry::LogFormat::Text, "off", true, None);
    let cost = |first: i32| {
        let shop = &shop;
        async move {
            let query = format!("{{ products(first: {first}) {{ nodes {{ name vendor {{ id rating {{ count }} }} category {{ name }} brand {{ name }}
                priceRange {{ min {{ amount }} }} rating {{ count }} variants {{ sku price {{ amount }} }} }} }} }}");
            let trace = RequestTrace::from_header(None);
            trace
                .scope(async {
                    shop.run(&anonymous(), &query, json!({})).await;
                    telemetry::statements()
                })
                .await
        }
    };
    // Products, ratings of vendors, categories, brands, variants, prices.
    assert_eq!((cost(1).await, cost(20).await), (6, 6));
    let nested =
        "{ categories { products(first: 2) { nodes { name reviews(first: 3) { nodes { rating } } } } } }";
    let trace = RequestTrace::from_header(None);
    let statements = trace.scope(async {
        shop.run(&anonymous(), nested, json!({})).await;
        telemetry::statements()
    });
    assert_eq!(statements.await, 3);
}

#[tokio::test]
async fn no_text_is_syntax() {
    let shop = stocked().await;
    let texts = [
        "'",
        "\\",
        "a & | !",
        "(((",
        "foo:*",
        "<->",
        "\"",
        "-",
        "$1",
        "%",
        "''' or 1=1 --",
        ":A",
        "日本",
        "½",
        "-ledger",
    ];
    for text in texts {
        let query =
            "query($q: String!) { productSearch(query: $q) { totalCount } searchSuggest(prefix: $q) }";
        shop.run(&anonymous(), query, json!({ "q": text })).await;
    }
    let suggest = "query($q: String!) { searchSuggest(prefix: $q) }";
    for (text, names) in [
        ("the clockmaker's le", json!(["The Clockmaker's Ledger"])),
        ("ledger", json!(["The Clockmaker's Ledger"])),
        ("clockmaker's  ", json!(["The Clockmaker's Ledger"])),
        ("café n", json!([])),
        ("cafe at N", json!(["Café at Night"])),
    ] {
        let found = shop.run(&anonymous(), suggest, json!({ "q": text })).await;
        assert_eq!(found["searchSuggest"], names, "{text}");
    }
}

#[tokio::test]
async fn pages_stay_in_place_while_others_write() {
    let shop = stocked().await;
    let page = async |after: Value| {
        let query = "query($after: String) {
            productSearch(query: \"lumiere\", first: 2, after: $after, sort: PRICE_ASC) {
                nodes { name } pageInfo { endCursor } } }";
        shop.run(&anonymous(), query, json!({ "after": after })).await["productSearch"].clone()
    };
    let first = page(Value::Null).await;
    let names = json!([{ "name": "The Clockmaker's Ledger" }, { "name": "Café at Night" }]);
    assert_eq!(first["nodes"], names);
    // Cheaper than all: before the cursor, so nothing shifts behind it.
    shop.sell(shop.generic("Bookmark"), "BM-1", 99).await;
    shop.index().await;
    let after = first["pageInfo"]["endCursor"].clone();
    let second = page(after.clone()).await;
    assert_eq!(
        second["nodes"],
        json!([{ "name": "Overshirt" }, { "name": "Pocket" }])
    );
    // Nor does it with a rebuild.
    let rebuild = contracts::products::RebuildSearch { language: None };
    crate::commands::search::rebuild(&shop.deps, rebuild)
        .await
        .unwrap();
    shop.index().await;
    assert_eq!(page(after.clone()).await["nodes"], second["nodes"]);
    let other = "query($after: String) {
        productSearch(query: \"lumiere\", after: $after, where: {kind: [BOOK]}, sort: PRICE_ASC) { totalCount } }";
    let refused = shop.answer(&anonymous(), other, json!({ "after": after })).await;
    let code = refused.errors[0]
        .extensions
        .as_ref()
        .and_then(|e| e.get("code"))
        .cloned();
    assert_eq!(code, Some("BAD_USER_INPUT".into()));
}
