//! Mutations of whole catalogues.

use super::payloads::{CatalogExportPayload, CatalogImportPayload};
use crate::{
    actions::bulk::{
        export_jobs,
        jobs::{self, Ask},
    },
    domain::bulk::job::{Format, Stage},
};
use async_graphql::{Context, ID, Object, Result};
use platform::{Deps, error::parse_id, storage::Storage, viewer::viewer};

#[derive(Default)]
pub struct BulkMutation;

#[Object]
impl BulkMutation {
    /// Brings a file into the catalogue of a vendor; docs/catalog-import.md says how it is written. Products are found
    /// again by slug or SKU. By members of the vendor, while it is approved, and staff. Errors: FORBIDDEN (stage is for
    /// staff), CONFLICT (vendor not approved), LIMIT_EXCEEDED (5 imports under way).
    #[expect(clippy::too_many_arguments, reason = "GraphQL arguments")]
    async fn catalog_import_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose catalogue.")] vendor_id: ID,
        #[graphql(desc = "How the file is written.")] format: Format,
        #[graphql(
            default_with = "Stage::Draft",
            desc = "How far products are taken that are new or changed."
        )]
        stage: Stage,
        #[graphql(default, desc = "Only report what would happen.")] dry_run: bool,
        #[graphql(desc = "The file itself, at most 256 KB; without it, it is sent to `uploadUrl`.")] content: Option<String>,
        #[graphql(desc = "Makes the request unique, 1 to 255 characters.")] idempotency_key: ID,
    ) -> Result<CatalogImportPayload> {
        let create = async {
            let ask = Ask {
                vendor: Some(parse_id(&vendor_id)?),
                format,
                stage,
                dry_run,
                content,
            };
            jobs::create(ctx.data_unchecked::<Deps>(), viewer(ctx), ask, &idempotency_key).await
        };
        CatalogImportPayload::of(ctx, create.await).await
    }

    /// Brings reviews of a whole shop in, as a file; docs/review-import.md says how it is written. Each has a key by which
    /// it is found again. `catalogImport` tells how it goes. Requires: STAFF. Errors: LIMIT_EXCEEDED (5 imports under way).
    async fn review_import_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How the file is written.")] format: Format,
        #[graphql(
            default,
            desc = "Publish reviews whose line names no status; otherwise they wait for `reviewModerate`."
        )]
        publish: bool,
        #[graphql(default, desc = "Only report what would happen.")] dry_run: bool,
        #[graphql(desc = "The file itself, at most 256 KB; without it, it is sent to `uploadUrl`.")] content: Option<String>,
        #[graphql(desc = "Makes the request unique, 1 to 255 characters.")] idempotency_key: ID,
    ) -> Option<Result<CatalogImportPayload>> {
        let viewer = viewer(ctx);
        if let Err(error) = viewer.require_staff() {
            return Some(Err(error.into()));
        }
        let ask = Ask {
            vendor: None,
            format,
            stage: if publish { Stage::Publish } else { Stage::Submit },
            dry_run,
            content,
        };
        let create = jobs::create(ctx.data_unchecked::<Deps>(), viewer, ask, &idempotency_key);
        Some(CatalogImportPayload::of(ctx, create.await).await)
    }

    /// Ends an import before its last line. What was reported as done stays done.
    async fn catalog_import_cancel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the import.")] id: ID,
    ) -> Result<CatalogImportPayload> {
        let cancel = async {
            let (deps, storage) = (ctx.data_unchecked::<Deps>(), ctx.data_unchecked::<Storage>());
            jobs::cancel(deps, storage, viewer(ctx), parse_id(&id)?).await
        };
        CatalogImportPayload::of(ctx, cancel.await).await
    }

    /// Writes the whole catalogue of a vendor to a file, as an import reads it. Of products with an edit under way it has
    /// the edit. Read `catalogExport` until it is complete and has a `url`; who asks again before it has begun gets the
    /// same. By members of the vendor and staff. Errors: LIMIT_EXCEEDED (50 in a day).
    async fn catalog_export_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose catalogue.")] vendor_id: ID,
        #[graphql(desc = "How the file is written.")] format: Format,
    ) -> Result<CatalogExportPayload> {
        let ask = async {
            let vendor = parse_id(&vendor_id)?;
            export_jobs::ask(ctx.data_unchecked::<Deps>(), viewer(ctx), vendor, format).await
        };
        CatalogExportPayload::of(ctx, ask.await).await
    }
}
