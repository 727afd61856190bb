//! Mutations by staff: categories, brands, moderation of reviews.

use super::payloads::{BrandPayload, CategoryPayload, ReviewPayload};
use crate::{
    actions::{
        catalog::{self, CategoryData},
        reviews::{self, Verdict},
    },
    domain::review::ReviewStatus,
};
use async_graphql::{Context, ID, Object, Result};
use platform::{Deps, error::parse_id, viewer::viewer};

#[derive(Default)]
pub struct CatalogMutation;

#[Object]
impl CatalogMutation {
    /// Makes a category, or changes the one with this ID, else with this slug. Requires: STAFF.
    async fn category_upsert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the category to change.")] id: Option<ID>,
        #[graphql(desc = "1 to 100 characters.")] name: String,
        #[graphql(desc = "Unique lower-case words joined by hyphens.")] slug: String,
        #[graphql(desc = "The category above; at the top if absent.")] parent_id: Option<ID>,
    ) -> Option<Result<CategoryPayload>> {
        if let Err(error) = viewer(ctx).require_staff() {
            return Some(Err(error.into()));
        }
        let upsert = async {
            let id = id.as_ref().map(parse_id).transpose()?;
            let parent = parent_id.as_ref().map(parse_id).transpose()?;
            catalog::upsert_category(
                ctx.data_unchecked::<Deps>(),
                CategoryData {
                    id,
                    name,
                    slug,
                    parent,
                },
            )
            .await
        };
        Some(CategoryPayload::of(ctx, upsert.await).await)
    }

    /// Makes a brand, or changes the one with this ID, else with this slug. Requires: STAFF.
    async fn brand_upsert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the brand to change.")] id: Option<ID>,
        #[graphql(desc = "1 to 100 characters.")] name: String,
        #[graphql(desc = "Unique lower-case words joined by hyphens.")] slug: String,
    ) -> Option<Result<BrandPayload>> {
        if let Err(error) = viewer(ctx).require_staff() {
            return Some(Err(error.into()));
        }
        let upsert = async {
            let id = id.as_ref().map(parse_id).transpose()?;
            catalog::upsert_brand(ctx.data_unchecked::<Deps>(), id, name, &slug).await
        };
        Some(BrandPayload::of(ctx, upsert.await).await)
    }

    /// Publishes or refuses a review. Requires: STAFF.
    async fn review_moderate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the review.")] id: ID,
        #[graphql(desc = "PUBLISHED or REJECTED.")] status: ReviewStatus,
        #[graphql(desc = "Why, 1 to 1,000 characters; for staff.")] reason: Option<String>,
        #[graphql(desc = "`version` as it was read: refuses what its author has changed since.")]
        expected_version: Option<i32>,
    ) -> Option<Result<ReviewPayload>> {
        let viewer = viewer(ctx);
        if let Err(error) = viewer.require_staff() {
            return Some(Err(error.into()));
        }
        let moderate = async {
            reviews::moderate(
                ctx.data_unchecked::<Deps>(),
                viewer,
                parse_id(&id)?,
                Verdict {
                    status,
                    reason,
                    expected_version,
                },
            )
            .await
        };
        Some(ReviewPayload::of(ctx, moderate.await).await)
    }
}
