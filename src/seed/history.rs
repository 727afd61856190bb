//! What the customers bought, in every state an order can be in, and what they think of it.

use super::{
    dice::Dice,
    people::Person,
    shopping::{Fate, Provider, place, settle},
};
use crate::client::Client;
use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};

/// Customers who buy at the same time.
const CONCURRENCY: usize = 4;

/// How often which fate: most orders are delivered.
const FATES: [Fate; 16] = [
    Fate::Delivered,
    Fate::Delivered,
    Fate::Delivered,
    Fate::Delivered,
    Fate::Delivered,
    Fate::Delivered,
    Fate::Delivered,
    Fate::Shipped,
    Fate::Accepted,
    Fate::Paid,
    Fate::Unpaid,
    Fate::Declined,
    Fate::Refunded,
    Fate::Refunded,
    Fate::Canceled,
    Fate::Rejected,
];

const OPINIONS: [(i64, &str, &str); 8] = [
    (
        5,
        "Exactly as described",
        "Arrived a day early, well packed. I would buy it again.",
    ),
    (
        5,
        "A favourite",
        "I gave one away and had to order a second for myself.",
    ),
    (4, "Good", "Does what it should. The box could be smaller."),
    (
        4,
        "Well made",
        "Solid, and better in the hand than in the picture.",
    ),
    (4, "Nice gift", "Bought for my sister, who uses it daily."),
    (3, "Fine", "Nothing wrong with it, nothing special either."),
    (2, "Not for me", "The colour is darker than I expected."),
    (1, "Came late", "It took two weeks, and nobody could say why."),
];

/// A product that can be bought.
#[derive(Clone)]
struct Choice {
    product: String,
    variant: String,
}

/// Each customer has between one and five orders; those that are there already are left alone.
pub(super) async fn orders(
    graph: &Client,
    provider: &Provider,
    customers: &[(Person, Client)],
    sellers: &[(Value, Client)],
    seed: u64,
) -> Result<()> {
    let choices = choices(graph).await?;
    let bar = super::progress("orders", customers.len());
    let bought = stream::iter(customers.iter().enumerate()).map(|(index, (person, buyer))| {
        let (choices, bar) = (&choices, &bar);
        async move {
            let mut dice = Dice::new(seed, 1000 + index as u64);
            let wanted = 1 + dice.roll(5);
            let query = "{ viewer { orders(first: 100) { nodes { id } } } }";
            let had = buyer.run(query, json!({})).await?["viewer"]["orders"]["nodes"]
                .as_array()
                .map_or(0, Vec::len);
            for number in 0..wanted {
                let lines: Vec<(String, i64)> = (0..1 + dice.roll(3))
                    .map(|_| (dice.pick(choices).variant.clone(), 1 + dice.roll(2) as i64))
                    .collect();
                let fate = *dice.pick(&FATES);
                if number < had {
                    continue;
                }
                let key = format!("seed:{seed}:{}:{number}", person.email);
                let (order, secret) = place(buyer, &lines, &person.address, &key)
                    .await
                    .with_context(|| format!("order of {}", person.email))?;
                settle(provider, buyer, sellers, &order, &secret, fate)
                    .await
                    .with_context(|| format!("{fate:?} order of {}", person.email))?;
            }
            bar.inc(1);
            anyhow::Ok(())
        }
    });
    bought
        .buffer_unordered(CONCURRENCY)
        .try_collect::<Vec<()>>()
        .await?;
    bar.finish();
    Ok(())
}

async fn choices(graph: &Client) -> Result<Vec<Choice>> {
    let query = "query($after: String) { products(first: 100, after: $after, sort: NEWEST) {
        nodes { id vendor { slug } defaultVariant { id availability { state } } } pageInfo { hasNextPage endCursor } } }";
    let mut choices = Vec::new();
    let mut after = Value::Null;
    while choices.len() < 300 {
        let page = graph.run(query, json!({ "after": after })).await?["products"].take();
        for product in page["nodes"].as_array().into_iter().flatten() {
            let ours = super::VENDORS
                .iter()
                .any(|vendor| product["vendor"]["slug"] == vendor.slug);
            let variant = &product["defaultVariant"];
            if let (true, Some(id)) = (
                ours && variant["availability"]["state"] == "IN_STOCK",
                variant["id"].as_str(),
            ) {
                let product = product["id"].as_str().unwrap_or_default().to_owned();
                choices.push(Choice {
                    product,
                    variant: id.to_owned(),
                });
            }
        }
        if page["pageInfo"]["hasNextPage"] != true {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    // The order of making is the order of IDs, so that the same number falls on the same product.
    choices.sort_by(|a, b| a.product.cmp(&b.product));
    anyhow::ensure!(!choices.is_empty(), "nothing is in stock");
    Ok(choices)
}

/// Customers review what was delivered to them; staff publishes most of it, and others find some of it helpful.
pub(super) async fn reviews(staff: &Client, customers: &[(Person, Client)], seed: u64) -> Result<()> {
    let bar = super::progress("reviews", customers.len());
    let mut published: Vec<Value> = Vec::new();
    for (index, (_, buyer)) in customers.iter().enumerate() {
        let mut dice = Dice::new(seed, 2000 + index as u64);
        for product in delivered(buyer).await? {
            let (rating, title, body) = *dice.pick(&OPINIONS);
            let hold = dice.roll(8) == 0;
            let query = "mutation($product: ID!, $rating: Int!, $title: String!, $body: String!) {
                reviewCreate(productId: $product, rating: $rating, title: $title, body: $body) {
                    review { id } userErrors { code message } } }";
            let variables = json!({ "product": product, "rating": rating, "title": title, "body": body });
            let (_, answer) = buyer.send(query, variables).await?;
            // One review per product: those of an earlier run are refused.
            let review = &answer["data"]["reviewCreate"]["review"]["id"];
            if hold || !review.is_string() {
                continue;
            }
            let query = "mutation($id: ID!) { reviewModerate(id: $id, status: PUBLISHED) { userErrors { code message } } }";
            staff.run(query, json!({ "id": review })).await?;
            published.push(review.clone());
        }
        bar.inc(1);
    }
    bar.finish();
    helpful(&published, customers, seed).await
}

async fn delivered(buyer: &Client) -> Result<Vec<Value>> {
    let query = "{ viewer { orders(first: 100) { nodes { status vendorOrders { lines { variant { product { id } } } } } } } }";
    let found = buyer.run(query, json!({})).await?;
    let orders = found["viewer"]["orders"]["nodes"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let lines = orders
        .iter()
        .filter(|order| order["status"] == "DELIVERED")
        .flat_map(|order| order["vendorOrders"].as_array().into_iter().flatten())
        .flat_map(|part| part["lines"].as_array().into_iter().flatten());
    let mut products: Vec<Value> = Vec::new();
    for line in lines {
        let product = &line["variant"]["product"]["id"];
        if product.is_string() && !products.contains(product) {
            products.push(product.clone());
        }
    }
    Ok(products)
}

async fn helpful(reviews: &[Value], customers: &[(Person, Client)], seed: u64) -> Result<()> {
    let mut dice = Dice::new(seed, 3000);
    for review in reviews {
        for _ in 0..dice.roll(4) {
            let (_, reader) = dice.pick(customers);
            let query = "mutation($id: ID!) { reviewMarkHelpful(id: $id) { userErrors { code } } }";
            // Nobody votes for their own, nor twice.
            reader.send(query, json!({ "id": review })).await?;
        }
    }
    Ok(())
}
