//! The seeded products: a few of every kind, the same every time.

use super::Shop;
use crate::client::Client;
use anyhow::{Context, Result};
use drafts::{books, clothes, gifts, laptops, mobiles};
use serde_json::{Value, json};

mod drafts;

/// Slug and name of the seeded categories.
pub(super) const CATEGORIES: &[(&str, &str)] = &[
    ("books", "Books"),
    ("laptops", "Laptops"),
    ("mobiles", "Mobile phones"),
    ("clothing", "Clothing"),
    ("home", "Home and gifts"),
];

/// Slug and name of the seeded brands.
pub(super) const BRANDS: &[(&str, &str)] = &[
    ("copperfield", "Copperfield"),
    ("lumen", "Lumen"),
    ("harrow", "Harrow & Sons"),
    ("merino-works", "Merino Works"),
];

/// A product to be made.
#[derive(Clone)]
struct Draft {
    slug: String,
    input: Value,
    variants: Vec<Value>,
}

/// Makes the products of the `index`-th seeded vendor, published and in stock.
pub(super) async fn ensure(
    member: &Client,
    staff: &Client,
    shop: &Shop,
    vendor: &Value,
    warehouse: &Value,
    index: usize,
) -> Result<()> {
    let drafts = match index {
        0 => [books(shop), clothes(shop), gifts(shop)].concat(),
        _ => [laptops(shop), mobiles(shop)].concat(),
    };
    let mut stock = Vec::new();
    for draft in drafts {
        stock.extend(ensure_product(member, staff, vendor, &draft).await?);
    }
    fill(member, warehouse, &stock).await
}

/// Returns the IDs of the product's variants.
async fn ensure_product(
    member: &Client,
    staff: &Client,
    vendor: &Value,
    draft: &Draft,
) -> Result<Vec<Value>> {
    let query = "query($slug: String!) {
        product(by: {slug: $slug}) { id status isPublished pendingRevision { id } variants { id } } }";
    let mut product = member.run(query, json!({ "slug": draft.slug })).await?["product"].take();
    if product.is_null() {
        let create = "mutation($vendor: ID!, $input: ProductInput!, $variants: [VariantInput!]!, $key: ID!) {
            productCreate(vendorId: $vendor, input: $input, variants: $variants, idempotencyKey: $key) {
                userErrors { code message path } } }";
        let key = format!("seed:{}", draft.slug);
        let variables =
            json!({ "vendor": vendor, "input": draft.input, "variants": draft.variants, "key": key });
        // The approval of the vendor may still be on its way to the catalogue.
        member
            .eventually(create, variables)
            .await
            .with_context(|| draft.slug.clone())?;
        product = member.run(query, json!({ "slug": draft.slug })).await?["product"].take();
    }
    let id = product["id"].clone();
    let steps = [
        ("DRAFT", "productSubmit"),
        ("SUBMITTED", "productReview"),
        ("IN_REVIEW", "productApprove"),
    ];
    let done = steps
        .iter()
        .position(|(from, _)| product["status"] == *from)
        .unwrap_or(steps.len());
    for (_, operation) in &steps[done..] {
        step(member, staff, operation, &id)
            .await
            .with_context(|| format!("{operation} {}", draft.slug))?;
    }
    if product["isPublished"] != true {
        let query = "mutation($id: ID!) { productPublish(id: $id) { userErrors { code message } } }";
        member.run(query, json!({ "id": id })).await?;
    }
    let variants = product["variants"].as_array().cloned().unwrap_or_default();
    Ok(variants
        .into_iter()
        .map(|variant| variant["id"].clone())
        .collect())
}

async fn step(member: &Client, staff: &Client, operation: &str, id: &Value) -> Result<()> {
    match operation {
        "productSubmit" => {
            let query = "mutation($id: ID!) { productSubmit(id: $id) { userErrors { code message } } }";
            member.run(query, json!({ "id": id })).await?;
        }
        "productReview" => {
            let query = "mutation($id: ID!) { productReview(id: $id) { userErrors { code message } } }";
            staff.run(query, json!({ "id": id })).await?;
        }
        _ => {
            let found = staff
                .run(
                    "query($id: ID!) { product(by: {id: $id}) { pendingRevision { id } } }",
                    json!({ "id": id }),
                )
                .await?;
            let revision = &found["product"]["pendingRevision"]["id"];
            let query = "mutation($id: ID!, $revision: ID!) {
                productApprove(id: $id, revisionId: $revision) { userErrors { code message } } }";
            staff
                .run(query, json!({ "id": id, "revision": revision }))
                .await?;
        }
    }
    Ok(())
}

/// Puts 100 pieces of every variant that has none into the warehouse.
async fn fill(member: &Client, warehouse: &Value, variants: &[Value]) -> Result<()> {
    for chunk in variants.chunks(50) {
        let query =
            "query($ids: [ID!]) { stockLevels(first: 100, variantIds: $ids) { nodes { variant { id } } } }";
        let found = member.run(query, json!({ "ids": chunk })).await?;
        let known = found["stockLevels"]["nodes"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let missing: Vec<Value> = chunk
            .iter()
            .filter(|id| !known.iter().any(|level| level["variant"]["id"] == **id))
            .map(|id| json!({ "variantId": id, "warehouseId": warehouse, "onHand": 100 }))
            .collect();
        if missing.is_empty() {
            continue;
        }
        let key = format!(
            "seed:stock:{}",
            missing[0]["variantId"].as_str().unwrap_or_default()
        );
        let query = "mutation($quantities: [StockSetInput!]!, $key: ID!) {
            stockSet(quantities: $quantities, reason: \"opening stock\", idempotencyKey: $key) {
                userErrors { code message path } } }";
        member
            .eventually(query, json!({ "quantities": missing, "key": key }))
            .await?;
    }
    Ok(())
}

/// Twelve digits and their check digit (ISO 2108): weights 1 and 3 in turn, to the next multiple of ten.
pub(super) fn isbn13(twelve: &str) -> String {
    let sum: u32 = twelve
        .chars()
        .filter_map(|c| c.to_digit(10))
        .zip([1, 3].iter().cycle())
        .map(|(d, w)| d * w)
        .sum();
    format!("{twelve}{}", (10 - sum % 10) % 10)
}
