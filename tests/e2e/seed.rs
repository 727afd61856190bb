//! `agora seed`: the same shop, however often it is begun.

use crate::support::{
    QUIET, Shop,
    process::{AGORA, Up, agora},
};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

/// What a shop consists of, told without IDs.
async fn contents(shop: &Shop) -> Value {
    let staff = shop.login("staff").await;
    let products = "query($after: String) { products(first: 100, after: $after, sort: NEWEST) {
        nodes { slug name rating { average count histogram } variants { sku price { amount } } }
        pageInfo { hasNextPage endCursor } } }";
    let (mut all, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = staff.run(products, json!({ "after": after })).await.unwrap()["products"].take();
        all.extend(page["nodes"].as_array().unwrap().iter().cloned());
        if page["pageInfo"]["hasNextPage"] != true {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    all.sort_by_key(|product| product["slug"].as_str().map(str::to_owned));
    let rest = "{ customers(first: 1) { totalCount } orders(first: 1) { totalCount }
        reviewModerationQueue(first: 100) { nodes { rating title body product { slug } } } }";
    json!({ "products": all, "rest": staff.run(rest, json!({})).await.unwrap() })
}

/// Seeds until it writes a line that begins like this, and then kills the process.
fn seed_until(shop: &Shop, line: &str) {
    let mut child = Command::new(AGORA)
        .args(["seed", "--port", &shop.port.to_string(), "--data"])
        .arg(&shop.data)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(
        lines
            .by_ref()
            .map_while(Result::ok)
            .any(|found| found.starts_with(line)),
        "{line}"
    );
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_that_was_interrupted_and_repeated_ends_in_the_same_shop() {
    let _quiet = QUIET.read().await;
    let up = Up::start("seed", &[]).unwrap();
    let shop = up.shop();
    for line in ["stock", "reviews", "opinions"] {
        seed_until(&shop, line);
    }
    let (port, data) = (shop.port.to_string(), shop.data.to_str().unwrap().to_owned());
    let seed = ["seed", "--port", &port, "--data", &data];
    let mut known = Value::Null;
    for round in 0..2 {
        let (ok, output) = agora(&seed);
        assert!(ok, "{output}");
        let contents = contents(&shop).await;
        if round == 0 {
            let products = contents["products"].as_array().unwrap();
            assert!(products.len() > 300);
            let reviews: i64 = products
                .iter()
                .filter_map(|p| p["rating"]["count"].as_i64())
                .sum();
            assert!((2500..4000).contains(&reviews), "{reviews}");
            known = contents;
        } else {
            assert_eq!(known, contents);
        }
    }
    reviews_are_verified_by_the_orders(&shop).await;
    let (ok, output) = agora(&["doctor", "--data", &data]);
    assert!(ok, "{output}");
    up.stop();
}

/// A file names an order that has delivered one product and not the other, and a customer.
async fn reviews_are_verified_by_the_orders(shop: &Shop) {
    let staff = shop.login("staff").await;
    let orders = "{ orders(first: 100) { nodes { number status customer { id }
        vendorOrders { lines { variant { product { slug } } } } } } }";
    let found = staff.run(orders, json!({})).await.unwrap();
    let nodes = found["orders"]["nodes"].as_array().unwrap();
    let order = nodes.iter().find(|order| order["status"] == "DELIVERED").unwrap();
    let bought = &order["vendorOrders"][0]["lines"][0]["variant"]["product"]["slug"];
    let line = |key: &str, product: &Value, customer: Value| {
        json!({ "key": key, "product": product, "rating": 5, "createdAt": "2024-01-01", "order": order["number"],
            "customer": customer, "author": "E2E" })
    };
    let stranger = "cus_019a0000000070008000000000000000";
    let file = [
        line("bought", bought, Value::Null),
        line("not bought", &json!("brass-desk-lamp"), Value::Null),
        line("stranger", &json!("enamel-mug"), json!(stranger)),
        line("known", &json!("beeswax-candle"), order["customer"]["id"].clone()),
    ];
    let content = file.map(|line| line.to_string()).join("\n");
    let create = "mutation($content: String!) {
        reviewImportCreate(format: JSONL, publish: true, content: $content, idempotencyKey: \"e2e\") {
            catalogImport { id } userErrors { code message } } }";
    let made = staff.run(create, json!({ "content": content })).await.unwrap();
    let id = &made["reviewImportCreate"]["catalogImport"]["id"];
    let query = "query($id: ID!) { catalogImport(id: $id) { status lines { nodes { status errors { code }
        review { verifiedPurchase authorName author { id } } } } } }";
    let mut import = Value::Null;
    for _ in 0..200 {
        import = staff.run(query, json!({ "id": id })).await.unwrap()["catalogImport"].take();
        if import["status"] == "COMPLETED" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let lines = import["lines"]["nodes"].as_array().unwrap();
    let verified: Vec<&Value> = lines
        .iter()
        .map(|line| &line["review"]["verifiedPurchase"])
        .collect();
    assert_eq!(
        verified,
        [&json!(true), &json!(false), &Value::Null, &json!(false)],
        "{import}"
    );
    assert_eq!(lines[2]["errors"][0]["code"], "NOT_FOUND");
    assert_eq!(lines[3]["review"]["author"]["id"], order["customer"]["id"]);
}
