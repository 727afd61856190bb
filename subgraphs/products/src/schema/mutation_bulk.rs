//! Mutations of whole catalogues.

use super::payloads::CatalogImportPayload;
use crate::{
    actions::bulk::jobs::{self, Ask},
    domain::bulk::job::{Format, Stage},
};
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use platform::{
    Deps, UserError,
    error::{Split, parse_id},
    viewer::viewer,
};

#[derive(Default)]
pub struct BulkMutation;

/// Where a catalogue can be fetched.
#[derive(SimpleObject)]
pub struct CatalogExportPayload {
    /// Link to the file, for HTTP GET. It shows the catalogue as it is when it is fetched.
    pub url: Option<String>,
    /// When the link ends.
    pub expires_at: Option<DateTime<Utc>>,
    /// Why nothing happened; empty if it did.
    pub user_errors: Vec<UserError>,
}

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
        let cancel = async { jobs::cancel(ctx.data_unchecked::<Deps>(), viewer(ctx), parse_id(&id)?).await };
        CatalogImportPayload::of(ctx, cancel.await).await
    }

    /// Makes a link to the whole catalogue of a vendor, as an import reads it. Of products with an edit under way it
    /// has the edit. By members of the vendor and staff.
    async fn catalog_export_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose catalogue.")] vendor_id: ID,
        #[graphql(desc = "How the file is written.")] format: Format,
    ) -> Result<CatalogExportPayload> {
        let export = async {
            let vendor = parse_id(&vendor_id)?;
            jobs::export(ctx.data_unchecked::<Deps>(), viewer(ctx), vendor, format).await
        };
        let (link, user_errors) = export.await.split()?;
        let (url, expires_at) = link.unzip();
        Ok(CatalogExportPayload {
            url,
            expires_at,
            user_errors,
        })
    }
}
