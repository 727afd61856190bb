//! What the seeded products are.

use super::{Draft, isbn13};
use crate::seed::Shop;
use serde_json::{Value, json};

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

pub(super) fn books(shop: &Shop) -> Vec<Draft> {
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

pub(super) fn clothes(shop: &Shop) -> Vec<Draft> {
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

pub(super) fn gifts(shop: &Shop) -> Vec<Draft> {
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

pub(super) fn laptops(shop: &Shop) -> Vec<Draft> {
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

pub(super) fn mobiles(shop: &Shop) -> Vec<Draft> {
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
