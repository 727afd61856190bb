//! Search over 100,000 products: what a page costs through the schema, and what its SQL costs alone, in turns.
//!
//! `DATABASE_URL=$(scripts/test-db start) cargo bench -p products --bench search`; `SEARCH_PRODUCTS` names another
//! number of products. Ratios within one run are what counts; milliseconds belong to the machine.

use anyhow::{Context, Result};
use async_graphql::{Request, Variables};
use platform::{Deps, Viewer, testing::TestDb};
use products::{
    Schema,
    domain::filter::{ProductSort, ProductWhere},
    search::{self, Ask, indexer},
    store::search::{facets, hits},
};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use std::time::{Duration, Instant};

/// Pages of each kind that are measured.
const ROUNDS: usize = 100;

const PAGE: &str = "query($text: String, $facets: [String!]) { productSearch(query: $text, first: 20, facets: $facets) {
    nodes { id name slug priceRange { min { amount currency } } rating { average count } } pageInfo { endCursor }
    facets { code label values { value count } } } }";

const FACETS: [&str; 6] = ["kind", "category", "brand", "in_stock", "rating", "author"];

/// What is looked for: a word in a quarter of the products, in some, in few; several words; a typing mistake; nothing.
const TEXTS: [(&str, Option<&str>); 6] = [
    ("a common word", Some("steel")),
    ("a kind of thing", Some("shirt")),
    ("two words", Some("paper shirt")),
    ("a brand", Some("lolanor")),
    ("a typing mistake", Some("ultrabok")),
    ("everything", None),
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
    for (name, text) in TEXTS {
        let ask = ask(&shop, text).await?;
        let (mut through, mut alone) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS + 5 {
            let (page, sql) = (
                timed(page(&shop, text)).await?,
                timed(plain(&shop, &ask, &facets)).await?,
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
        println!("{name:<18} {found:>8} {a:>10.1} {b:>10.1} {c:>10.1} {d:>10.1}");
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

async fn ask(shop: &Shop, text: Option<&str>) -> Result<Ask> {
    let backend = search::backend(&shop.deps);
    Ok(Ask {
        text: match text {
            Some(text) => Some(ok(backend.understand(text).await)?),
            None => None,
        },
        filter: ProductWhere::default(),
        sort: if text.is_some() {
            ProductSort::Relevance
        } else {
            ProductSort::Newest
        },
    })
}

/// A page through the schema.
async fn page(shop: &Shop, text: Option<&str>) -> Result<()> {
    let viewer = Viewer::anonymous();
    let variables = Variables::from_json(json!({ "text": text, "facets": FACETS }));
    let mut request = Request::new(PAGE).variables(variables).data(viewer.clone());
    products::insert_data(&shop.deps, &viewer, &mut request.data);
    let answer = shop.schema.execute(request).await;
    anyhow::ensure!(answer.errors.is_empty(), "{:?}", answer.errors);
    let data: Value = answer.data.into_json()?;
    anyhow::ensure!(data["productSearch"]["nodes"][0].is_object(), "nothing found");
    Ok(())
}

/// Its two statements alone.
async fn plain(shop: &Shop, ask: &Ask, codes: &[String]) -> Result<()> {
    let db = shop.deps.db.pool();
    hits::statement("", ask, None, 21)
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
