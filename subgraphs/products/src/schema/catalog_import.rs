//! Relations of an import.

use super::{loaders::reader, stubs::Vendor};
use crate::{
    actions::bulk::uploads,
    domain::{
        bulk::job::{CatalogImport, ImportLine, ImportStatus, LineStatus},
        product::Product,
        review::Review,
    },
    store,
};
use async_graphql::{ComplexObject, Context, ID, Result};
use platform::{
    Deps, Error, UserError,
    ids::VendorId,
    page::{Page, PageArgs},
    storage::Storage,
    viewer::viewer,
};
use uuid::Uuid;

#[ComplexObject]
impl CatalogImport {
    /// Opaque and unique.
    pub async fn id(&self) -> ID {
        ID(self.id.to_string())
    }

    /// Whose catalogue it changes; null if it brings reviews.
    async fn vendor(&self) -> Option<Vendor> {
        self.vendor_id.map(|id| Vendor { id })
    }

    /// Where the file goes, by HTTP PUT with the `Content-Type` `text/csv` or `application/jsonl`, at most 512 MB; good
    /// for an hour, and only for this file. The import begins by itself when the file is complete; then it is null.
    async fn upload_url(&self, ctx: &Context<'_>) -> Option<Result<String, Error>> {
        match self.status {
            ImportStatus::AwaitingUpload => {
                Some(uploads::url(ctx.data_unchecked::<Storage>(), self.id, self.format).await)
            }
            _ => None,
        }
    }

    /// Part of the file that has been read, 0 to 1.
    async fn progress(&self) -> f64 {
        match (self.status, self.file_bytes) {
            (ImportStatus::Completed, _) => 1.0,
            (_, 0) => 0.0,
            (_, all) => self.bytes_done as f64 / all as f64,
        }
    }

    /// Lines that have been read.
    async fn line_count(&self) -> i32 {
        self.created_count + self.updated_count + self.unchanged_count + self.refused_count
    }

    /// The report, line by line.
    async fn lines(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows, 1 to 100; 20 if absent.")] first: Option<i32>,
        #[graphql(desc = "Rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only lines that ended like this.")] status: Option<Vec<LineStatus>>,
    ) -> Result<Page<ImportLine>, Error> {
        let args = PageArgs::<(i32,)>::new(first, after.as_deref())?;
        let pool = ctx.data_unchecked::<Deps>().db.pool();
        let after = args.after.map_or(0, |(line,)| line);
        let lines = store::bulk::report::lines(pool, self.id, status.as_deref(), after, args.limit()).await?;
        Ok(args.page(lines, |line| (line.line,)))
    }
}

#[ComplexObject]
impl ImportLine {
    /// The product it is about; of a dry run only if there is one already.
    async fn product(&self, ctx: &Context<'_>) -> Option<Result<Product, Error>> {
        reader(ctx).load_one(self.product_id?).await.transpose()
    }

    /// The review it is about; of a dry run only if there is one already.
    async fn review(&self, ctx: &Context<'_>) -> Option<Result<Review, Error>> {
        reader(ctx).load_one(self.review_id?).await.transpose()
    }

    /// Why it had no effect.
    async fn errors(&self) -> Vec<UserError> {
        let errors = self.errors.as_ref().map_or(&[][..], |errors| errors.0.as_slice());
        errors.iter().cloned().map(Into::into).collect()
    }
}

/// Imports of a vendor, for its members and staff.
pub async fn of_vendor(
    ctx: &Context<'_>,
    vendor: VendorId,
    first: Option<i32>,
    after: Option<String>,
) -> Result<Page<CatalogImport>, Error> {
    viewer(ctx).require_manages(vendor)?;
    page(ctx, Some(vendor), first, after).await
}

/// Imports of reviews, for staff.
pub async fn of_shop(
    ctx: &Context<'_>,
    first: Option<i32>,
    after: Option<String>,
) -> Result<Page<CatalogImport>, Error> {
    viewer(ctx).require_staff()?;
    page(ctx, None, first, after).await
}

async fn page(
    ctx: &Context<'_>,
    vendor: Option<VendorId>,
    first: Option<i32>,
    after: Option<String>,
) -> Result<Page<CatalogImport>, Error> {
    let args = PageArgs::<(i64, Uuid)>::new(first, after.as_deref())?;
    let pool = ctx.data_unchecked::<Deps>().db.pool();
    let rows = store::bulk::jobs::of_vendor(pool, vendor, args.after, args.limit()).await?;
    Ok(args.page(rows, |import| (import.created_at.timestamp_micros(), import.id.0)))
}
