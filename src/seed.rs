//! `agora seed`: a believable shop, built through the public operations. Each step looks first, so a repeated or
//! interrupted seed ends in the same shop. `agora up` makes the small beginning of it.

use crate::{client::Client, serve::Shared};
use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use logins::Logins;
use platform::Role;
use serde_json::{Value, json};
use std::io::IsTerminal;

mod bulk;
mod catalogue;
mod dice;
mod generated;
mod history;
mod logins;
mod opinions;
mod people;
mod pictures;
mod shopping;
mod size;
mod stock;

pub use shopping::Provider;
use size::Size;

/// Password of all seeded logins.
pub const PASSWORD: &str = "agora-demo-2026";

/// Role and email of the seeded logins.
pub const LOGINS: [(&str, &str); 6] = [
    ("customer", "customer@agora.example"),
    ("VIP customer", "vip@agora.example"),
    ("vendor (books)", "books@agora.example"),
    ("vendor (tech)", "tech@agora.example"),
    ("staff", "staff@agora.example"),
    ("admin", "admin@agora.example"),
];

struct Vendor {
    email: &'static str,
    slug: &'static str,
    name: &'static str,
}

impl Vendor {
    const fn new(email: &'static str, slug: &'static str, name: &'static str) -> Self {
        Self { email, slug, name }
    }
}

const VENDORS: [Vendor; 2] = [
    Vendor::new("books@agora.example", "thistle-and-quill", "Thistle & Quill"),
    Vendor::new(
        "tech@agora.example",
        "copperfield-electric",
        "Copperfield Electric",
    ),
];

/// Seeds the shop behind the router at `port`.
pub async fn run(shared: &Shared, port: u16) -> Result<()> {
    let graph = Client::new(format!("http://127.0.0.1:{port}/graphql"))?;
    ensure_logins(&Logins::new(shared, port).await?).await?;
    let staff = graph.stay_logged_in("staff@agora.example", PASSWORD).await?;
    enroll_vip(&staff, "vip@agora.example", "GOLD").await?;
    let shop = rules(&staff).await?;
    for (index, vendor) in VENDORS.iter().enumerate() {
        let id = ensure_vendor(&graph, &staff, vendor, "APPROVED").await?;
        // A fresh token: the first one did not know the vendor yet.
        let member = graph.stay_logged_in(vendor.email, PASSWORD).await?;
        let warehouse = ensure_warehouse(&member, &id, index).await?;
        catalogue::ensure(&member, &staff, &shop, &id, &warehouse, index).await?;
    }
    Ok(())
}

/// Fills the seeded shop with products, people, orders and reviews; the same for the same `seed`.
pub async fn fill(shared: &Shared, port: u16, provider: &Provider, seed: u64, scale: usize) -> Result<()> {
    run(shared, port).await?;
    let size = Size::of(scale);
    let graph = Client::new(format!("http://127.0.0.1:{port}/graphql"))?;
    let logins = Logins::new(shared, port).await?;
    let staff = graph.stay_logged_in("staff@agora.example", PASSWORD).await?;
    people::vips(&logins, &staff).await?;
    people::vendors(&logins, &graph, &staff).await?;
    let sellers = people::sellers(&graph).await?;
    for (index, (vendor, member)) in sellers.iter().enumerate() {
        let count = generated::lines(index, size.products, seed).count();
        let lines = generated::lines(index, size.products, seed);
        bulk::products(&staff, vendor, lines, count).await?;
        stock::fill(member, vendor, count).await?;
    }
    let count = opinions::count(size.products, seed);
    bulk::reviews(&staff, opinions::lines(size.products, seed), count).await?;
    pictures::ensure(&staff, &sellers).await?;
    let customers = people::customers(&logins, &graph, size.customers).await?;
    history::orders(&graph, provider, &customers, &sellers, (seed, size)).await?;
    history::reviews(&staff, &customers, seed).await
}

/// A bar on standard error.
fn progress(what: &'static str, steps: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        eprintln!("{what}: {steps}");
    }
    let style = ProgressStyle::with_template("{msg:12} {bar:40} {pos}/{len} {elapsed_precise}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(steps as u64)
        .with_style(style)
        .with_message(what)
}

async fn ensure_logins(logins: &Logins) -> Result<()> {
    for (role, email) in LOGINS {
        let roles = match role {
            "staff" => vec![Role::Customer, Role::Staff],
            "admin" => vec![Role::Customer, Role::Staff, Role::Admin],
            _ => vec![Role::Customer],
        };
        let name = email.split('@').next().unwrap_or(email);
        logins.ensure(email, name, roles).await?;
    }
    logins.ensure_benefits().await
}

async fn enroll_vip(staff: &Client, email: &str, tier: &str) -> Result<()> {
    let query =
        "query($search: String) { customers(first: 1, where: {search: $search}) { nodes { id type } } }";
    let found = staff.run(query, json!({ "search": email })).await?;
    let customer = &found["customers"]["nodes"][0];
    if customer["type"] == "VIP" {
        return Ok(());
    }
    let query = "mutation($id: ID!, $tier: VipTier!) {
        vipEnroll(customerId: $id, tier: $tier, reason: \"demo\") { userErrors { code message } } }";
    staff
        .run(query, json!({ "id": customer["id"], "tier": tier }))
        .await?;
    Ok(())
}

/// IDs that products refer to.
struct Shop {
    /// Category ID by slug.
    categories: Value,
    /// Brand ID by slug.
    brands: Value,
}

async fn rules(staff: &Client) -> Result<Shop> {
    let mut categories = json!({});
    for (slug, name) in catalogue::CATEGORIES {
        categories[slug] = ensure_category(staff, slug, name).await?;
    }
    let mut brands = json!({});
    let known = staff.run("{ brands(first: 100) { id slug } }", json!({})).await?;
    for (slug, name) in catalogue::BRANDS {
        let found = known["brands"]
            .as_array()
            .and_then(|all| all.iter().find(|b| b["slug"] == *slug));
        brands[slug] = match found {
            Some(brand) => brand["id"].clone(),
            None => {
                let query = "mutation($slug: String!, $name: String!) {
                    brandUpsert(name: $name, slug: $slug) { brand { id } userErrors { code message } } }";
                staff.run(query, json!({ "slug": slug, "name": name })).await?["brandUpsert"]["brand"]["id"]
                    .clone()
            }
        };
    }
    ensure_delivery(staff).await?;
    ensure_coupon(staff).await?;
    Ok(Shop { categories, brands })
}

async fn ensure_category(staff: &Client, slug: &str, name: &str) -> Result<Value> {
    let found = staff
        .run(
            "query($slug: String!) { category(slug: $slug) { id } }",
            json!({ "slug": slug }),
        )
        .await?;
    if !found["category"].is_null() {
        return Ok(found["category"]["id"].clone());
    }
    let query = "mutation($slug: String!, $name: String!) {
        categoryUpsert(name: $name, slug: $slug) { category { id } userErrors { code message } } }";
    let made = staff.run(query, json!({ "slug": slug, "name": name })).await?;
    Ok(made["categoryUpsert"]["category"]["id"].clone())
}

const EUROPE: [&str; 12] = [
    "DE", "FR", "IE", "NL", "BE", "ES", "PT", "IT", "AT", "DK", "SE", "FI",
];

async fn ensure_delivery(staff: &Client) -> Result<()> {
    let zones = staff
        .run("{ shippingZones { id name methods { name } } }", json!({}))
        .await?;
    let zones = zones["shippingZones"].as_array().cloned().unwrap_or_default();
    let mut rates = Vec::new();
    for (name, countries, base) in [("United Kingdom", &["GB"][..], 399), ("Europe", &EUROPE[..], 899)] {
        let zone = zones.iter().find(|zone| zone["name"] == name);
        let id = match zone {
            Some(zone) => zone["id"].clone(),
            None => {
                let query = "mutation($name: String!, $countries: [CountryCode!]!) {
                    shippingZoneUpsert(name: $name, countries: $countries) { zone { id } userErrors { code message } } }";
                let made = staff
                    .run(query, json!({ "name": name, "countries": countries }))
                    .await?;
                made["shippingZoneUpsert"]["zone"]["id"].clone()
            }
        };
        rates.push((id, base));
    }
    let methods = staff.run("{ shippingMethods { name } }", json!({})).await?;
    let methods = methods["shippingMethods"].as_array().cloned().unwrap_or_default();
    for (name, min_days, max_days, factor, free_over) in
        [("Standard", 2, 5, 1, Some(7500)), ("Express", 1, 2, 3, None)]
    {
        if methods.iter().any(|method| method["name"] == name) {
            continue;
        }
        let rates: Vec<Value> = rates
            .iter()
            .map(|(zone, base)| rate(zone, base * factor, free_over))
            .collect();
        let query = "mutation($name: String!, $min: Int!, $max: Int!, $rates: [RateInput!]!) {
            shippingMethodUpsert(name: $name, carrier: \"Royal Mail\", minDays: $min, maxDays: $max, rates: $rates) {
                userErrors { code message path } } }";
        staff
            .run(
                query,
                json!({ "name": name, "min": min_days, "max": max_days, "rates": rates }),
            )
            .await?;
    }
    Ok(())
}

fn rate(zone: &Value, base: i64, free_over: Option<i64>) -> Value {
    let money = |amount: i64| json!({ "amount": amount, "currency": "GBP" });
    match free_over {
        Some(amount) => {
            json!({ "zoneId": zone, "kind": "FREE_OVER", "base": money(base), "freeOver": money(amount) })
        }
        None => json!({ "zoneId": zone, "kind": "FLAT", "base": money(base) }),
    }
}

async fn ensure_coupon(staff: &Client) -> Result<()> {
    let found = staff
        .run("{ coupon(code: \"WELCOME10\") { id } }", json!({}))
        .await?;
    if !found["coupon"].is_null() {
        return Ok(());
    }
    let query = "mutation($input: CouponInput!) {
        couponCreate(input: $input, idempotencyKey: \"seed:WELCOME10\") { userErrors { code message path } } }";
    let input =
        json!({ "code": "WELCOME10", "kind": "PERCENT", "scope": "PLATFORM", "percentBasisPoints": 1000 });
    staff.run(query, json!({ "input": input })).await?;
    Ok(())
}

fn address(name: &str) -> Value {
    json!({ "fullName": name, "line1": "1 Market Square", "city": "London", "postalCode": "EC1A 1BB", "country": "GB" })
}

/// Brings a vendor as far as `until`.
async fn ensure_vendor(graph: &Client, staff: &Client, vendor: &Vendor, until: &str) -> Result<Value> {
    let member = graph.stay_logged_in(vendor.email, PASSWORD).await?;
    let query = "query($slug: String!) { vendor(by: {slug: $slug}) { id status } }";
    let found = member.run(query, json!({ "slug": vendor.slug })).await?;
    let (id, status) = if found["vendor"].is_null() {
        let input = json!({
            "displayName": vendor.name, "legalName": format!("{} Ltd", vendor.name), "slug": vendor.slug,
            "address": address(vendor.name)
        });
        let query = "mutation($input: VendorInput!) {
            vendorApply(input: $input) { vendor { id status } userErrors { code message path } } }";
        let made = member.run(query, json!({ "input": input })).await?["vendorApply"]["vendor"].clone();
        (made["id"].clone(), made["status"].clone())
    } else {
        (found["vendor"]["id"].clone(), found["vendor"]["status"].clone())
    };
    let steps = [
        ("DRAFT", "vendorSubmit", false),
        ("SUBMITTED", "vendorReview", true),
        ("IN_REVIEW", "vendorApprove", true),
    ];
    let at = |status: &str| {
        steps
            .iter()
            .position(|(from, ..)| status == *from)
            .unwrap_or(steps.len())
    };
    let (done, end) = (at(status.as_str().unwrap_or_default()), at(until));
    // The vendor's token of before the application does not know it yet.
    let member = graph.stay_logged_in(vendor.email, PASSWORD).await?;
    for (_, operation, by_staff) in steps.iter().take(end).skip(done) {
        let caller = if *by_staff { staff } else { &member };
        let query =
            format!("mutation($id: ID!) {{ {operation}(id: $id) {{ userErrors {{ code message }} }} }}");
        caller.run(&query, json!({ "id": id })).await?;
    }
    Ok(id)
}

async fn ensure_warehouse(member: &Client, vendor: &Value, index: usize) -> Result<Value> {
    let query = "query($vendor: ID!) { warehouses(vendorId: $vendor) { id } }";
    let found = member.run(query, json!({ "vendor": vendor })).await?;
    if let Some(warehouse) = found["warehouses"].get(0) {
        return Ok(warehouse["id"].clone());
    }
    let countries: Vec<&str> = EUROPE.iter().copied().chain(["GB"]).collect();
    let input = json!({
        "code": format!("LON-{}", index + 1), "name": "London", "address": address("Warehouse"), "vendorId": vendor,
        "servesCountries": countries
    });
    let query = "mutation($input: WarehouseInput!) {
        warehouseUpsert(input: $input) { warehouse { id } userErrors { code message path } } }";
    let made = member.run(query, json!({ "input": input })).await?;
    made["warehouseUpsert"]["warehouse"]
        .get("id")
        .cloned()
        .context("no warehouse")
}
