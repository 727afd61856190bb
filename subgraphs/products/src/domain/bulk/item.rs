//! A product with all that an import may change of it.

use super::{
    document::camel,
    prices::{self, PriceList},
};
use crate::domain::{
    price::Price, product::Product, revision::Content, revision::Revision, status::ProductStatus,
    variant::Variant, variant::VariantOption,
};
use platform::{
    Currency,
    ids::{CategoryId, ProductId, RevisionId, VariantId},
};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// A product, loaded or new.
#[derive(Clone, Debug)]
pub struct Item {
    pub id: ProductId,
    pub is_new: bool,
    pub status: ProductStatus,
    pub published: bool,
    pub currency: Currency,
    /// What the columns of the product say.
    pub stored: Content,
    /// What its vendor wrote last: the open revision if there is one.
    pub content: Content,
    /// The open one, if any, is the last.
    pub revisions: Vec<ItemRevision>,
    pub variants: Vec<ItemVariant>,
    /// Steps of the approval.
    pub steps: Vec<(ProductStatus, ProductStatus)>,
    pub is_changed: bool,
}

#[derive(Clone, Debug)]
pub struct ItemRevision {
    pub id: RevisionId,
    pub is_new: bool,
    pub is_changed: bool,
    pub status: ProductStatus,
    pub content: Content,
    pub changed_fields: Vec<String>,
    pub was_submitted: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ItemVariant {
    pub id: VariantId,
    pub is_new: bool,
    pub is_changed: bool,
    pub are_prices_changed: bool,
    pub data: ItemVariantData,
    pub prices: PriceList,
}

/// What an import may change of a variant, but its prices.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemVariantData {
    pub sku: String,
    pub name: String,
    pub weight_grams: i32,
    pub dimensions_mm: Option<Vec<i32>>,
    pub barcode: Option<String>,
    pub options: Vec<VariantOption>,
    pub tax_category: String,
    pub active: bool,
}

impl Item {
    /// From its rows.
    pub fn new(
        product: &Product,
        revision: Option<Revision>,
        variants: Vec<Variant>,
        prices: &HashMap<VariantId, Vec<Price>>,
    ) -> Self {
        let stored = Content::from(product);
        let variant = |variant: Variant| ItemVariant {
            id: variant.id,
            is_new: false,
            is_changed: false,
            are_prices_changed: false,
            prices: prices::list(prices.get(&variant.id).into_iter().flatten()),
            data: ItemVariantData {
                sku: variant.sku,
                name: variant.name,
                weight_grams: variant.weight_grams,
                dimensions_mm: variant.dimensions_mm,
                barcode: variant.barcode,
                options: variant.options.0,
                tax_category: variant.tax_category,
                active: variant.active,
            },
        };
        let revisions: Vec<ItemRevision> = revision
            .map(|revision| ItemRevision {
                id: revision.id,
                is_new: false,
                is_changed: false,
                status: revision.status,
                content: revision.content.0,
                changed_fields: revision.changed_fields,
                was_submitted: false,
            })
            .into_iter()
            .collect();
        Self {
            id: product.id,
            is_new: false,
            status: product.status,
            published: product.published,
            currency: product.currency,
            content: revisions
                .last()
                .map_or_else(|| stored.clone(), |open| open.content.clone()),
            stored,
            revisions,
            variants: variants.into_iter().map(variant).collect(),
            steps: Vec::new(),
            is_changed: false,
        }
    }

    /// The open revision.
    pub fn open(&self) -> Option<&ItemRevision> {
        self.revisions
            .last()
            .filter(|revision| !matches!(revision.status, ProductStatus::Approved | ProductStatus::Archived))
    }

    /// The document that makes this product again. `names` gives a category's path and a brand's slug.
    pub fn document(&self, names: &impl Names) -> Value {
        let content = &self.content;
        let details = content
            .details
            .as_ref()
            .and_then(|details| serde_json::to_value(details).ok())
            .and_then(|tagged| tagged.as_object()?.values().next()?.as_object().cloned())
            .unwrap_or_default();
        let details: Map<String, Value> = details
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(field, value)| (camel(&field), value))
            .collect();
        let variants: Vec<Value> = self.variants.iter().map(ItemVariant::document).collect();
        without_nulls(json!({
            "slug": content.slug,
            "name": content.name,
            "description": content.description,
            "category": names.category_path(content.category_id),
            "brand": content.brand_id.and_then(|id| names.brand_slug(id)),
            "kind": content.kind,
            "details": details,
            "attributes": content.attributes,
            "currency": self.currency,
            "variants": variants,
        }))
    }
}

impl ItemVariant {
    fn document(&self) -> Value {
        let data = &self.data;
        let prices: Map<String, Value> = self
            .prices
            .iter()
            .map(|(key, (amount, _))| (key.to_string(), json!(amount)))
            .collect();
        let compare_at: Map<String, Value> = self
            .prices
            .iter()
            .filter_map(|(key, (_, before))| Some((key.to_string(), json!((*before)?))))
            .collect();
        let options: Map<String, Value> = data
            .options
            .iter()
            .map(|option| (option.name.clone(), json!(option.value)))
            .collect();
        without_nulls(json!({
            "sku": data.sku,
            "name": data.name,
            "prices": prices,
            "compareAt": compare_at,
            "weightGrams": data.weight_grams,
            "dimensionsMm": data.dimensions_mm,
            "barcode": data.barcode,
            "options": options,
            "taxCategory": data.tax_category,
            "active": data.active,
        }))
    }
}

/// Absent and null say the same; absent is shorter. So are empty sets.
fn without_nulls(mut value: Value) -> Value {
    if let Some(map) = value.as_object_mut() {
        map.retain(|_, value| !value.is_null() && value.as_object().is_none_or(|set| !set.is_empty()));
    }
    value
}

/// How documents name categories and brands.
pub trait Names {
    /// Slugs from the top down: `clothing/coats`.
    fn category_path(&self, id: CategoryId) -> Option<String>;
    fn brand_slug(&self, id: platform::ids::BrandId) -> Option<String>;
}
