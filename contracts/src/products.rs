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

/// Build a new search index beside the one in use, which it then replaces. False: one is being built already.
#[derive(Debug, Serialize, Deserialize)]
pub struct RebuildSearch {
    /// Language whose word endings do not matter, such as `english` or `german`; as before if absent.
    pub language: Option<String>,
}
command!(RebuildSearch, "products", "rebuild_search", bool);

/// Replace all synonyms of the search: whoever looks for one of a group finds all of it. Returns the number of pairs.
#[derive(Debug, Serialize, Deserialize)]
pub struct SetSynonyms {
    pub groups: Vec<Vec<String>>,
}
command!(SetSynonyms, "products", "set_synonyms", u64);

/// What the search index is like.
#[derive(Debug, Serialize, Deserialize)]
pub struct GetSearchStatus {}
command!(GetSearchStatus, "products", "get_search_status", SearchStatus);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SearchStatus {
    pub language: String,
    pub documents: i64,
    /// Changes that are not in the index yet.
    pub queued: i64,
    /// Documents of the index that is being built.
    pub rebuilding: Option<i64>,
}
/// Which of these categories there are.
#[derive(Debug, Serialize, Deserialize)]
pub struct GetCategories {
    pub ids: Vec<CategoryId>,
}
command!(GetCategories, "products", "get_categories", Vec<CategoryId>);
