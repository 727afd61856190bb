//! Relations of an export.

use super::stubs::Vendor;
use crate::{actions::bulk::export_jobs, domain::bulk::export::CatalogExport};
use async_graphql::{ComplexObject, Context, ID};
use platform::{Error, storage::Storage};

#[ComplexObject]
impl CatalogExport {
    /// Opaque and unique.
    pub async fn id(&self) -> ID {
        ID(self.id.to_string())
    }

    /// Whose catalogue it is.
    async fn vendor(&self) -> Option<Vendor> {
        Some(Vendor { id: self.vendor_id })
    }

    /// Link to the file, for HTTP GET; good for an hour, for whoever has it. Null until the file is complete.
    async fn url(&self, ctx: &Context<'_>) -> Option<Result<String, Error>> {
        let url = export_jobs::url(ctx.data_unchecked::<Storage>(), self).await;
        url.transpose()
    }
}
