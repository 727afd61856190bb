//! Opening stock of generated products.

use super::dice::{Dice, topics};
use crate::client::Client;
use anyhow::{Context, Result};
use serde_json::{Value, json};

/// Products of a page; variants that are counted together.
const PAGE: usize = 100;

/// Pieces of a variant in the beginning, the same for the same SKU: of one in twenty, none at all.
pub(super) fn pieces(sku: &str) -> usize {
    let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let mut dice = Dice::new(topics::STOCK, sku.bytes().fold(0xcbf2_9ce4_8422_2325, hash));
    match dice.roll(20) {
        0 => 0,
        _ => 20 + dice.roll(200),
    }
}

/// Puts pieces of every variant that has none yet into the vendor's warehouse.
pub(super) async fn fill(member: &Client, vendor: &Value, products: usize) -> Result<()> {
    let query = "query($vendor: ID!) { warehouses(vendorId: $vendor) { id } }";
    let found = member.run(query, json!({ "vendor": vendor })).await?;
    let warehouse = found["warehouses"][0].get("id").context("no warehouse")?.clone();
    let query = "query($vendor: ID!, $first: Int!, $after: String) {
        vendor(by: {id: $vendor}) { products(first: $first, after: $after) {
            nodes { variants { id sku } } pageInfo { hasNextPage endCursor } } } }";
    let bar = super::progress("stock", products);
    let mut after = Value::Null;
    loop {
        let variables = json!({ "vendor": vendor, "first": PAGE, "after": after });
        let page = member.run(query, variables).await?["vendor"]["products"].take();
        let products = page["nodes"].as_array().map_or(&[][..], Vec::as_slice);
        let variants: Vec<&Value> = products
            .iter()
            .flat_map(|product| product["variants"].as_array().into_iter().flatten())
            .collect();
        for variants in variants.chunks(PAGE) {
            set(member, &warehouse, variants).await?;
        }
        bar.inc(products.len() as u64);
        if page["pageInfo"]["hasNextPage"] != true {
            bar.finish();
            return Ok(());
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

async fn set(member: &Client, warehouse: &Value, variants: &[&Value]) -> Result<()> {
    let query =
        "query($ids: [ID!]) { stockLevels(first: 100, variantIds: $ids) { nodes { variant { id } } } }";
    let ids: Vec<&Value> = variants.iter().map(|variant| &variant["id"]).collect();
    let found = member.run(query, json!({ "ids": ids })).await?;
    let known = found["stockLevels"]["nodes"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let missing: Vec<Value> = variants
        .iter()
        .filter(|variant| !known.iter().any(|level| level["variant"]["id"] == variant["id"]))
        .map(|variant| {
            let pieces = pieces(variant["sku"].as_str().unwrap_or_default());
            json!({ "variantId": variant["id"], "warehouseId": warehouse, "onHand": pieces })
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

#[cfg(test)]
mod tests {
    #[test]
    fn one_in_twenty_is_out_of_stock() {
        let none = (0..2000)
            .filter(|n| super::pieces(&format!("SKU-{n}")) == 0)
            .count();
        assert!((60..140).contains(&none), "{none}");
        assert_eq!(super::pieces("SKU-1"), super::pieces("SKU-1"));
    }
}
