//! A product as it is on sale.

use super::{
    details::{Details, ProductKind},
    review::RatingSummary,
    status::ProductStatus,
};
use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use platform::{
    Currency, Money,
    ids::{BrandId, CategoryId, ProductId, VendorId},
};
use sqlx::types::Json;
use std::collections::BTreeMap;

/// Something that is sold in one or more variants.
#[derive(Clone, Debug, SimpleObject, sqlx::FromRow)]
#[graphql(complex)]
pub struct Product {
    #[graphql(skip)]
    pub id: ProductId,
    /// Unique, for addresses of pages.
    pub slug: String,
    /// What kind of thing it is.
    pub kind: ProductKind,
    /// Name in lists.
    pub name: String,
    /// Longer text.
    pub description: Option<String>,
    #[graphql(skip)]
    pub vendor_id: VendorId,
    #[graphql(skip)]
    pub brand_id: Option<BrandId>,
    #[graphql(skip)]
    pub category_id: CategoryId,
    /// State of the approval. An edit of an approved product has a state of its own: see `pendingRevision`.
    pub status: ProductStatus,
    /// Offered to customers, if approved.
    #[graphql(name = "isPublished")]
    pub published: bool,
    /// When it is, or was, to be published.
    pub publish_at: Option<DateTime<Utc>>,
    /// When it is to be taken out of the shop window.
    pub unpublish_at: Option<DateTime<Utc>>,
    #[graphql(skip)]
    pub visible: bool,
    #[graphql(skip)]
    pub details: Option<Json<Details>>,
    #[graphql(skip)]
    pub attributes: Json<BTreeMap<String, String>>,
    #[graphql(skip)]
    pub currency: Currency,
    #[graphql(skip)]
    pub min_price: i64,
    #[graphql(skip)]
    pub max_price: i64,
    #[graphql(skip)]
    pub rating_count: i32,
    #[graphql(skip)]
    pub rating_sum: i64,
    #[graphql(skip)]
    pub rating_histogram: Vec<i32>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Increases with every change; pass it as `expectedVersion`.
    pub version: i32,
}

impl Product {
    pub fn prices(&self) -> PriceRange {
        PriceRange {
            min: Money::new(self.min_price, self.currency),
            max: Money::new(self.max_price, self.currency),
        }
    }

    pub fn rating_summary(&self) -> RatingSummary {
        RatingSummary::new(self.rating_count, self.rating_sum, self.rating_histogram.clone())
    }
}

/// Least and greatest price of one piece among a product's variants.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct PriceRange {
    /// Least price.
    pub min: Money,
    /// Greatest price.
    pub max: Money,
}
