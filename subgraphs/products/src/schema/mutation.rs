//! Mutations of products and of their approval; the other groups are merged in.

use super::{
    mutation_bulk::BulkMutation, mutation_catalog::CatalogMutation, mutation_customer::CustomerMutation,
    mutation_media::MediaMutation, mutation_variant::VariantMutation, payloads::ProductPayload,
    synonyms::SynonymMutation,
};
use crate::{
    actions::{
        approval::{Ask, advance},
        products, publishing,
    },
    domain::input::{ProductInput, VariantInput},
};
use async_graphql::{Context, ID, MergedObject, Object, Result};
use chrono::{DateTime, Utc};
use platform::{Deps, Outcome, error::parse_id, ids::ProductId, viewer::viewer};

/// Root of all mutations.
#[derive(MergedObject, Default)]
pub struct Mutation(
    ProductMutation,
    VariantMutation,
    CatalogMutation,
    CustomerMutation,
    BulkMutation,
    MediaMutation,
    SynonymMutation,
);

#[derive(Default)]
pub struct ProductMutation;

async fn step(ctx: &Context<'_>, id: &ID, ask: Ask<'_>) -> Outcome<ProductId> {
    advance(ctx.data_unchecked::<Deps>(), viewer(ctx), parse_id(id)?, ask).await
}

/// A step that only staff may take: null and FORBIDDEN for others.
async fn staff_step(ctx: &Context<'_>, id: &ID, ask: Ask<'_>) -> Result<ProductPayload> {
    viewer(ctx).require_staff()?;
    ProductPayload::of(ctx, step(ctx, id, ask).await).await
}

#[Object]
impl ProductMutation {
    /// Makes a draft. By members of the vendor, while it is approved, and staff. Errors: CONFLICT (vendor not
    /// approved, slug or SKU in use).
    async fn product_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who sells it.")] vendor_id: ID,
        #[graphql(desc = "The product.")] input: ProductInput,
        #[graphql(desc = "Its variants, 1 to 100.")] variants: Vec<VariantInput>,
        #[graphql(desc = "Makes the request unique, 1 to 255 characters.")] idempotency_key: ID,
    ) -> Result<ProductPayload> {
        let create = async {
            let vendor = parse_id(&vendor_id)?;
            let deps = ctx.data_unchecked::<Deps>();
            products::create(deps, viewer(ctx), vendor, (input, variants), &idempotency_key).await
        };
        ProductPayload::of(ctx, create.await).await
    }

    /// Replaces the product's data. Of an approved product this makes or changes a revision: what is on sale stays
    /// until the revision is approved. Not while it is in review.
    async fn product_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the product.")] id: ID,
        #[graphql(desc = "All of its data.")] input: ProductInput,
        #[graphql(desc = "`version` as it was read.")] expected_version: i32,
    ) -> Result<ProductPayload> {
        let update = async {
            let deps = ctx.data_unchecked::<Deps>();
            products::update(deps, viewer(ctx), parse_id(&id)?, input, expected_version).await
        };
        ProductPayload::of(ctx, update.await).await
    }

    /// Takes a product away for good.
    async fn product_archive(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the product.")] id: ID,
        #[graphql(desc = "`version` as it was read.")] expected_version: i32,
    ) -> Result<ProductPayload> {
        let archive = async {
            products::archive(
                ctx.data_unchecked::<Deps>(),
                viewer(ctx),
                parse_id(&id)?,
                expected_version,
            )
            .await
        };
        ProductPayload::of(ctx, archive.await).await
    }

    /// Hands a draft, or the draft of an edit, in for approval.
    async fn product_submit(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the product.")] id: ID,
    ) -> Result<ProductPayload> {
        ProductPayload::of(ctx, step(ctx, &id, Ask::Submit).await).await
    }

    /// Begins the review of what was handed in. Requires: STAFF.
    async fn product_review(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the product.")] id: ID,
    ) -> Option<Result<ProductPayload>> {
        Some(staff_step(ctx, &id, Ask::Review).await)
    }

    /// Approves what was reviewed. An edit of an approved product goes on sale now. Requires: STAFF.
    async fn product_approve(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the product.")] id: ID,
        #[graphql(desc = "What was looked at: `pendingRevision.id`.")] revision_id: ID,
        #[graphql(desc = "Note for the vendor, at most 2,000 characters.")] note: Option<String>,
    ) -> Option<Result<ProductPayload>> {
        if let Err(error) = viewer(ctx).require_staff() {
            return Some(Err(error.into()));
        }
        let revision = match parse_id(&revision_id) {
            Ok(revision) => revision,
            Err(error) => return Some(ProductPayload::of(ctx, Err(error.into())).await),
        };
        Some(
            staff_step(
                ctx,
                &id,
                Ask::Approve {
                    revision,
                    note: note.as_deref(),
                },
            )
            .await,
        )
    }

    /// Sends what was reviewed back to its vendor. Requires: STAFF.
    async fn product_request_changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the product.")] id: ID,
        #[graphql(desc = "What to change, 1 to 2,000 characters.")] note: String,
    ) -> Option<Result<ProductPayload>> {
        Some(staff_step(ctx, &id, Ask::RequestChanges { note: &note }).await)
    }

    /// Refuses what was reviewed. Requires: STAFF.
    async fn product_reject(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the product.")] id: ID,
        #[graphql(desc = "Why, 1 to 2,000 characters.")] reason: String,
    ) -> Option<Result<ProductPayload>> {
        Some(staff_step(ctx, &id, Ask::Reject { reason: &reason }).await)
    }

    /// Puts an approved product into the shop window. Errors: CONFLICT (not approved; `at` is to come, but the product is
    /// published already).
    async fn product_publish(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the product.")] id: ID,
        #[graphql(desc = "When; now if absent or past.")] at: Option<DateTime<Utc>>,
    ) -> Result<ProductPayload> {
        let publish = async {
            publishing::publish(ctx.data_unchecked::<Deps>(), viewer(ctx), parse_id(&id)?, at).await
        };
        ProductPayload::of(ctx, publish.await).await
    }

    /// Takes a product out of the shop window, and cancels a publication to come; or, with `at`, plans its end.
    /// Errors: CONFLICT (`at` is to come, but the product is not published and will not be).
    async fn product_unpublish(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the product.")] id: ID,
        #[graphql(desc = "When; now if absent or past.")] at: Option<DateTime<Utc>>,
    ) -> Result<ProductPayload> {
        let unpublish = async {
            publishing::unpublish(ctx.data_unchecked::<Deps>(), viewer(ctx), parse_id(&id)?, at).await
        };
        ProductPayload::of(ctx, unpublish.await).await
    }
}
