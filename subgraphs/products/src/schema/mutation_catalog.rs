//! Mutations by staff: categories, brands and their logos, attributes, moderation of reviews.

use super::payloads::{AttributePayload, BrandPayload, CategoryPayload, ReviewPayload, UploadPayload};
use crate::{
    actions::{
        catalog::{self, AttributeData, CategoryData},
        logos,
        reviews::{self, Verdict},
    },
    domain::{details::ProductKind, review::ReviewStatus},
};
use async_graphql::{Context, ID, Object, Result};
use platform::{
    Deps,
    error::{Split, parse_id},
    storage::Storage,
    viewer::viewer,
};

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
                viewer(ctx),
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
            catalog::upsert_brand(ctx.data_unchecked::<Deps>(), viewer(ctx), id, name, &slug).await
        };
        Some(BrandPayload::of(ctx, upsert.await).await)
    }

    /// Opens a slot for the logo of a brand: PUT the file to `uploadUrl` as for `mediaUploadCreate`, then call
    /// `brandLogoSet`. Requires: STAFF.
    async fn brand_logo_upload_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the brand.")] brand_id: ID,
        #[graphql(desc = "image/jpeg, image/png or image/webp.")] content_type: String,
        #[graphql(desc = "Size of the file: at most 5 MiB.")] size_bytes: i32,
    ) -> Option<Result<UploadPayload>> {
        if let Err(error) = viewer(ctx).require_staff() {
            return Some(Err(error.into()));
        }
        let open = async {
            let (deps, storage) = (ctx.data_unchecked::<Deps>(), ctx.data_unchecked::<Storage>());
            let file = (content_type.as_str(), size_bytes);
            logos::open(deps, storage, viewer(ctx), parse_id(&brand_id)?, file).await
        };
        let opened = open
            .await
            .split()
            .map(|(ticket, user_errors)| UploadPayload::new(ticket, user_errors));
        Some(opened)
    }

    /// Makes an upload the logo of its brand as soon as it is checked and scaled. Errors: CONFLICT (nothing uploaded yet),
    /// INVALID (not what was announced, not only a picture). Requires: STAFF.
    async fn brand_logo_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the brand.")] brand_id: ID,
        #[graphql(desc = "ID of the upload; no logo any more if absent.")] media_id: Option<ID>,
    ) -> Option<Result<BrandPayload>> {
        if let Err(error) = viewer(ctx).require_staff() {
            return Some(Err(error.into()));
        }
        let set = async {
            let (deps, storage) = (ctx.data_unchecked::<Deps>(), ctx.data_unchecked::<Storage>());
            let media = media_id.as_ref().map(parse_id).transpose()?;
            logos::set(deps, storage, viewer(ctx), parse_id(&brand_id)?, media).await
        };
        Some(BrandPayload::of(ctx, set.await).await)
    }

    /// Makes a property that products may have, or changes the one with this code. Its type stays. Errors: CONFLICT (it
    /// has another type). Requires: STAFF.
    #[expect(clippy::too_many_arguments, reason = "these are the arguments of the field")]
    async fn attribute_upsert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Unique lower-case words joined by underscores.")] code: String,
        #[graphql(desc = "Name for people, 1 to 100 characters.")] label: String,
        #[graphql(name = "type", desc = "TEXT, NUMBER or BOOLEAN.")] data_type: String,
        #[graphql(desc = "Unit of a NUMBER, at most 20 characters.")] unit: Option<String>,
        #[graphql(default = true, desc = "May be used in `where.attributes` and as a facet.")]
        filterable: bool,
        #[graphql(desc = "Kinds of product it fits; all if absent.")] kinds: Option<Vec<ProductKind>>,
    ) -> Option<Result<AttributePayload>> {
        if let Err(error) = viewer(ctx).require_staff() {
            return Some(Err(error.into()));
        }
        let data = AttributeData {
            code,
            label,
            data_type,
            unit,
            filterable,
            kinds: kinds.unwrap_or_default(),
        };
        let upsert = catalog::upsert_attribute(ctx.data_unchecked::<Deps>(), viewer(ctx), data).await;
        Some(AttributePayload::of(ctx, upsert).await)
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
