//! What a vendor writes about a product or variant, checked.

use super::{
    catalog,
    details::{self, ProductDetailsInput, ProductKind},
    price, rules,
    variant::VariantOption,
};
use async_graphql::{ID, InputObject};
use platform::{Currency, MinorUnits, UserError, address::text, money::MoneyInput};
use serde::{Serialize, Serializer};
use std::collections::BTreeSet;

/// Value of an attribute, as input.
#[derive(Clone, Debug, InputObject, Serialize)]
pub struct AttributeValueInput {
    /// Code of the attribute.
    pub code: String,
    /// The value.
    pub value: String,
}

/// A product, as input. An update replaces all of it.
#[derive(Clone, Debug, InputObject, Serialize)]
pub struct ProductInput {
    /// 1 to 200 characters.
    pub name: String,
    /// Unique lower-case words joined by hyphens; made of the name if absent, and kept by an update.
    pub slug: Option<String>,
    /// At most 20,000 characters.
    pub description: Option<String>,
    /// Category it stands in.
    pub category_id: ID,
    /// Brand, if any.
    pub brand_id: Option<ID>,
    /// What kind of thing it is.
    pub kind: ProductKind,
    /// Details of its kind; none for GENERIC.
    pub details: Option<ProductDetailsInput>,
    /// Further properties, at most 50.
    pub attributes: Option<Vec<AttributeValueInput>>,
}

/// A variant, as input. An update replaces all of it, but keeps prices by quantity and tier.
#[derive(Clone, Debug, InputObject, Serialize)]
pub struct VariantInput {
    /// Unique regardless of case, 1 to 64 visible ASCII characters.
    pub sku: String,
    /// 1 to 200 characters.
    pub name: String,
    /// Price of one piece, one for each currency; the first one is the product's own currency.
    #[serde(serialize_with = "moneys")]
    pub prices: Vec<MoneyInput>,
    /// Prices before a reduction, above the prices.
    #[serde(serialize_with = "maybe_moneys")]
    pub compare_at: Option<Vec<MoneyInput>>,
    /// Weight with packaging, grams, 0 to 1,000,000.
    pub weight_grams: i32,
    /// Length, width and height with packaging, millimetres, each 1 to 100,000.
    pub dimensions_mm: Option<Vec<i32>>,
    /// GTIN or other barcode, at most 50 characters.
    pub barcode: Option<String>,
    /// What it is chosen by, at most 10.
    pub options: Option<Vec<VariantOption>>,
    /// Code of the tax category, for example `standard`.
    pub tax_category: String,
}

fn moneys<S: Serializer>(value: &[MoneyInput], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(value.iter().map(|money| (money.amount, money.currency)))
}

fn maybe_moneys<S: Serializer>(value: &Option<Vec<MoneyInput>>, serializer: S) -> Result<S::Ok, S::Error> {
    moneys(value.as_deref().unwrap_or_default(), serializer)
}

/// A checked variant.
#[derive(Clone, Debug)]
pub struct VariantData {
    pub sku: String,
    pub name: String,
    pub prices: Vec<(Currency, i64, Option<i64>)>,
    pub weight_grams: i32,
    pub dimensions_mm: Option<Vec<i32>>,
    pub barcode: Option<String>,
    pub options: Vec<VariantOption>,
    pub tax_category: String,
}

fn invalid(field: &str, rule: &str) -> UserError {
    UserError::invalid(&["input", field], rule)
}

impl VariantInput {
    pub fn validate(self) -> Result<VariantData, UserError> {
        let sku = self.sku.trim().to_owned();
        if sku.is_empty() || sku.len() > 64 || !sku.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(invalid("sku", "1..64 visible ASCII characters"));
        }
        if !(0..=1_000_000).contains(&self.weight_grams) {
            return Err(invalid("weightGrams", "0..1000000"));
        }
        let sides = |sides: &Vec<i32>| sides.len() == 3 && sides.iter().all(|mm| (1..=100_000).contains(mm));
        if !self.dimensions_mm.as_ref().is_none_or(sides) {
            return Err(invalid("dimensionsMm", "three values of 1..100000"));
        }
        let barcode = self
            .barcode
            .map(|code| text(code, 50).ok_or_else(|| invalid("barcode", "1..50 characters")));
        Ok(VariantData {
            sku,
            name: text(self.name, 200).ok_or_else(|| invalid("name", "1..200 characters"))?,
            prices: price::listed(&self.prices, self.compare_at.as_deref())?,
            weight_grams: self.weight_grams,
            dimensions_mm: self.dimensions_mm,
            barcode: barcode.transpose()?,
            options: options(self.options.unwrap_or_default())?,
            tax_category: text(self.tax_category, 50)
                .ok_or_else(|| invalid("taxCategory", "1..50 characters"))?,
        })
    }
}

fn options(options: Vec<VariantOption>) -> Result<Vec<VariantOption>, UserError> {
    let few = options.len() <= 10;
    let checked: Option<Vec<VariantOption>> = options
        .into_iter()
        .map(|option| {
            Some(VariantOption {
                name: text(option.name, 50)?,
                value: text(option.value, 100)?,
            })
        })
        .collect();
    checked
        .filter(|options| {
            few && options
                .iter()
                .map(|option| &option.name)
                .collect::<BTreeSet<_>>()
                .len()
                == options.len()
        })
        .ok_or_else(|| invalid("options", "at most 10 pairs of texts, each name once"))
}

/// A product's own texts and details, checked; its references are for the caller to check.
#[derive(Clone, Debug)]
pub struct Texts {
    pub name: String,
    pub slug: Option<String>,
    pub description: Option<String>,
    pub details: Option<details::Details>,
}

impl ProductInput {
    pub fn texts(&self) -> Result<Texts, UserError> {
        let name = text(self.name.clone(), 200).ok_or_else(|| invalid("name", "1..200 characters"))?;
        let slug = self
            .slug
            .as_deref()
            .map(|slug| catalog::slug(&["input", "slug"], slug))
            .transpose()?;
        let description = self
            .description
            .as_deref()
            .map(|text| {
                platform::text::lines(text, 20_000)
                    .ok_or_else(|| invalid("description", "at most 20000 characters"))
            })
            .transpose()?
            .filter(|text| !text.is_empty());
        if self
            .attributes
            .as_ref()
            .is_some_and(|attributes| attributes.len() > 50)
        {
            return Err(invalid("attributes", "at most 50"));
        }
        Ok(Texts {
            name,
            slug,
            description,
            details: rules::validate(self.kind, self.details.clone().map(Into::into))?,
        })
    }
}

/// Minor units out of GraphQL's wrapper.
pub fn amounts(values: &[MinorUnits]) -> Vec<i64> {
    values.iter().map(|value| value.0).collect()
}
