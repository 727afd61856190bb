//! An export as its vendor sees it.

use super::job::Format;
use async_graphql::{Enum, SimpleObject};
use chrono::{DateTime, Utc};
use platform::ids::{CatalogExportId, VendorId};

/// Where an export stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, sqlx::Type)]
#[graphql(name = "CatalogExportStatus")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ExportStatus {
    /// It waits its turn.
    Queued,
    /// The file is being written.
    Running,
    /// The file is complete.
    Completed,
    /// The file could not be written.
    Failed,
}

/// The catalogue of a vendor as a file.
#[derive(Clone, Debug, SimpleObject, sqlx::FromRow)]
#[graphql(name = "CatalogExport", complex)]
pub struct CatalogExport {
    #[graphql(skip)]
    pub id: CatalogExportId,
    #[graphql(skip)]
    pub vendor_id: VendorId,
    /// How the file is written.
    pub format: Format,
    /// Where it stands.
    pub status: ExportStatus,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// When the file is deleted.
    pub expires_at: DateTime<Utc>,
}
