//! Copies of the caller's data.

use crate::{
    actions::export,
    app,
    store::exports::{self, ExportRow},
};
use async_graphql::{Context, Enum, Object, SimpleObject};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use platform::{
    Error, Outcome, UserError,
    error::Split,
    ids::{AccountExportId, UserId},
    viewer::viewer,
};

/// How far a copy of somebody's data is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum AccountExportStatus {
    /// The services are being asked.
    Pending,
    /// It can be downloaded.
    Ready,
    /// It could not be made within a day; ask again.
    Failed,
    /// Its week is over; ask again.
    Expired,
}

/// A copy of everything that is known about the caller: a zip of JSON files, `<service>/<table>.json`, kept for a week.
pub struct AccountExport(pub ExportRow);

/// A copy of everything that is known about the caller: a zip of JSON files, `<service>/<table>.json`, kept for a week.
#[Object]
impl AccountExport {
    /// Opaque ID.
    async fn id(&self) -> AccountExportId {
        self.0.id
    }

    /// How far it is.
    async fn status(&self) -> AccountExportStatus {
        match self.0.status.as_str() {
            "READY" => AccountExportStatus::Ready,
            "FAILED" => AccountExportStatus::Failed,
            "EXPIRED" => AccountExportStatus::Expired,
            _ => AccountExportStatus::Pending,
        }
    }

    /// When it was asked for.
    async fn requested_at(&self) -> DateTime<Utc> {
        self.0.requested_at
    }

    /// When it was complete.
    async fn ready_at(&self) -> Option<DateTime<Utc>> {
        self.0.ready_at
    }

    /// When it is deleted.
    async fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.expires_at
    }

    /// Size of the archive in bytes.
    async fn size_bytes(&self) -> Option<i32> {
        self.0.size
    }

    /// SHA-256 of the archive, in hexadecimal digits.
    async fn sha256(&self) -> Option<&str> {
        self.0.sha256.as_deref()
    }

    /// At most 1 MiB of the archive from a byte on, in Base64; null until it is ready and after it has expired. The
    /// pieces of a longer one, decoded and put together, are the archive. Requires: SELF.
    async fn archive(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 0, desc = "First byte wanted; not negative.")] offset: i32,
    ) -> Option<Result<String, Error>> {
        let user = viewer(ctx).user?;
        if offset < 0 {
            return Some(Err(Error::BadInput("offset must not be negative".to_owned())));
        }
        let piece = exports::slice(app(ctx).deps.db.pool(), user, self.0.id, offset, export::PIECE).await;
        piece
            .map(|piece| piece.map(|bytes| STANDARD.encode(bytes)))
            .map_err(Error::from)
            .transpose()
    }
}

/// A copy that was asked for, or why not.
#[derive(SimpleObject)]
pub struct AccountExportPayload {
    /// The copy; staff who ask for somebody else see how far it is, not what is in it.
    export: Option<AccountExport>,
    /// Why it was refused.
    user_errors: Vec<UserError>,
}

impl AccountExportPayload {
    pub async fn new(
        ctx: &Context<'_>,
        outcome: Outcome<(UserId, AccountExportId)>,
    ) -> async_graphql::Result<Self> {
        let (made, user_errors) = outcome.split()?;
        let export = match made {
            Some((user, id)) => exports::of_user(app(ctx).deps.db.pool(), user, Some(id))
                .await
                .map_err(Error::from)?
                .into_iter()
                .next()
                .map(AccountExport),
            None => None,
        };
        Ok(Self { export, user_errors })
    }
}
