//! A product as a document: what an export writes and an import reads, in JSON and, laid flat, in CSV.

use crate::domain::details::ProductKind;
use platform::{Currency, UserError, UserErrorCode};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A whole product. References are by slug, so that a document means the same in another shop.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProductDoc {
    pub slug: Option<String>,
    pub name: String,
    pub description: Option<String>,
    /// Slug of a category, or slugs from the top down: `clothing/coats`.
    pub category: String,
    /// Slug or name of a brand.
    pub brand: Option<String>,
    #[serde(default = "generic")]
    pub kind: ProductKind,
    #[serde(default)]
    pub details: Map<String, Value>,
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// The product's own currency; needed if a new product has prices in several.
    pub currency: Option<Currency>,
    #[serde(default)]
    pub variants: Vec<VariantDoc>,
}

/// One variant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VariantDoc {
    pub sku: String,
    #[serde(default = "standard_name")]
    pub name: String,
    /// Minor units by name of the price: `GBP`, `GBP/10`, `GBP:GOLD/10`.
    pub prices: BTreeMap<String, i64>,
    /// Prices before a reduction, by currency.
    #[serde(default)]
    pub compare_at: BTreeMap<String, i64>,
    pub weight_grams: i32,
    pub dimensions_mm: Option<Vec<i32>>,
    pub barcode: Option<String>,
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    #[serde(default = "standard_tax")]
    pub tax_category: String,
    #[serde(default = "yes")]
    pub active: bool,
}

fn generic() -> ProductKind {
    ProductKind::Generic
}

fn standard_name() -> String {
    "Standard".to_owned()
}

fn standard_tax() -> String {
    "standard".to_owned()
}

fn yes() -> bool {
    true
}

impl ProductDoc {
    /// Reads a merged document.
    pub fn read(document: Value) -> Result<Self, UserError> {
        serde_json::from_value(document)
            .map_err(|error| UserError::refused(UserErrorCode::Invalid, error.to_string()))
    }
}

/// The SKUs a document names, as they are written.
pub fn skus(document: &Value) -> impl Iterator<Item = &str> {
    let variants = document["variants"].as_array().map_or(&[][..], Vec::as_slice);
    variants
        .iter()
        .filter_map(|variant| variant["sku"].as_str().map(str::trim))
}

/// Changes `base` as `patch` says (RFC 7396: null takes away, what is not named stays). Variants are told apart by
/// SKU; of `base` only those are kept that the patch names.
pub fn merge(mut base: Value, mut patch: Value) -> Value {
    let named = patch
        .as_object_mut()
        .and_then(|patch| patch.remove("variants"))
        .unwrap_or(Value::Null);
    let known = base
        .as_object_mut()
        .and_then(|base| base.remove("variants"))
        .unwrap_or(Value::Null);
    // Details of one kind mean nothing for another.
    if !patch["kind"].is_null()
        && patch["kind"] != base["kind"]
        && let Some(base) = base.as_object_mut()
    {
        base.remove("details");
    }
    apply(&mut base, patch);
    let known = known.as_array().map_or(&[][..], Vec::as_slice);
    let merged = match named {
        Value::Null => Value::Array(Vec::new()),
        Value::Array(named) => Value::Array(
            named
                .into_iter()
                .map(|patch| merge_variant(known, patch))
                .collect(),
        ),
        other => other,
    };
    if let Some(base) = base.as_object_mut() {
        base.insert("variants".to_owned(), merged);
    }
    base
}

fn merge_variant(known: &[Value], patch: Value) -> Value {
    let sku = |variant: &Value| variant["sku"].as_str().map(|sku| sku.trim().to_lowercase());
    let wanted = sku(&patch);
    let mut base = known
        .iter()
        .find(|variant| wanted.is_some() && sku(variant) == wanted)
        .cloned()
        .unwrap_or_else(|| Value::Object(Map::new()));
    apply(&mut base, patch);
    base
}

/// RFC 7396, section 2.
fn apply(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else { return };
    for (key, value) in patch {
        match value {
            Value::Null => drop(target.remove(&key)),
            value => apply(target.entry(key).or_insert(Value::Null), value),
        }
    }
}

/// `ramGb` to `ram_gb`, as details are stored.
pub fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// `ram_gb` to `ramGb`, as documents name them; also inside of a sentence.
pub fn camel(name: &str) -> String {
    let mut out = String::new();
    let mut upper = false;
    for c in name.chars() {
        match c {
            '_' => upper = true,
            c if upper => {
                out.push(c.to_ascii_uppercase());
                upper = false;
            }
            c => out.push(c),
        }
    }
    out
}
