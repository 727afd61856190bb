//! Opening stock of generated products.

use super::dice::Dice;
use crate::client::Client;
use anyhow::{Context, Result};
use serde_json::{Value, json};

/// Puts pieces of every variant that has none into the vendor's warehouse; of one in twenty, none at all.
pub(super) async fn fill(member: &Client, vendor: &Value, index: usize) -> Result<()> {
    let query = "query($vendor: ID!) { warehouses(vendorId: $vendor) { id } }";
    let found = member.run(query, json!({ "vendor": vendor })).await?;
    let warehouse = found["warehouses"][0].get("id").context("no warehouse")?.clone();
    let query = "query($vendor: ID!, $after: String) {
        vendor(by: {id: $vendor}) { products(first: 50, after: $after) {
            nodes { variants { id sku } } pageInfo { hasNextPage endCursor } } } }";
    let mut after = Value::Null;
    loop {
        let variables = json!({ "vendor": vendor, "after": after });
        let page = member.run(query, variables).await?["vendor"]["products"].take();
        let variants = page["nodes"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|product| product["variants"].as_array().into_iter().flatten());
        let ids: Vec<Value> = variants.map(|variant| variant["id"].clone()).collect();
        for ids in ids.chunks(50) {
            set(member, &warehouse, ids, index as u64).await?;
        }
        if page["pageInfo"]["hasNextPage"] != true {
            return Ok(());
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

async fn set(member: &Client, warehouse: &Value, variants: &[Value], index: u64) -> Result<()> {
    let query =
        "query($ids: [ID!]) { stockLevels(first: 100, variantIds: $ids) { nodes { variant { id } } } }";
    let found = member.run(query, json!({ "ids": variants })).await?;
    let known = found["stockLevels"]["nodes"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let mut dice = Dice::new(index, 4000);
    let missing: Vec<Value> = variants
        .iter()
        .filter(|id| !known.iter().any(|level| level["variant"]["id"] == **id))
        .map(|id| {
            let pieces = if dice.roll(20) == 0 {
                0
            } else {
                20 + dice.roll(200)
            };
            json!({ "variantId": id, "warehouseId": warehouse, "onHand": pieces })
        })
        .collect();
    let Some(first) = missing.first() else {
        return Ok(());
    };
    let key = format!("seed:stock:{}", first["variantId"].as_str().unwrap_or_default());
    let query = "mutation($quantities: [StockSetInput!]!, $key: ID!) {
        stockSet(quantities: $quantities, reason: \"opening stock\", idempotencyKey: $key) {
            userErrors { code message path } } }";
    // Variants reach the inventory by an event.
    member
        .eventually(query, json!({ "quantities": missing, "key": key }))
        .await?;
    Ok(())
}
