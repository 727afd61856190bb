//! Search over 100,000 products: what a page costs through the schema, and what its SQL costs alone, in turns.
//!
//! `DATABASE_URL=$(scripts/test-db start) cargo bench -p products --bench search`; `SEARCH_PRODUCTS` names another
//! number of products. Ratios within one run are what counts; milliseconds belong to the machine.

use anyhow::{Context, Result};
use async_graphql::{InputType, Request, Variables};
use platform::{Deps, Viewer, ids::CategoryId, testing::TestDb};
use products::{
    Schema,
    domain::filter::ProductWhere,
    search::{self, Ask, Place, indexer},
    store::{
        categories,
        search::{facets, hits},
    },
};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Pages of each kind that are measured.
const ROUNDS: usize = 100;

const PAGE: &str = "query($text: String, $facets: [String!], $where: ProductWhere, $sort: ProductSort, $after: String) {
    productSearch(query: $text, first: 20, facets: $facets, where: $where, sort: $sort, after: $after) {
    nodes { id name slug priceRange { min { amount currency } } rating { average count } } pageInfo { endCursor }
    facets { code label values { value count } } } }";

/// The cursor of a page far away, without what it costs to show it.
const WALK: &str = "query($text: String, $where: ProductWhere, $sort: ProductSort, $after: String) {
    productSearch(query: $text, first: 100, where: $where, sort: $sort, after: $after) { pageInfo { endCursor } } }";

const FACETS: [&str; 6] = ["kind", "category", "brand", "in_stock", "rating", "author"];

/// A kind of page: its name, the text, the filter, the order, and how many hundreds of hits lie before it.
struct Case(
    &'static str,
    Option<&'static str>,
    &'static str,
    &'static str,
    usize,
);

/// Words in a quarter of the products, in some, in few; several words; a typing mistake; everything; pages of categories
/// with filters, orders and far away.
const CASES: [Case; 16] = [
    Case("a common word", Some("steel"), "{}", "RELEVANCE", 0),
    Case("a kind of thing", Some("shirt"), "{}", "RELEVANCE", 0),
    Case("two words", Some("paper shirt"), "{}", "RELEVANCE", 0),
    Case("a brand", Some("lolanor"), "{}", "RELEVANCE", 0),
    Case("a typing mistake", Some("ultrabok"), "{}", "RELEVANCE", 0),
    Case("everything", None, "{}", "NEWEST", 0),
    Case(
        "all in stock",
        None,
        r#"{"inStockOnly": true}"#,
        "BEST_SELLING",
        0,
    ),
    Case(
        "a kind in stock",
        None,
        r#"{"kind": ["BOOK"], "inStockOnly": true}"#,
        "RATING",
        0,
    ),
    Case(
        "a department",
        None,
        r#"{"categoryId": "DEPARTMENT"}"#,
        "BEST_SELLING",
        0,
    ),
    Case(
        "a shelf in stock",
        None,
        r#"{"categoryId": "SHELF", "inStockOnly": true}"#,
        "PRICE_ASC",
        0,
    ),
    Case(
        "memory",
        None,
        r#"{"laptop": {"ramGb": {"min": 16, "max": 32}}}"#,
        "PRICE_ASC",
        0,
    ),
    Case("an author", None, r#"{"book": {"author": "lando"}}"#, "RATING", 0),
    Case(
        "a size",
        None,
        r#"{"clothes": {"size": ["XL"]}, "inStockOnly": true}"#,
        "BEST_SELLING",
        0,
    ),
    Case("a common word, far", Some("steel"), "{}", "RELEVANCE", 40),
    Case("everything, far", None, "{}", "PRICE_DESC", 40),
    Case(
        "a department, far",
        None,
        r#"{"categoryId": "DEPARTMENT"}"#,
        "RATING",
        40,
    ),
];

struct Shop {
    deps: Deps,
    schema: Schema,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Some(products) = products_wanted() else {
        println!("search: skipped, it needs DATABASE_URL of a server in which it may create a database");
        return Ok(());
    };
    let shop = open(&products).await?;
    let facets = FACETS.map(str::to_owned);
    println!(
        "{:<18} {:>8} {:>10} {:>10} {:>10} {:>10}",
        "", "found", "p50 ms", "p99 ms", "SQL p50", "SQL p99"
    );
    for case in &CASES {
        let (look, ask, after) = look(&shop, case).await?;
        let (mut through, mut alone) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS + 5 {
            let (page, sql) = (
                timed(page(&shop, &look)).await?,
                timed(plain(&shop, &ask, after, &facets)).await?,
            );
            // The first ones warm the caches.
            if round >= 5 {
                through.push(page);
                alone.push(sql);
            }
        }
        let found = ok(search::backend(&shop.deps).count(&ask, 1_000_000).await)?;
        let (a, b) = (percentile(&mut through, 50), percentile(&mut through, 99));
        let (c, d) = (percentile(&mut alone, 50), percentile(&mut alone, 99));
        println!(
            "{:<18} {found:>8} {a:>10.1} {b:>10.1} {c:>10.1} {d:>10.1}",
            case.0
        );
    }
    let mut suggestions = Vec::new();
    for prefix in ["s", "sh", "paper s", "ultrab", "zu"].repeat(ROUNDS / 5) {
        let backend = search::backend(&shop.deps);
        suggestions.push(timed(async move { ok(backend.suggest(prefix, 8).await).map(drop) }).await?);
    }
    let [a, b] = [50, 99].map(|percent| percentile(&mut suggestions, percent));
    println!("{:<18} {:>8} {a:>10.1} {b:>10.1}", "suggestions", "");
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "benchmarks have no launcher")]
fn products_wanted() -> Option<String> {
    std::env::var("DATABASE_URL").ok()?;
    Some(std::env::var("SEARCH_PRODUCTS").unwrap_or_else(|_| "100000".to_owned()))
}

/// A database of its own with generated products, indexed.
async fn open(products: &str) -> Result<Shop> {
    let test = TestDb::new(products::NAME, &products::MIGRATOR).await?;
    let deps = test.deps(products::NAME)?;
    let begun = Instant::now();
    let sql = include_str!("catalogue.sql").replace("{products}", products);
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(deps.db.pool())
        .await
        .context("catalogue.sql")?;
    println!(
        "{products} products generated in {:.0} s",
        begun.elapsed().as_secs_f64()
    );
    let begun = Instant::now();
    let backend = search::backend(&deps);
    ok(backend.rebuild(None).await)?;
    while ok(indexer::step(&deps, backend.as_ref()).await)? {}
    println!("indexed in {:.0} s\n", begun.elapsed().as_secs_f64());
    let schema = products::schema(deps.clone(), platform::testing::storage()?);
    Ok(Shop { deps, schema })
}

/// The variables of a page, what they ask the backend, and the place behind which the page begins.
async fn look(shop: &Shop, case: &Case) -> Result<(Value, Ask, Option<Place>)> {
    let Case(_, text, filter, sort, hundreds) = case;
    let category = |number: u128| {
        CategoryId(Uuid::from_u128(
            0x0000_0000_0000_7000_a000_0000_0000_0000 + number,
        ))
    };
    let filter = filter
        .replace("DEPARTMENT", &category(0x5).to_string())
        .replace("SHELF", &category(0x12).to_string());
    let filter: Value = serde_json::from_str(&filter)?;
    let mut look = json!({ "text": text, "facets": FACETS, "where": filter, "sort": sort, "after": null });
    for _ in 0..*hundreds {
        let found = answer(shop, WALK, &look).await?;
        look["after"] = found["productSearch"]["pageInfo"]["endCursor"].clone();
    }
    let backend = search::backend(&shop.deps);
    let filter: ProductWhere = parsed(filter)?;
    let ask = Ask {
        text: match text {
            Some(text) => Some(ok(backend.understand(text).await)?),
            None => None,
        },
        categories: categories::within(shop.deps.db.pool(), &filter).await?,
        filter,
        sort: parsed(json!(sort))?,
    };
    let after = match hundreds {
        0 => None,
        hundreds => {
            let passed = ok(backend.search(&ask, None, *hundreds as i64 * 100).await)?;
            passed.last().map(|hit| (hit.sort_key, hit.id.0))
        }
    };
    Ok((look, ask, after))
}

/// An input as the schema reads it.
fn parsed<T: InputType + std::fmt::Debug>(value: Value) -> Result<T> {
    let value = async_graphql::Value::from_json(value)?;
    T::parse(Some(value)).map_err(|error| anyhow::anyhow!("{error:?}"))
}

async fn answer(shop: &Shop, query: &str, variables: &Value) -> Result<Value> {
    let viewer = Viewer::anonymous();
    let mut request = Request::new(query)
        .variables(Variables::from_json(variables.clone()))
        .data(viewer.clone());
    products::insert_data(&shop.deps, &viewer, &mut request.data);
    let answer = shop.schema.execute(request).await;
    anyhow::ensure!(answer.errors.is_empty(), "{:?}", answer.errors);
    Ok(answer.data.into_json()?)
}

/// A page through the schema.
async fn page(shop: &Shop, look: &Value) -> Result<()> {
    let data = answer(shop, PAGE, look).await?;
    anyhow::ensure!(data["productSearch"]["nodes"][0].is_object(), "nothing found");
    Ok(())
}

/// Its two statements alone.
async fn plain(shop: &Shop, ask: &Ask, after: Option<Place>, codes: &[String]) -> Result<()> {
    let db = shop.deps.db.pool();
    hits::statement("", ask, after, 21)
        .build()
        .persistent(false)
        .fetch_all(db)
        .await?;
    facets::statement("", ask, codes)
        .build()
        .persistent(false)
        .fetch_all(db)
        .await?;
    Ok(())
}

fn ok<T>(answer: Result<T, platform::Error>) -> Result<T> {
    answer.map_err(|error| anyhow::anyhow!(error.describe()))
}

async fn timed(work: impl Future<Output = Result<()>>) -> Result<Duration> {
    let begun = Instant::now();
    work.await?;
    Ok(begun.elapsed())
}

/// Milliseconds.
fn percentile(times: &mut [Duration], percent: usize) -> f64 {
    times.sort_unstable();
    let index = (times.len() * percent / 100).min(times.len() - 1);
    times[index].as_secs_f64() * 1000.0
}
