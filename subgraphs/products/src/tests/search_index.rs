//! The search index: what changes it, how it is rebuilt, and plans over many products.

use super::{Shop, anonymous};
use crate::{
    commands,
    domain::{
        details::ProductKind,
        filter::{BookFilter, ProductSort, ProductWhere},
    },
    search::{self, Ask, IndexStatus},
    store,
};
use contracts::products::{RebuildSearch, SetSynonyms};
use platform::{
    Moment,
    ids::{CategoryId, ProductId},
};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

async fn names(shop: &Shop, text: &str) -> Value {
    let query = "query($q: String!) { productSearch(query: $q) { nodes { name } } }";
    let found = shop.run(&anonymous(), query, json!({ "q": text })).await;
    let nodes = found["productSearch"]["nodes"].as_array().unwrap().clone();
    nodes.into_iter().map(|node| node["name"].clone()).collect()
}

async fn status(shop: &Shop) -> IndexStatus {
    search::backend(&shop.deps).status().await.unwrap()
}

#[tokio::test]
async fn the_index_follows_every_change() {
    let shop = Shop::open().await;
    let lamp = shop.sell(shop.generic("Harbour Lamp"), "HAR-1", 2000).await;
    let vase = shop.sell(shop.generic("Tall Vase"), "VAS-1", 3000).await;
    assert_eq!(names(&shop, "lamp").await, json!([]), "not indexed yet");
    shop.index().await;
    assert_eq!(names(&shop, "lamp").await, json!(["Harbour Lamp"]));
    // The brand's name is a word of its products.
    let rename = format!(
        "brandUpsert(id: {}, name: \"Obsidian\", slug: \"lumiere\")",
        shop.brand
    );
    assert_eq!(
        shop.mutate(&shop.staff, &rename, "").await["userErrors"],
        json!([])
    );
    shop.index().await;
    assert_eq!(names(&shop, "obsidian lamp").await, json!(["Harbour Lamp"]));
    assert_eq!(names(&shop, "lumiere").await, json!([]));
    // What was sold counts for the order.
    let id = |product: &Value| ProductId::parse(product["id"].as_str().unwrap()).unwrap();
    let mut tx = shop.deps.db.begin(Moment::LIVE).await.unwrap();
    store::products::add_sold(&mut tx, &[id(&lamp).0], &[7])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    shop.index().await;
    let best = "{ productSearch(sort: BEST_SELLING) { nodes { name } } }";
    let best = shop.run(&anonymous(), best, json!({})).await;
    assert_eq!(
        best["productSearch"]["nodes"],
        json!([{ "name": "Harbour Lamp" }, { "name": "Tall Vase" }])
    );
    // A product off sale is not shown even before the indexer has seen it.
    let off = format!("productUnpublish(id: {})", vase["id"]);
    assert_eq!(shop.mutate(&shop.member, &off, "").await["userErrors"], json!([]));
    assert_eq!(names(&shop, "vase").await, json!([]));
    shop.index().await;
    assert_eq!(
        (status(&shop).await.documents, status(&shop).await.queued),
        (1, 0)
    );
    assert_eq!(
        shop.sql("select count(*) from products.search_documents").await,
        1
    );
}

#[tokio::test]
async fn a_rebuild_goes_on_where_it_stopped_while_searches_are_answered() {
    let shop = Shop::open().await;
    for (name, sku) in [("Läufer", "L-1"), ("Laufen", "L-2")] {
        shop.sell(shop.generic(name), sku, 100).await;
    }
    shop.index().await;
    let rebuild = |language: Option<&str>| {
        let ask = RebuildSearch {
            language: language.map(str::to_owned),
        };
        commands::search::rebuild(&shop.deps, ask)
    };
    assert!(rebuild(Some("klingon")).await.is_err());
    assert!(rebuild(Some("german")).await.unwrap());
    assert!(!rebuild(None).await.unwrap(), "one at a time");
    let mut steps = 0;
    // Each step has a backend of its own, like a process that was started anew.
    while search::backend(&shop.deps).rebuild_step().await.unwrap() {
        let found = names(&shop, "läufer").await;
        assert!(
            found.as_array().unwrap().contains(&json!("Läufer")),
            "step {steps}: {found}"
        );
        if status(&shop).await.rebuilding == Some(2) {
            // The rebuild has passed its place.
            shop.sell(shop.generic("Läufer zwei"), "L-3", 100).await;
        }
        steps += 1;
        assert!(steps < 20);
    }
    assert_eq!(
        shop.sql("select count(*) from products.products where visible")
            .await,
        3
    );
    shop.index().await;
    let now = status(&shop).await;
    assert_eq!(
        (now.language.as_str(), now.rebuilding, now.queued),
        ("german", None, 0)
    );
    assert_eq!(
        now.documents,
        shop.sql("select count(*) from products.products where visible")
            .await
    );
    // German endings, which an English index would not take off.
    assert_eq!(names(&shop, "laufens").await.as_array().unwrap().len(), 3);
    assert_eq!(
        shop.sql("select count(*) from products.search_documents").await,
        now.documents,
        "the old generation is emptied"
    );
    assert!(rebuild(None).await.unwrap());
}

#[tokio::test]
async fn synonyms_are_data() {
    let shop = Shop::open().await;
    shop.sell(shop.generic("Folding Torch"), "TOR-1", 100).await;
    shop.sell(shop.generic("Plain Mug"), "MUG-1", 100).await;
    shop.index().await;
    let set = async |group: &[&str]| {
        let groups = vec![group.iter().map(|word| (*word).to_owned()).collect()];
        commands::search::set_synonyms(&shop.deps, Moment::LIVE, SetSynonyms { groups }).await
    };
    assert_eq!(set(&["torch", "Flash Light", "Lámpe"]).await.unwrap(), 6);
    for text in ["flash light", "folding flash light", "lampe", "\"flash light\""] {
        assert_eq!(names(&shop, text).await, json!(["Folding Torch"]), "{text}");
    }
    assert_eq!(
        names(&shop, "torch -lampe").await,
        json!(["Folding Torch"]),
        "only what is wanted has synonyms"
    );
    assert!(set(&["alone"]).await.is_err());
}

/// A shop with `products` generated products, indexed; `seed` makes it another one.
pub(super) async fn generated(products: &str, seed: u64) -> Shop {
    let shop = Shop::open().await;
    let sql = include_str!("../../benches/catalogue.sql")
        .replace("{products}", products)
        .replace("setseed(0.42)", &format!("setseed(0.{seed})"));
    let mut db = shop.deps.db.pool().acquire().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *db).await.unwrap();
    commands::search::rebuild(&shop.deps, RebuildSearch { language: None })
        .await
        .unwrap();
    shop.index().await;
    shop
}

/// The nodes of a plan, with the tables they read.
fn nodes(plan: &Value, found: &mut Vec<(String, String)>) {
    // A generation that is not searched is planned and never read.
    if plan["Actual Loops"].as_f64().is_some_and(|loops| loops > 0.0) {
        let text = |field: &str| plan[field].as_str().unwrap_or_default().to_owned();
        let table = [text("Relation Name"), text("Index Name")].concat();
        found.push((text("Node Type"), table));
    }
    plan["Plans"]
        .as_array()
        .into_iter()
        .flatten()
        .for_each(|child| nodes(child, found));
}

async fn plan(shop: &Shop, mut statement: sqlx::QueryBuilder<sqlx::Postgres>) -> Vec<(String, String)> {
    let pool = shop.deps.db.pool();
    let plan: Value = statement.build_query_scalar().fetch_one(pool).await.unwrap();
    let mut found = Vec::new();
    nodes(&plan[0]["Plan"], &mut found);
    found
}

#[tokio::test]
async fn plans_use_the_indexes() {
    const EXPLAIN: &str = "explain (analyze, format json) ";
    let shop = generated("10000", 42).await;
    let backend = search::backend(&shop.deps);
    let all = ProductWhere::default;
    let isbn = ProductWhere {
        book: Some(BookFilter {
            isbn13: Some("9780306406157".to_owned()),
            ..Default::default()
        }),
        ..all()
    };
    let stocked = ProductWhere {
        kind: Some(vec![ProductKind::Book]),
        in_stock_only: Some(true),
        ..all()
    };
    let codes = ["kind", "brand", "author", "size", "price", "energy_class"].map(str::to_owned);
    for filter in [all(), stocked] {
        let (text, sort, categories) = (None, ProductSort::Newest, Vec::new());
        let ask = Ask {
            text,
            filter,
            categories,
            sort,
        };
        let counted = plan(&shop, store::search::facets::statement(EXPLAIN, &ask, &codes)).await;
        let reads = |name| counted.iter().any(|(_, table)| table.starts_with(name));
        assert!(
            reads("search_counts") && !reads("search_documents"),
            "{counted:?}"
        );
    }
    let shelf = ProductWhere {
        category_id: Some(
            CategoryId("00000000-0000-7000-a000-000000000012".parse().unwrap())
                .to_string()
                .into(),
        ),
        in_stock_only: Some(true),
        ..all()
    };
    let cases = [
        (Some("ultrabook"), ProductSort::Rating, all(), "rating_id_idx"),
        (Some("paper scarf"), ProductSort::Relevance, all(), "search_idx"),
        (
            Some("\"paper scarf\""),
            ProductSort::PriceAsc,
            all(),
            "search_idx",
        ),
        (None, ProductSort::Newest, all(), "created_id_idx"),
        (None, ProductSort::PriceAsc, all(), "min_price_id_idx"),
        (None, ProductSort::PriceDesc, all(), "min_price_id_idx"),
        (None, ProductSort::Rating, all(), "rating_id_idx"),
        (None, ProductSort::BestSelling, all(), "sold_id_idx"),
        (None, ProductSort::Newest, isbn, "terms_idx"),
        (None, ProductSort::Newest, shelf, "category_id_created_id_idx"),
    ];
    for (text, sort, filter, index) in cases {
        let text = match text {
            Some(text) => Some(backend.understand(text).await.unwrap()),
            None => None,
        };
        let categories = store::categories::within(shop.deps.db.pool(), &filter)
            .await
            .unwrap();
        let ask = Ask {
            text,
            filter,
            categories,
            sort,
        };
        let mut plans = vec![plan(&shop, store::search::hits::statement(EXPLAIN, &ask, None, 21)).await];
        // Without a condition, facets are about everything.
        if ["search_idx", "terms_idx", "category_id_created_id_idx"].contains(&index) {
            plans.push(plan(&shop, store::search::facets::statement(EXPLAIN, &ask, &codes)).await);
        }
        for plan in plans {
            let mut documents = plan
                .iter()
                .filter(|(_, table)| table.starts_with("search_documents"));
            let scan = documents.find(|(node, _)| node.ends_with("Seq Scan"));
            assert_eq!(scan, None, "{ask:?}: {plan:?}");
            let used = plan.iter().any(|(_, table)| table.ends_with(index));
            assert!(used, "{ask:?}: {plan:?}");
        }
    }
}
