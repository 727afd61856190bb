//! An import as its vendor sees it.

use async_graphql::{Enum, SimpleObject};
use chrono::{DateTime, Utc};
use platform::{
    UserError, UserErrorCode,
    error::ValidationError,
    ids::{CatalogImportId, ProductId, ReviewId, VendorId},
};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize, Deserialize, sqlx::Type)]
#[graphql(name = "CatalogFormat")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Format {
    /// A header, then one line for each variant (RFC 4180, UTF-8).
    Csv,
    /// One JSON object for each product, one to a line.
    Jsonl,
}

impl Format {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Jsonl => "JSONL",
        }
    }

    /// What a file is sent as.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Jsonl => "application/jsonl",
        }
    }
}

/// What a file brings in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize, Deserialize, sqlx::Type)]
#[graphql(name = "CatalogImportSubject")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Subject {
    /// The products of a vendor.
    Catalog,
    /// Reviews of products of the whole shop.
    Reviews,
}

impl Subject {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Catalog => "CATALOG",
            Self::Reviews => "REVIEWS",
        }
    }
}

/// How far an import takes the products that it makes or changes; of reviews, SUBMIT leaves those whose line names no
/// status to `reviewModerate`, and PUBLISH publishes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Enum, Serialize, Deserialize, sqlx::Type)]
#[graphql(name = "CatalogImportStage")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// They are left as drafts.
    Draft,
    /// They are handed in for approval.
    Submit,
    /// They are approved. By staff.
    Approve,
    /// They are approved and published. By staff.
    Publish,
}

impl Stage {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Submit => "SUBMIT",
            Self::Approve => "APPROVE",
            Self::Publish => "PUBLISH",
        }
    }

    /// Approves without anybody looking at it.
    pub fn is_for_staff(self) -> bool {
        self >= Self::Approve
    }
}

/// Where an import stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, sqlx::Type)]
#[graphql(name = "CatalogImportStatus")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ImportStatus {
    /// The file is still to be sent.
    AwaitingUpload,
    /// The file is complete and waits its turn.
    Queued,
    /// Lines are being read.
    Running,
    /// Every line has been read; `refusedCount` says how many had no effect.
    Completed,
    /// It ended before the last line; `error` says why. What was reported as done is done.
    Failed,
    /// Somebody ended it. What was reported as done is done.
    Cancelled,
}

impl ImportStatus {
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize, sqlx::Type)]
#[graphql(name = "CatalogImportLineStatus")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LineStatus {
    /// Its product or review is new.
    Created,
    /// Its product or review was changed.
    Updated,
    /// The shop says the same already.
    Unchanged,
    /// It had no effect; see `errors`.
    Refused,
}

impl LineStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Updated => "UPDATED",
            Self::Unchanged => "UNCHANGED",
            Self::Refused => "REFUSED",
        }
    }
}

/// How many lines ended how.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub created: i32,
    pub updated: i32,
    pub unchanged: i32,
    pub refused: i32,
}

impl Counts {
    pub fn of(lines: impl IntoIterator<Item = LineStatus>) -> Self {
        let mut counts = Self::default();
        for status in lines {
            let count = match status {
                LineStatus::Created => &mut counts.created,
                LineStatus::Updated => &mut counts.updated,
                LineStatus::Unchanged => &mut counts.unchanged,
                LineStatus::Refused => &mut counts.refused,
            };
            *count += 1;
        }
        counts
    }
}

/// A file on its way into the catalogue of a vendor, or with reviews into the shop.
#[derive(Clone, Debug, SimpleObject, sqlx::FromRow)]
#[graphql(name = "CatalogImport", complex)]
pub struct CatalogImport {
    #[graphql(skip)]
    pub id: CatalogImportId,
    #[graphql(skip)]
    pub vendor_id: Option<VendorId>,
    /// What it brings in.
    pub subject: Subject,
    /// How the file is written.
    pub format: Format,
    /// How far it takes what it brings.
    pub stage: Stage,
    /// Only reports what it would do.
    pub dry_run: bool,
    /// Where it stands.
    pub status: ImportStatus,
    #[graphql(skip)]
    pub file_bytes: i64,
    #[graphql(skip)]
    pub bytes_done: i64,
    /// Lines whose product or review is new.
    pub created_count: i32,
    /// Lines whose product or review was changed.
    pub updated_count: i32,
    /// Lines that said what the shop said already.
    pub unchanged_count: i32,
    /// Lines that had no effect.
    pub refused_count: i32,
    /// Why it failed.
    pub error: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When its first line was read.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// What an import says about one line of its file.
#[derive(Clone, Debug, SimpleObject, sqlx::FromRow)]
#[graphql(name = "CatalogImportLine", complex)]
pub struct ImportLine {
    /// Number of the line, from 1; a header is line 1.
    pub line: i32,
    /// What became of it.
    pub status: LineStatus,
    /// SKU in it, where it could be read: of a line of JSON the first one, of a review the product as it is written.
    pub sku: Option<String>,
    #[graphql(skip)]
    pub product_id: Option<ProductId>,
    #[graphql(skip)]
    pub review_id: Option<ReviewId>,
    #[graphql(skip)]
    pub errors: Option<Json<Vec<LineError>>>,
}

/// A refusal as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LineError {
    code: UserErrorCode,
    message: String,
    path: Option<Vec<String>>,
    constraint: Option<String>,
}

impl From<UserError> for LineError {
    fn from(error: UserError) -> Self {
        let of = |code, message, path, constraint| Self {
            code,
            message,
            path,
            constraint,
        };
        match error {
            UserError::ValidationError(e) => of(e.code, e.message, e.path.map(in_document), e.constraint),
            UserError::NotFoundError(e) => of(e.code, e.message, e.path, None),
            UserError::ForbiddenError(e) => of(e.code, e.message, e.path, None),
            UserError::VersionConflictError(e) => of(e.code, e.message, e.path, None),
            UserError::IdempotencyError(e) => of(e.code, e.message, e.path, None),
            UserError::InvalidTransitionError(e) => of(e.code, e.message, e.path, None),
        }
    }
}

/// Rules name arguments of mutations; a document has no `input` around it.
fn in_document(mut path: Vec<String>) -> Vec<String> {
    if path.first().is_some_and(|first| first == "input") {
        path.remove(0);
    }
    path
}

impl From<LineError> for UserError {
    fn from(error: LineError) -> Self {
        Self::ValidationError(ValidationError {
            code: error.code,
            message: error.message,
            path: error.path,
            constraint: error.constraint,
        })
    }
}
