//! `SystemAnnouncement`.

use crate::{domain::types::AnnouncementAudience, store::announcements::Row};
use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use platform::ids::SystemAnnouncementId;

/// A message of the marketplace to many.
#[derive(Clone, SimpleObject)]
pub struct SystemAnnouncement {
    /// Opaque ID.
    pub id: SystemAnnouncementId,
    /// One line.
    pub title: String,
    /// Plain text.
    pub body: String,
    /// Whom it is for.
    pub audience: AnnouncementAudience,
    /// `INFO`, `WARNING` or `CRITICAL`.
    pub severity: String,
    /// When it is first shown.
    pub starts_at: DateTime<Utc>,
    /// When it is no longer shown.
    pub ends_at: Option<DateTime<Utc>>,
    /// When it was published; absent once it is retracted.
    pub published_at: Option<DateTime<Utc>>,
}

impl From<Row> for SystemAnnouncement {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            title: row.title,
            body: row.body,
            audience: row.audience,
            severity: row.severity,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            published_at: row.published_at,
        }
    }
}
