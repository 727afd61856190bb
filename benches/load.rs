//! Load on a running shop: `make bench`. Ratios within one run are what counts; rates belong to the machine.
//!
//! The limit of the product page is the SQL it needs, run by the same driver over the same rows.

use agora::{client::Client, postgres::Cluster, state::DataDir};
use anyhow::{Context, Result, ensure};
use clap::Parser;
use serde_json::{Value, json};
use sqlx::{PgPool, Row, postgres::PgPoolOptions};
use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use uuid::Uuid;

/// Measures a running shop.
#[derive(Parser)]
struct Options {
    /// Port of its router
    #[arg(long, default_value_t = 4000)]
    port: u16,
    /// Its data folder
    #[arg(long, default_value = ".agora")]
    data: PathBuf,
    /// Requests under way at once
    #[arg(long, default_value_t = 8)]
    concurrency: usize,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Rounds; the median counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Cargo passes it
    #[arg(long, hide = true)]
    bench: bool,
}

const PAGE: &str = "query Page { products(first: 20) { nodes { id name slug
    vendor { id displayName } priceRange { min { amount currency } max { amount currency } } rating { average count }
    variants { id sku name price(currency: \"GBP\") { amount currency } availability { state maxOrderable } } } } }";

/// One line of the report.
#[derive(Debug, Clone, Copy)]
struct Measured {
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    /// Of router, services and database together.
    cpu_ms: f64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let graph = Client::new(format!("http://127.0.0.1:{}/graphql", options.port))?;
    let page = graph.run(PAGE, json!({})).await?;
    let rows = page["products"]["nodes"].as_array().map_or(0, Vec::len);
    ensure!(rows == 20, "the shop shows {rows} products; seed it first");
    let pool = database(&options).await?;
    let ids = ids(&page)?;

    let names = ["page through the router", "the page's SQL alone", "checkout"];
    let mut measured: [Vec<Measured>; 3] = Default::default();
    for round in 1..=options.rounds {
        eprintln!("round {round} of {}", options.rounds);
        measured[0].push(measure(&options, || page_once(graph.clone())).await?);
        measured[1].push(measure(&options, || sql_once(pool.clone(), ids.clone())).await?);
        let buyers = Arc::new(Buyers::prepare(&graph, options.concurrency).await?);
        measured[2].push(measure(&options, || Buyers::checkout(buyers.clone())).await?);
    }
    println!(
        "{:<26} {:>10} {:>10} {:>10} {:>16}",
        "", "per s", "p50 ms", "p99 ms", "CPU ms each"
    );
    for (name, rounds) in names.iter().zip(&measured) {
        let m = median(rounds);
        println!(
            "{name:<26} {:>10.0} {:>10.2} {:>10.2} {:>16.2}",
            m.per_second, m.p50_ms, m.p99_ms, m.cpu_ms
        );
    }
    let (page, sql) = (median(&measured[0]), median(&measured[1]));
    println!(
        "\nThe page costs {:.2} times the CPU of its SQL.",
        page.cpu_ms / sql.cpu_ms
    );
    Ok(())
}

/// By CPU: it repeats.
fn median(rounds: &[Measured]) -> Measured {
    let mut rounds = rounds.to_vec();
    rounds.sort_by(|a, b| a.cpu_ms.total_cmp(&b.cpu_ms));
    rounds[rounds.len() / 2]
}

/// Runs `work` from as many tasks as there are to be requests under way, for as long as asked.
async fn measure<F, Fut>(options: &Options, work: F) -> Result<Measured>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<()>> + Send + 'static,
{
    for _ in 0..20 {
        work().await?;
    }
    let (cpu, started) = (cpu_ms()?, Instant::now());
    let deadline = started + Duration::from_secs(options.seconds);
    let mut latencies = Vec::new();
    let mut running = tokio::task::JoinSet::new();
    let timed = |work: Fut| async move {
        let began = Instant::now();
        work.await.map(|()| began.elapsed())
    };
    for _ in 0..options.concurrency {
        running.spawn(timed(work()));
    }
    while let Some(done) = running.join_next().await {
        latencies.push(done??);
        if Instant::now() < deadline {
            running.spawn(timed(work()));
        }
    }
    let (elapsed, cpu) = (started.elapsed(), cpu_ms()? - cpu);
    latencies.sort_unstable();
    let at = |percent: usize| latencies[(latencies.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    Ok(Measured {
        per_second: latencies.len() as f64 / elapsed.as_secs_f64(),
        p50_ms: at(50),
        p99_ms: at(99),
        cpu_ms: cpu / latencies.len() as f64,
    })
}

/// CPU time so far of all routers, services and database servers on this machine, milliseconds.
fn cpu_ms() -> Result<f64> {
    let mut ticks = 0;
    for process in fs::read_dir("/proc")
        .context("CPU time is read from /proc")?
        .flatten()
    {
        let Ok(stat) = fs::read_to_string(process.path().join("stat")) else {
            continue;
        };
        let Some((head, tail)) = stat.rsplit_once(')') else {
            continue;
        };
        let name = head.split_once('(').map_or("", |(_, name)| name);
        if ["agora", "agora-router", "postgres", "redis-server"].contains(&name) {
            let fields: Vec<&str> = tail.split_whitespace().collect();
            ticks += fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
        }
    }
    // Linux counts in hundredths of a second.
    Ok(ticks as f64 * 10.0)
}

async fn page_once(graph: Client) -> Result<()> {
    graph.run(PAGE, json!({})).await.map(drop)
}

async fn database(options: &Options) -> Result<PgPool> {
    let data = DataDir::open(&options.data)?;
    let cluster = Cluster::prepare(data.path(), &data.secrets()?.database, None)?;
    let connections = u32::try_from(options.concurrency)?;
    Ok(PgPoolOptions::new()
        .max_connections(connections)
        .connect(&cluster.url())
        .await?)
}

/// What the page's statements are bound to.
#[derive(Clone)]
struct Ids {
    variants: Arc<Vec<Uuid>>,
    vendors: Arc<Vec<Uuid>>,
}

fn ids(page: &Value) -> Result<Ids> {
    let uuid = |id: &Value| {
        id.as_str()
            .and_then(|id| Uuid::parse_str(id.split_once('_')?.1).ok())
            .context("an ID")
    };
    let (mut variants, mut vendors) = (Vec::new(), Vec::new());
    for product in page["products"]["nodes"].as_array().into_iter().flatten() {
        vendors.push(uuid(&product["vendor"]["id"])?);
        for variant in product["variants"].as_array().into_iter().flatten() {
            variants.push(uuid(&variant["id"])?);
        }
    }
    Ok(Ids {
        variants: Arc::new(variants),
        vendors: Arc::new(vendors),
    })
}

/// The rows of the page, by the statements it needs at least.
async fn sql_once(pool: PgPool, ids: Ids) -> Result<()> {
    let products = sqlx::query(
        "select * from products.products where visible order by created_at desc, id desc limit 21",
    )
    .fetch_all(&pool)
    .await?;
    let products: Vec<Uuid> = products.iter().map(|row| row.get("id")).collect();
    sqlx::query("select * from products.variants where product_id = any($1)")
        .bind(&products)
        .fetch_all(&pool)
        .await?;
    sqlx::query("select * from products.price_ranges where product_id = any($1)")
        .bind(&products)
        .fetch_all(&pool)
        .await?;
    sqlx::query("select * from products.variant_prices where variant_id = any($1)")
        .bind(&*ids.variants)
        .fetch_all(&pool)
        .await?;
    sqlx::query("select * from users.vendors where id = any($1)")
        .bind(&*ids.vendors)
        .fetch_all(&pool)
        .await?;
    sqlx::query("select * from inventory.stock_levels where variant_id = any($1)")
        .bind(&*ids.variants)
        .fetch_all(&pool)
        .await?;
    Ok(())
}

/// Guests, each with a session of their own.
struct Buyers {
    guests: Vec<Client>,
    variant: Value,
    next: AtomicUsize,
}

impl Buyers {
    async fn prepare(graph: &Client, count: usize) -> Result<Self> {
        let session = "mutation { guestSessionCreate { tokens { accessToken } userErrors { message } } }";
        let mut guests = Vec::new();
        for _ in 0..count * 50 {
            let data = graph.run(session, json!({})).await?;
            let token = data["guestSessionCreate"]["tokens"]["accessToken"]
                .as_str()
                .context("a token")?;
            guests.push(graph.with_token(token));
        }
        let found = graph
            .run(
                "{ product(by: {sku: \"GIFT-001\"}) { variants { id } } }",
                json!({}),
            )
            .await?;
        let variant = found["product"]["variants"][0]["id"].clone();
        let member = graph.login("books@agora.example", agora::seed::PASSWORD).await?;
        let query = "{ warehouses { id } }";
        let warehouse = member.run(query, json!({})).await?["warehouses"][0]["id"].clone();
        let receive = "mutation($changes: [StockAdjustInput!]!, $key: ID!) {
            stockAdjust(changes: $changes, reason: \"benchmark\", idempotencyKey: $key) { userErrors { code message } } }";
        let change = json!([{ "variantId": variant, "warehouseId": warehouse, "delta": 100_000 }]);
        member
            .run(receive, json!({ "changes": change, "key": Uuid::now_v7() }))
            .await?;
        Ok(Self {
            guests,
            variant,
            next: AtomicUsize::new(0),
        })
    }

    /// Cart, address, delivery, quote, checkout: up to the point where the customer pays.
    async fn checkout(self: Arc<Self>) -> Result<()> {
        let guest = &self.guests[self.next.fetch_add(1, Ordering::Relaxed) % self.guests.len()];
        let run = async |query: &str, variables: Value| guest.run(query, variables).await;
        let cart = run(
            "mutation { cartCreate(currency: \"GBP\") { cart { id } userErrors { message } } }",
            json!({}),
        )
        .await?["cartCreate"]["cart"]["id"]
            .clone();
        let add = "mutation($cart: ID!, $lines: [CartLineInput!]!) {
            cartLinesAdd(cartId: $cart, lines: $lines) { cart { version } userErrors { message } } }";
        let lines = json!([{ "variantId": self.variant, "quantity": 1 }]);
        let added = run(add, json!({ "cart": cart, "lines": lines })).await?;
        let address = json!({ "fullName": "B", "line1": "1 Quay", "city": "Bristol", "postalCode": "BS1 4DB", "country": "GB" });
        let set = "mutation($cart: ID!, $address: AddressInput!, $version: Int!) {
            cartAddressesSet(cartId: $cart, shipping: $address, billing: $address, expectedVersion: $version) {
                cart { version deliveryOptions { vendor { id } method { id } } } userErrors { message } } }";
        let version = &added["cartLinesAdd"]["cart"]["version"];
        let set = run(
            set,
            json!({ "cart": cart, "address": address, "version": version }),
        )
        .await?["cartAddressesSet"]["cart"]
            .take();
        let option = &set["deliveryOptions"][0];
        let select = "mutation($cart: ID!, $selections: [DeliverySelectionInput!]!, $version: Int!) {
            cartDeliverySelect(cartId: $cart, selections: $selections, expectedVersion: $version) { userErrors { message } } }";
        let selections = json!([{ "vendorId": option["vendor"]["id"], "methodId": option["method"]["id"] }]);
        run(
            select,
            json!({ "cart": cart, "selections": selections, "version": set["version"] }),
        )
        .await?;
        let quote = "mutation($cart: ID!) { cartQuote(cartId: $cart) { cart { version quote { id hash } } userErrors { message } } }";
        let quoted = run(quote, json!({ "cart": cart })).await?["cartQuote"]["cart"].take();
        let complete = "mutation($input: CheckoutInput!) { checkoutComplete(input: $input) { order { id } userErrors { message } } }";
        let input = json!({
            "cartId": cart, "expectedCartVersion": quoted["version"], "quoteId": quoted["quote"]["id"],
            "quoteHash": quoted["quote"]["hash"], "provider": "stripe", "idempotencyKey": Uuid::now_v7()
        });
        let placed = run(complete, json!({ "input": input })).await?;
        ensure!(placed["checkoutComplete"]["order"]["id"].is_string(), "no order");
        Ok(())
    }
}
