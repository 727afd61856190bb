//! The editable part of a product, and edits that wait for approval.

use super::{details::Details, details::ProductKind, product::Product, status::ProductStatus};
use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use platform::ids::{BrandId, CategoryId, ProductId, RevisionId, UserId};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use std::collections::BTreeMap;

/// What an edit may change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Content {
    pub name: String,
    pub slug: String,
    pub description: Option<String>,
    pub category_id: CategoryId,
    pub brand_id: Option<BrandId>,
    pub kind: ProductKind,
    pub details: Option<Details>,
    pub attributes: BTreeMap<String, String>,
}

impl Content {
    /// GraphQL names of the fields in which the two differ.
    pub fn changes(&self, other: &Self) -> Vec<String> {
        [
            ("name", self.name != other.name),
            ("slug", self.slug != other.slug),
            ("description", self.description != other.description),
            ("category", self.category_id != other.category_id),
            ("brand", self.brand_id != other.brand_id),
            ("kind", self.kind != other.kind),
            ("details", self.details != other.details),
            ("attributes", self.attributes != other.attributes),
        ]
        .into_iter()
        .filter(|(_, differs)| *differs)
        .map(|(field, _)| field.to_owned())
        .collect()
    }
}

impl From<&Product> for Content {
    fn from(product: &Product) -> Self {
        Self {
            name: product.name.clone(),
            slug: product.slug.clone(),
            description: product.description.clone(),
            category_id: product.category_id,
            brand_id: product.brand_id,
            kind: product.kind,
            details: product.details.as_ref().map(|details| details.0.clone()),
            attributes: product.attributes.0.clone(),
        }
    }
}

/// A set of edits on its way through the approval. The first one is the product itself.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "ProductRevision", complex)]
pub struct Revision {
    #[graphql(skip)]
    pub id: RevisionId,
    #[graphql(skip)]
    pub product_id: ProductId,
    /// Where it stands.
    pub status: ProductStatus,
    #[graphql(skip)]
    pub content: Json<Content>,
    /// Names of the fields that differ from what is on sale.
    pub changed_fields: Vec<String>,
    /// When it was handed in.
    pub submitted_at: Option<DateTime<Utc>>,
}

/// One step of an approval.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct ApprovalEvent {
    #[graphql(skip)]
    pub product_id: ProductId,
    /// State before.
    #[graphql(name = "from")]
    pub from_status: ProductStatus,
    /// State after.
    #[graphql(name = "to")]
    pub to_status: ProductStatus,
    #[graphql(skip)]
    pub by_user: Option<UserId>,
    /// Reason, in words.
    pub note: Option<String>,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Position among the approvals of its vendor, without gaps: what `productApprovalChanged` resumes after.
    pub seq: i32,
}
