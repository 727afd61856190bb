//! What the customers bought, in every state an order can be in, and what they think of it.

use super::{
    dice::{Dice, topics},
    generated,
    people::Person,
    shopping::{Fate, Provider, place, settle},
    size::Size,
    stock,
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

/// Each customer has between one and five orders. Those that are there already are left alone, but the last one, which
/// may have been left in the middle.
pub(super) async fn orders(
    graph: &Client,
    provider: &Provider,
    customers: &[(Person, Client)],
    sellers: &[(Value, Client)],
    (seed, size): (u64, Size),
) -> Result<()> {
    let choices = choices(graph, seed, size).await?;
    let bar = super::progress("orders", customers.len());
    let bought = stream::iter(customers.iter().enumerate()).map(|(index, (person, buyer))| {
        let (choices, bar) = (&choices, &bar);
        async move {
            let mut dice = Dice::new(seed, topics::ORDERS + index as u64);
            let wanted = 1 + dice.roll(5);
            let had = placed(buyer).await?;
            for number in 0..wanted {
                let lines: Vec<(String, i64)> = (0..1 + dice.roll(3))
                    .map(|_| (dice.pick(choices).clone(), 1 + dice.roll(2) as i64))
                    .collect();
                let fate = *dice.pick(&FATES);
                let order = match had.get(number) {
                    Some(_) if number + 1 < had.len() => continue,
                    Some(order) => order.clone(),
                    None => {
                        let key = format!("seed:{seed}:{}:{number}", person.email);
                        place(buyer, &lines, &person.address, &key)
                            .await
                            .with_context(|| format!("order of {}", person.email))?
                    }
                };
                settle(provider, buyer, sellers, &order, fate)
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

/// IDs of a customer's orders, the oldest first.
async fn placed(buyer: &Client) -> Result<Vec<Value>> {
    let query = "{ viewer { orders(first: 100) { nodes { id placedAt } } } }";
    let mut found = buyer.run(query, json!({})).await?["viewer"]["orders"]["nodes"].take();
    let mut orders = found.as_array_mut().map(std::mem::take).unwrap_or_default();
    orders.sort_by_key(|order| order["placedAt"].as_str().map(str::to_owned));
    Ok(orders.into_iter().map(|mut order| order["id"].take()).collect())
}

/// Variants that are bought, by the seed number alone: never what happens to be there.
async fn choices(graph: &Client, seed: u64, size: Size) -> Result<Vec<String>> {
    let query = "query($sku: String!) { product(by: {sku: $sku}) { variants { id sku } } }";
    let sku = |index: usize| {
        let sku = generated::product(index, seed)["variants"][0]["sku"].take();
        sku.as_str()
            .filter(|sku| stock::pieces(sku) > 0)
            .map(str::to_owned)
    };
    let choices: Vec<String> = stream::iter(size.bought().filter_map(sku))
        .map(|sku| async move {
            let found = graph.run(query, json!({ "sku": sku })).await?;
            let variants = found["product"]["variants"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let variant = variants.iter().find(|variant| variant["sku"] == sku.as_str());
            let id = variant.and_then(|variant| variant["id"].as_str());
            id.map(str::to_owned).with_context(|| format!("no variant {sku}"))
        })
        .buffered(CONCURRENCY)
        .try_collect()
        .await?;
    anyhow::ensure!(!choices.is_empty(), "nothing is in stock");
    Ok(choices)
}

/// Customers review what was delivered to them; staff publishes most of it, and others find some of it helpful. What was
/// said, decided and voted before is not done again.
pub(super) async fn reviews(staff: &Client, customers: &[(Person, Client)], seed: u64) -> Result<()> {
    let bar = super::progress("opinions", customers.len());
    let written = stream::iter(customers.iter().enumerate()).map(|(index, (_, buyer))| {
        let bar = &bar;
        async move {
            let mut dice = Dice::new(seed, topics::OPINIONS + index as u64);
            let mut votes = Dice::new(seed, topics::VOTES + index as u64);
            let known = known(buyer).await?;
            for product in delivered(buyer).await? {
                let (rating, title, body) = *dice.pick(&OPINIONS);
                let hold = dice.roll(8) == 0;
                let voters: Vec<usize> = (0..votes.roll(4)).map(|_| votes.roll(customers.len())).collect();
                let review = match known.iter().find(|review| review["product"]["id"] == product) {
                    Some(review) => review.clone(),
                    None => {
                        let query =
                            "mutation($product: ID!, $rating: Int!, $title: String!, $body: String!) {
                            reviewCreate(productId: $product, rating: $rating, title: $title, body: $body) {
                                review { id status } userErrors { code message } } }";
                        let text =
                            json!({ "product": product, "rating": rating, "title": title, "body": body });
                        buyer.run(query, text).await?["reviewCreate"]["review"].take()
                    }
                };
                if !hold {
                    publish(staff, &review).await?;
                    helpful(&review["id"], voters.iter().map(|n| &customers[*n].1)).await?;
                }
            }
            bar.inc(1);
            anyhow::Ok(())
        }
    });
    written
        .buffer_unordered(CONCURRENCY)
        .try_collect::<Vec<()>>()
        .await?;
    bar.finish();
    Ok(())
}

/// What a customer has reviewed.
async fn known(buyer: &Client) -> Result<Vec<Value>> {
    let query = "{ viewer { reviews(first: 100) { nodes { id status product { id } } } } }";
    let found = buyer.run(query, json!({})).await?;
    let nodes = &found["viewer"]["reviews"]["nodes"];
    Ok(nodes.as_array().cloned().unwrap_or_default())
}

/// Unless staff have decided already.
async fn publish(staff: &Client, review: &Value) -> Result<()> {
    if review["status"] != "PENDING" {
        return Ok(());
    }
    let query =
        "mutation($id: ID!) { reviewModerate(id: $id, status: PUBLISHED) { userErrors { code message } } }";
    staff.run(query, json!({ "id": review["id"] })).await.map(drop)
}

/// Products of the customer's delivered orders, the oldest order first.
async fn delivered(buyer: &Client) -> Result<Vec<Value>> {
    let query = "{ viewer { orders(first: 100) { nodes { placedAt status
        vendorOrders { lines { variant { product { id slug } } } } } } } }";
    let mut found = buyer.run(query, json!({})).await?["viewer"]["orders"]["nodes"].take();
    let mut orders = found.as_array_mut().map(std::mem::take).unwrap_or_default();
    orders.sort_by_key(|order| order["placedAt"].as_str().map(str::to_owned));
    let mut products: Vec<Value> = Vec::new();
    for order in orders.iter().filter(|order| order["status"] == "DELIVERED") {
        let parts = order["vendorOrders"].as_array().into_iter().flatten();
        let lines = parts.flat_map(|part| part["lines"].as_array().into_iter().flatten());
        let mut bought: Vec<&Value> = lines.map(|line| &line["variant"]["product"]).collect();
        // The parts of an order have no order of their own.
        bought.sort_by_key(|product| product["slug"].as_str());
        for product in bought {
            if product["id"].is_string() && !products.contains(&product["id"]) {
                products.push(product["id"].clone());
            }
        }
    }
    Ok(products)
}

/// Nobody votes for their own, nor twice: such votes are refused or change nothing.
async fn helpful(review: &Value, readers: impl Iterator<Item = &Client>) -> Result<()> {
    let query = "mutation($id: ID!) { reviewMarkHelpful(id: $id) { userErrors { code } } }";
    for reader in readers {
        reader.send(query, json!({ "id": review })).await?;
    }
    Ok(())
}
