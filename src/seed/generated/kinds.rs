//! What a generated product of each kind is like.

use super::Kind;
use crate::seed::{
    catalogue::isbn13,
    dice::{Dice, topics},
};
use serde_json::{Value, json};

pub(super) fn product(index: usize, kind: Kind, seed: u64) -> Value {
    let mut dice = Dice::new(seed, topics::PRODUCT + index as u64);
    match kind {
        Kind::Book => book(index, &mut dice),
        Kind::Clothes => clothes(index, &mut dice),
        Kind::Gift => gift(index, &mut dice),
        Kind::Laptop => laptop(index, &mut dice),
        Kind::Mobile => mobile(index, &mut dice),
    }
}

const ADJECTIVES: [&str; 16] = [
    "Quiet", "Northern", "Copper", "Hidden", "Amber", "Winter", "Second", "Salt", "Paper", "Silver", "Wild",
    "Midnight", "Harvest", "Distant", "Velvet", "Stone",
];
const NOUNS: [&str; 16] = [
    "Harbour", "Orchard", "Lantern", "River", "Archive", "Garden", "Compass", "Meadow", "Bridge", "Island",
    "Signal", "Canyon", "Workshop", "Railway", "Almanac", "Forest",
];
const AUTHORS: [&str; 12] = [
    "Ines Calder",
    "Tomas Reuel",
    "Hanna Voss",
    "Ada Penrose",
    "Noor Haddad",
    "Peter Oduya",
    "Mei Tanaka",
    "Ewan MacRae",
    "Lucía Ortega",
    "Sven Aalto",
    "Marguerite Roy",
    "Kofi Mensah",
];
const GENRES: [&str; 9] = [
    "fiction",
    "nature",
    "travel",
    "history",
    "food",
    "technology",
    "poetry",
    "crime",
    "biography",
];

/// What all products have; names end with a number, so that slugs never meet.
fn base(slug: &str, name: &str, text: &str, kind: &str, category: &str, brand: Option<&str>) -> Value {
    let mut line = json!({
        "slug": slug, "name": name, "description": text, "kind": kind, "category": category, "currency": "GBP"
    });
    if let Some(brand) = brand {
        line["brand"] = brand.into();
    }
    line
}

fn variant(sku: String, name: &str, pence: i64, grams: i64, options: Value) -> Value {
    json!({
        "sku": sku, "name": name, "weightGrams": grams, "taxCategory": "standard", "active": true, "options": options,
        "prices": { "GBP": pence, "GBP/10": pence * 9 / 10, "EUR": pence * 118 / 100 }
    })
}

/// Prices end in 9 or 0, as in shops.
fn price(dice: &mut Dice, from: i64, to: i64) -> i64 {
    let steps = (to - from) / 50;
    from + 50 * dice.roll(steps.max(1) as usize) as i64 + 49
}

fn book(index: usize, dice: &mut Dice) -> Value {
    let title = format!("The {} {}", dice.pick(&ADJECTIVES), dice.pick(&NOUNS));
    let (author, genre) = (*dice.pick(&AUTHORS), *dice.pick(&GENRES));
    let name = format!("{title}, volume {}", index + 1);
    let text = format!("{title} by {author}: a {genre} book about what is found when one looks twice.");
    let mut line = base(&super::slug(index), &name, &text, "BOOK", "books", None);
    let format = *dice.pick(&["PAPERBACK", "HARDCOVER", "EBOOK"]);
    line["details"] = json!({
        "isbn13": isbn13(&format!("9791{:08}", index + 1)), "authors": [author], "publisher": "Thistle Press",
        "publishedOn": format!("{}-{:02}-{:02}", 1995 + dice.roll(31), 1 + dice.roll(12), 1 + dice.roll(28)),
        "pages": 96 + 8 * dice.roll(70), "language": dice.pick(&["en", "en", "en", "fr", "de", "es"]), "genres": [genre],
        "format": format
    });
    let pence = price(dice, 499, 2999);
    line["variants"] = json!([variant(
        format!("G-BOOK-{:06}", index + 1),
        "Standard",
        pence,
        320,
        json!({ "format": format.to_lowercase() })
    )]);
    line
}

fn clothes(index: usize, dice: &mut Dice) -> Value {
    let garment = *dice.pick(&[
        "Jumper",
        "Overshirt",
        "Cardigan",
        "Dress",
        "Jacket",
        "Trousers",
        "Scarf",
        "Shirt",
    ]);
    let material = *dice.pick(&["wool", "cotton", "linen", "merino wool", "waxed cotton", "silk"]);
    let name = format!(
        "{} {} {garment} {}",
        dice.pick(&ADJECTIVES),
        dice.pick(&NOUNS),
        index + 1
    );
    let text = format!(
        "A {} in {material}, cut for everyday wear and made to be mended.",
        garment.to_lowercase()
    );
    let mut line = base(
        &super::slug(index),
        &name,
        &text,
        "CLOTHES",
        "clothing",
        Some("merino-works"),
    );
    let colour = *dice.pick(&["navy", "oat", "moss", "rust", "charcoal"]);
    let sizes = ["S", "M", "L", "XL"];
    line["details"] = json!({
        "sizes": sizes, "colors": [colour], "material": material,
        "style": dice.pick(&["classic", "workwear", "casual", "outdoor"]), "gender": dice.pick(&["women", "men", "unisex"]),
        "season": dice.pick(&["spring", "summer", "autumn", "winter"])
    });
    let pence = price(dice, 1900, 14900);
    line["variants"] = sizes
        .iter()
        .map(|size| {
            let sku = format!("G-CLO-{:06}-{size}", index + 1);
            variant(sku, size, pence, 550, json!({ "size": size, "colour": colour }))
        })
        .collect();
    line
}

fn gift(index: usize, dice: &mut Dice) -> Value {
    let thing = *dice.pick(&[
        "Candle", "Mug", "Teapot", "Lamp", "Blanket", "Vase", "Notebook", "Clock", "Tray", "Puzzle",
    ]);
    let name = format!("{} {thing} {}", dice.pick(&ADJECTIVES), index + 1);
    let text = format!("{name}, made in small batches.");
    let mut line = base(
        &super::slug(index),
        &name,
        &text,
        "GENERIC",
        "home",
        Some("harrow"),
    );
    line["attributes"] = json!({ "country_of_origin": dice.pick(&["GB", "PT", "IT", "DK", "JP"]) });
    let (pence, grams) = (price(dice, 600, 9900), 100 + 50 * dice.roll(40) as i64);
    line["variants"] = json!([variant(
        format!("G-GIFT-{:06}", index + 1),
        "Standard",
        pence,
        grams,
        json!({})
    )]);
    line
}

fn brand(dice: &mut Dice) -> (&'static str, &'static str) {
    *dice.pick(&[("copperfield", "Copperfield"), ("lumen", "Lumen")])
}

fn laptop(index: usize, dice: &mut Dice) -> Value {
    let (slug, maker) = brand(dice);
    let cpu = *dice.pick(&[
        "4-core x86",
        "8-core x86",
        "16-core x86",
        "8-core Arm",
        "10-core Arm",
    ]);
    let (ram, storage) = (*dice.pick(&[8, 16, 32, 64]), *dice.pick(&[256, 512, 1024, 2048]));
    let inches = *dice.pick(&[12.1, 13.3, 14.0, 15.6, 16.0]);
    let name = format!("{maker} {} {}", dice.pick(&NOUNS), index + 1);
    let text = format!("{name}: {cpu}, {ram} GB memory and {storage} GB storage.");
    let mut line = base(&super::slug(index), &name, &text, "LAPTOP", "laptops", Some(slug));
    line["details"] = json!({
        "cpu": cpu, "ramGb": ram, "storageGb": storage, "storageType": dice.pick(&["NVME", "SSD"]), "screenInches": inches,
        "os": dice.pick(&["Linux", "none"])
    });
    let pence = 24_900 + ram * 1500 + storage * 25 + 100 * dice.roll(300) as i64;
    line["variants"] = json!([variant(
        format!("G-LAP-{:06}", index + 1),
        "Standard",
        pence,
        1500,
        json!({})
    )]);
    line
}

fn mobile(index: usize, dice: &mut Dice) -> Value {
    let (slug, maker) = brand(dice);
    let (inches, camera) = (
        *dice.pick(&[5.4, 6.1, 6.5, 6.7, 7.6]),
        *dice.pick(&[12.0, 50.0, 108.0]),
    );
    let storage = *dice.pick(&[64, 128, 256, 512]);
    let name = format!("{maker} {} Phone {}", dice.pick(&ADJECTIVES), index + 1);
    let text = format!("{name}: a {inches} inch phone with a {camera} megapixel camera.");
    let mut line = base(&super::slug(index), &name, &text, "MOBILE", "mobiles", Some(slug));
    line["details"] = json!({
        "screenInches": inches, "cameraMp": [camera, 12.0], "storageGb": storage, "ramGb": dice.pick(&[4, 6, 8, 12]),
        "batteryMah": 3000 + 100 * dice.roll(25), "os": "Android", "network": ["4G", "5G"]
    });
    let pence = price(dice, 14_900, 119_900);
    line["variants"] = ["black", "copper"]
        .iter()
        .map(|colour| {
            let sku = format!("G-MOB-{:06}-{}", index + 1, colour.to_uppercase());
            variant(sku, colour, pence, 190, json!({ "colour": colour }))
        })
        .collect();
    line
}
