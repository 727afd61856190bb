//! Relations of a product.

use super::{
    loaders::{AttributeByCode, HistoryOf, MediaOf, OpenRevisionOf, VariantsOf, reader},
    review,
    stubs::{User, Vendor},
};
use crate::{
    domain::{
        catalog::{AttributeValue, Brand, Category},
        details::{Details, ProductKind},
        media::Media,
        product::{PriceRange, Product},
        review::{RatingSummary, Review, ReviewWhere},
        revision::{ApprovalEvent, Revision},
        variant::Variant,
    },
    store::reviews::Owner,
};
use async_graphql::{ComplexObject, Context, ID, Result};
use platform::{Error, page::Page, viewer::viewer};
use std::collections::BTreeMap;

async fn attribute_values(
    ctx: &Context<'_>,
    values: &BTreeMap<String, String>,
) -> Result<Vec<AttributeValue>, Error> {
    let codes = values.keys().cloned().map(AttributeByCode);
    let known = reader(ctx).load_many(codes).await?;
    let value = |(code, value): (&String, &String)| {
        let attribute = known.get(&AttributeByCode(code.clone()))?.clone();
        Some(AttributeValue {
            attribute,
            value: value.clone(),
        })
    };
    Ok(values.iter().filter_map(value).collect())
}

#[ComplexObject]
impl Product {
    /// Opaque and unique.
    pub async fn id(&self) -> ID {
        ID(self.id.to_string())
    }

    /// Who sells it.
    async fn vendor(&self) -> Option<Vendor> {
        Some(Vendor { id: self.vendor_id })
    }

    /// Who makes it.
    async fn brand(&self, ctx: &Context<'_>) -> Option<Result<Brand, Error>> {
        reader(ctx).load_one(self.brand_id?).await.transpose()
    }

    /// Category it stands in.
    async fn category(&self, ctx: &Context<'_>) -> Result<Category> {
        let category = reader(ctx).load_one(self.category_id).await?;
        Ok(category.ok_or_else(|| Error::internal(std::io::Error::other("a product without a category")))?)
    }

    /// Details of its kind; null for GENERIC.
    async fn details(&self) -> Option<Details> {
        self.details.as_ref().map(|details| details.0.clone())
    }

    /// Further properties, by code.
    async fn attributes(&self, ctx: &Context<'_>) -> Result<Vec<AttributeValue>> {
        Ok(attribute_values(ctx, &self.attributes).await?)
    }

    /// Pictures and videos, in the vendor's order.
    async fn media(&self, ctx: &Context<'_>) -> Result<Vec<Media>> {
        Ok(reader(ctx).load_one(MediaOf(self.id)).await?.unwrap_or_default())
    }

    /// What of it can be bought, in the vendor's order. The vendor and staff see inactive ones too.
    async fn variants(&self, ctx: &Context<'_>) -> Result<Vec<Variant>> {
        Ok(reader(ctx)
            .load_one(VariantsOf(self.id))
            .await?
            .unwrap_or_default())
    }

    /// The first active variant.
    async fn default_variant(&self, ctx: &Context<'_>) -> Option<Result<Variant, Error>> {
        match reader(ctx).load_one(VariantsOf(self.id)).await {
            Ok(variants) => variants
                .unwrap_or_default()
                .into_iter()
                .find(|variant| variant.active)
                .map(Ok),
            Err(error) => Some(Err(error)),
        }
    }

    /// Least and greatest price of its active variants in its own currency, one piece, without tiers.
    async fn price_range(&self) -> PriceRange {
        self.prices()
    }

    /// What its published reviews add up to.
    async fn rating(&self) -> RatingSummary {
        self.rating_summary()
    }

    /// Reviews, newest first: published ones, and hidden ones for their author, the vendor and staff.
    async fn reviews(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows, 1 to 100; 20 if absent.")] first: Option<i32>,
        #[graphql(desc = "Rows after this cursor.")] after: Option<String>,
        #[graphql(name = "where", desc = "Narrows the list.")] filter: Option<ReviewWhere>,
    ) -> Result<Page<Review>> {
        Ok(review::page(ctx, (Owner::Product, self.id.0), first, after, filter).await?)
    }

    /// The edit that is not approved yet; for a product that never was, the product itself. Requires: VENDOR or STAFF.
    async fn pending_revision(&self, ctx: &Context<'_>) -> Option<Result<Revision, Error>> {
        if let Err(error) = viewer(ctx).require_manages(self.vendor_id) {
            return Some(Err(error));
        }
        reader(ctx).load_one(OpenRevisionOf(self.id)).await.transpose()
    }

    /// Every step of its approvals, oldest first. Requires: VENDOR or STAFF.
    async fn approval_history(&self, ctx: &Context<'_>) -> Option<Result<Vec<ApprovalEvent>, Error>> {
        if let Err(error) = viewer(ctx).require_manages(self.vendor_id) {
            return Some(Err(error));
        }
        Some(
            reader(ctx)
                .load_one(HistoryOf(self.id))
                .await
                .map(Option::unwrap_or_default),
        )
    }
}

#[ComplexObject]
impl Revision {
    /// Opaque and unique; `productApprove` wants it.
    async fn id(&self) -> ID {
        ID(self.id.to_string())
    }

    /// Slug it would have.
    async fn slug(&self) -> &str {
        &self.content.slug
    }

    /// Kind it would be of.
    async fn kind(&self) -> ProductKind {
        self.content.kind
    }

    /// Name it would have.
    async fn name(&self) -> &str {
        &self.content.name
    }

    /// Longer text it would have.
    async fn description(&self) -> Option<&String> {
        self.content.description.as_ref()
    }

    /// Brand it would be of.
    async fn brand(&self, ctx: &Context<'_>) -> Option<Result<Brand, Error>> {
        reader(ctx).load_one(self.content.brand_id?).await.transpose()
    }

    /// Category it would stand in.
    async fn category(&self, ctx: &Context<'_>) -> Option<Result<Category, Error>> {
        reader(ctx).load_one(self.content.category_id).await.transpose()
    }

    /// Details it would have; null for GENERIC.
    async fn details(&self) -> Option<Details> {
        self.content.details.clone()
    }

    /// Further properties it would have, by code.
    async fn attributes(&self, ctx: &Context<'_>) -> Result<Vec<AttributeValue>> {
        Ok(attribute_values(ctx, &self.content.attributes).await?)
    }
}

#[ComplexObject]
impl ApprovalEvent {
    /// Who did it.
    async fn by(&self) -> Option<User> {
        self.by_user.map(|id| User { id })
    }
}
