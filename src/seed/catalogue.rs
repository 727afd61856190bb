//! The seeded products: a few of every kind, the same every time.

use super::Shop;
use crate::client::Client;
use anyhow::{Context, Result};
use serde_json::{Value, json};

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

fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        match c {
            c if c.is_ascii_alphanumeric() => slug.push(c.to_ascii_lowercase()),
            '\'' => {}
            _ if slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    slug.trim_matches('-').to_owned()
}

fn draft(
    shop: &Shop,
    kind: &str,
    category: &str,
    brand: Option<&str>,
    name: &str,
    description: &str,
) -> Draft {
    let slug = slug(name);
    let mut input = json!({
        "name": name, "slug": slug, "description": description, "kind": kind, "categoryId": shop.categories[category]
    });
    if let Some(brand) = brand {
        input["brandId"] = shop.brands[brand].clone();
    }
    Draft {
        slug,
        input,
        variants: Vec::new(),
    }
}

fn variant(sku: &str, name: &str, pence: i64, grams: i64, options: &[(&str, &str)]) -> Value {
    let options: Vec<Value> = options
        .iter()
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect();
    json!({
        "sku": sku, "name": name, "weightGrams": grams, "taxCategory": "standard", "options": options,
        "prices": [{ "amount": pence, "currency": "GBP" }, { "amount": pence * 118 / 100, "currency": "EUR" }]
    })
}

fn books(shop: &Shop) -> Vec<Draft> {
    let books = [
        ("The Salt Road", "Ines Calder", "fiction", "978186197271", 899),
        (
            "A Field Guide to Fog",
            "Tomas Reuel",
            "nature",
            "978140883111",
            1450,
        ),
        (
            "Night Trains of Europe",
            "Hanna Voss",
            "travel",
            "978178816222",
            1299,
        ),
        (
            "Letters to a Lighthouse",
            "Ada Penrose",
            "fiction",
            "978000745333",
            799,
        ),
        (
            "The Clockmaker's Ledger",
            "J. M. Ferris",
            "history",
            "978014198444",
            1099,
        ),
        ("Bread Without Hurry", "Noor Haddad", "food", "978184400555", 2200),
        ("Small Engines", "Peter Oduya", "technology", "978059365666", 1850),
        (
            "The Quiet Algorithm",
            "Mei Tanaka",
            "technology",
            "978026204777",
            2499,
        ),
        ("Harbour Songs", "Ewan MacRae", "poetry", "978057133888", 999),
    ];
    let make = |(index, (name, author, genre, isbn, price)): (usize, (&str, &str, &str, &str, i64))| {
        let text = format!("{name} by {author}: a {genre} book that readers keep lending to friends.");
        let mut draft = draft(shop, "BOOK", "books", None, name, &text);
        draft.input["details"] = json!({ "book": {
            "isbn13": isbn13(isbn), "authors": [author], "publisher": "Thistle Press", "publishedOn": "2024-03-14",
            "pages": 180 + 20 * index, "language": "en", "genres": [genre], "format": "PAPERBACK"
        }});
        draft.variants = vec![variant(
            &format!("BOOK-{:03}", index + 1),
            "Paperback",
            price,
            320,
            &[("format", "paperback")],
        )];
        draft
    };
    books.into_iter().enumerate().map(make).collect()
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

fn clothes(shop: &Shop) -> Vec<Draft> {
    let clothes = [
        ("Fisherman Jumper", "wool", "classic", 6900),
        ("Harbour Overshirt", "cotton", "workwear", 5400),
        ("Merino Crew", "merino wool", "casual", 4800),
        ("Linen Market Dress", "linen", "summer", 7200),
        ("Waxed Rain Jacket", "waxed cotton", "outdoor", 11900),
        ("Corduroy Trousers", "cotton", "classic", 5900),
    ];
    let make = |(index, (name, material, style, price)): (usize, (&str, &str, &str, i64))| {
        let text = format!("{name} in {material}, cut for everyday wear.");
        let mut draft = draft(shop, "CLOTHES", "clothing", Some("merino-works"), name, &text);
        draft.input["details"] = json!({ "clothes": {
            "sizes": ["S", "M", "L"], "colors": ["navy", "oat"], "material": material, "style": style, "gender": "unisex"
        }});
        draft.variants = ["S", "M", "L"]
            .iter()
            .map(|size| {
                variant(
                    &format!("CLO-{:03}-{size}", index + 1),
                    size,
                    price,
                    550,
                    &[("size", size)],
                )
            })
            .collect();
        draft
    };
    clothes.into_iter().enumerate().map(make).collect()
}

fn gifts(shop: &Shop) -> Vec<Draft> {
    let gifts = [
        ("Beeswax Candle", 1200, 300),
        ("Enamel Mug", 950, 260),
        ("Walnut Letter Opener", 1800, 90),
        ("Stoneware Teapot", 3400, 1100),
        ("Brass Desk Lamp", 8900, 2400),
        ("Wool Picnic Blanket", 6200, 1500),
    ];
    let make = |(index, (name, price, grams)): (usize, (&str, i64, i64))| {
        let mut draft = draft(
            shop,
            "GENERIC",
            "home",
            Some("harrow"),
            name,
            &format!("{name}, made in small batches."),
        );
        draft.variants = vec![variant(
            &format!("GIFT-{:03}", index + 1),
            "Standard",
            price,
            grams,
            &[],
        )];
        draft
    };
    gifts.into_iter().enumerate().map(make).collect()
}

fn laptops(shop: &Shop) -> Vec<Draft> {
    let laptops = [
        ("Copperfield Slate 13", "8-core Arm", 16, 512, 13.3, 99900),
        ("Copperfield Slate 15", "10-core Arm", 32, 1024, 15.6, 149900),
        ("Lumen Studio 16", "16-core x86", 64, 2048, 16.0, 239900),
        ("Lumen Air 14", "8-core x86", 16, 512, 14.0, 89900),
        ("Copperfield Field 12", "4-core x86", 8, 256, 12.1, 54900),
    ];
    let make = |(index, (name, cpu, ram, storage, inches, price)): (
        usize,
        (&str, &str, i64, i64, f64, i64),
    )| {
        let text = format!("{name}: {cpu}, {ram} GB memory and {storage} GB NVMe storage.");
        let brand = if name.starts_with("Lumen") {
            "lumen"
        } else {
            "copperfield"
        };
        let mut draft = draft(shop, "LAPTOP", "laptops", Some(brand), name, &text);
        draft.input["details"] = json!({ "laptop": {
            "cpu": cpu, "ramGb": ram, "storageGb": storage, "storageType": "NVME", "screenInches": inches, "os": "Linux"
        }});
        draft.variants = vec![variant(
            &format!("LAP-{:03}", index + 1),
            "Standard",
            price,
            1500,
            &[],
        )];
        draft
    };
    laptops.into_iter().enumerate().map(make).collect()
}

fn mobiles(shop: &Shop) -> Vec<Draft> {
    let mobiles = [
        ("Lumen One", 6.1, 128, 50.0, 4500, 49900),
        ("Lumen One Plus", 6.7, 256, 50.0, 5000, 64900),
        ("Copperfield Pocket", 5.4, 128, 12.0, 3200, 39900),
        ("Copperfield Pocket Max", 6.5, 512, 108.0, 5200, 84900),
        ("Lumen Fold", 7.6, 512, 50.0, 4800, 129900),
    ];
    let make = |(index, (name, inches, storage, camera, battery, price)): (
        usize,
        (&str, f64, i64, f64, i64, i64),
    )| {
        let text = format!("{name}: a {inches} inch phone with a {camera} megapixel camera.");
        let brand = if name.starts_with("Lumen") {
            "lumen"
        } else {
            "copperfield"
        };
        let mut draft = draft(shop, "MOBILE", "mobiles", Some(brand), name, &text);
        draft.input["details"] = json!({ "mobile": {
            "screenInches": inches, "cameraMp": [camera, 12.0], "storageGb": storage, "ramGb": 8, "batteryMah": battery,
            "os": "Android", "network": ["4G", "5G"]
        }});
        let colours = ["black", "copper"];
        draft.variants = colours
            .iter()
            .map(|c| {
                variant(
                    &format!("MOB-{:03}-{}", index + 1, c.to_uppercase()),
                    c,
                    price,
                    190,
                    &[("colour", c)],
                )
            })
            .collect();
        draft
    };
    mobiles.into_iter().enumerate().map(make).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn isbn_check_digit() {
        // The example of the ISBN Users' Manual.
        assert_eq!(super::isbn13("978030640615"), "9780306406157");
    }

    #[test]
    fn slugs() {
        assert_eq!(super::slug("The Clockmaker's Ledger"), "the-clockmakers-ledger");
        assert_eq!(super::slug("J. M. & Co."), "j-m-co");
    }
}
