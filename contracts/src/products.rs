//! What the products service answers.

use crate::command;
use platform::{
    Currency,
    ids::{CategoryId, ProductId, VariantId, VendorId},
};
use serde::{Deserialize, Serialize};

/// What an order needs to know of variants; unknown ones are missing from the reply.
#[derive(Debug, Serialize, Deserialize)]
pub struct GetVariants {
    pub ids: Vec<VariantId>,
    pub currency: Currency,
    /// VIP tier whose prices apply.
    pub tier: Option<String>,
}
command!(GetVariants, "products", "get_variants", Vec<VariantInfo>);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VariantInfo {
    pub id: VariantId,
    pub product: ProductId,
    pub vendor: VendorId,
    /// The product's category and all categories above it.
    pub categories: Vec<CategoryId>,
    pub sku: String,
    pub product_name: String,
    pub variant_name: String,
    pub image_url: Option<String>,
    /// Prices in the asked currency by least quantity, smallest first, starting at 1. Empty: not sold in it.
    pub prices: Vec<QuantityPrice>,
    /// Grams.
    pub weight_grams: i32,
    pub tax_category: String,
    /// Published, approved and active.
    pub purchasable: bool,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct QuantityPrice {
    pub min_quantity: i32,
    /// Minor units for one piece.
    pub amount: i64,
}

/// Published generic products of one vendor, found again by SKU.
#[derive(Debug, Serialize, Deserialize)]
pub struct ImportProducts {
    pub vendor: VendorId,
    pub category_slug: String,
    pub category_name: String,
    pub currency: Currency,
    /// At most 1,000. Each becomes a product with one variant.
    pub products: Vec<ImportProduct>,
}
command!(
    ImportProducts,
    "products",
    "import_products",
    Vec<ImportedProduct>
);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImportProduct {
    pub sku: String,
    pub name: String,
    /// Minor units.
    pub price: i64,
    /// Grams.
    pub weight_grams: i32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImportedProduct {
    pub sku: String,
    pub product: ProductId,
    pub variant: VariantId,
}

/// Which of these categories there are.
#[derive(Debug, Serialize, Deserialize)]
pub struct GetCategories {
    pub ids: Vec<CategoryId>,
}
command!(GetCategories, "products", "get_categories", Vec<CategoryId>);
