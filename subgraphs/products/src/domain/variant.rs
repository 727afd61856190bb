//! A variant: the thing that is bought.

use async_graphql::{InputObject, SimpleObject};
use platform::{
    Money,
    ids::{ProductId, VariantId, VendorId},
};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;

/// One buyable form of a product, with its own SKU, price and stock.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "ProductVariant", complex)]
pub struct Variant {
    #[graphql(skip)]
    pub id: VariantId,
    #[graphql(skip)]
    pub product_id: ProductId,
    #[graphql(skip)]
    pub vendor_id: VendorId,
    #[graphql(skip)]
    pub currency: platform::Currency,
    /// Stock keeping unit, unique regardless of case.
    pub sku: String,
    /// What tells it apart from the product's other variants.
    pub name: String,
    #[graphql(skip)]
    pub options: Json<Vec<VariantOption>>,
    /// Weight with packaging, grams.
    pub weight_grams: i32,
    /// Length, width and height with packaging, millimetres.
    pub dimensions_mm: Option<Vec<i32>>,
    /// GTIN or other barcode.
    pub barcode: Option<String>,
    /// Code of the tax category, for example `standard`.
    pub tax_category: String,
    /// Can be bought, if its product is on sale.
    #[graphql(name = "isActive")]
    pub active: bool,
    /// Increases with every change; pass it as `expectedVersion`.
    pub version: i32,
}

/// What a variant is chosen by, for example size: M.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, SimpleObject, InputObject)]
#[graphql(input_name = "VariantOptionInput")]
pub struct VariantOption {
    /// Name, for example `size`.
    pub name: String,
    /// Value, for example `M`.
    pub value: String,
}

/// A price from some quantity on.
#[derive(Clone, Debug, SimpleObject)]
pub struct PriceTier {
    /// Least number of pieces.
    pub min_quantity: i32,
    /// Price of one piece.
    pub price: Money,
    /// Tier of customers it is for; null: everybody.
    pub customer_tier: Option<String>,
}
