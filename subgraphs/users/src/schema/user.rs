//! The login.

use crate::{
    domain::permissions::permissions,
    schema::{
        customer::Customer,
        load, load_many,
        loaders::{AnyCustomer, MembershipsOf, SessionsOf},
        vendor::VendorMember,
    },
    store::{sessions::SessionRow, users::UserRow},
};
use async_graphql::{Context, Object, SimpleObject};
use chrono::{DateTime, Utc};
use platform::{
    Error, Language, Role, Viewer,
    ids::{SessionId, UserId},
    viewer::viewer,
};

/// A login. Colleagues see that it exists; what is private, only its owner and staff see.
pub struct User {
    row: UserRow,
    private: bool,
}

impl User {
    /// As `viewer` may see it.
    pub fn seen_by(viewer: &Viewer, row: UserRow) -> Self {
        let private = viewer.is_staff() || viewer.user == Some(row.id);
        Self { row, private }
    }

    /// As its owner sees it.
    pub fn own(row: UserRow) -> Self {
        Self { row, private: true }
    }

    pub fn row(&self) -> &UserRow {
        &self.row
    }
}

/// A login. Colleagues of a vendor see that it exists; what is private, only its owner and staff see.
#[Object]
impl User {
    /// Opaque ID.
    pub async fn id(&self) -> UserId {
        self.row.id
    }

    /// Address for mails. Requires: SELF or STAFF.
    async fn email(&self, ctx: &Context<'_>) -> Option<Result<String, Error>> {
        if self.private {
            return Some(Ok(self.row.email.clone()));
        }
        let anonymous = viewer(ctx).roles.is_empty();
        Some(Err(if anonymous {
            Error::Unauthenticated
        } else {
            Error::Forbidden("SELF or STAFF")
        }))
    }

    /// Whether the owner has shown that the mailbox is theirs.
    async fn email_verified(&self) -> bool {
        self.row.email_verified
    }

    /// Roles; empty for anybody but the owner and staff.
    async fn roles(&self) -> Vec<Role> {
        if self.private {
            self.row.roles()
        } else {
            Vec::new()
        }
    }

    /// False once staff has locked the login.
    async fn is_active(&self) -> bool {
        self.row.active
    }

    /// Language of mails.
    async fn locale(&self) -> &Language {
        &self.row.locale
    }

    /// The shopping persona; null for anybody but the owner and staff.
    async fn customer(&self, ctx: &Context<'_>) -> Option<Result<Customer, Error>> {
        if !self.private {
            return None;
        }
        load(ctx, AnyCustomer(self.row.customer_id)).await.transpose()
    }

    /// Vendors it belongs to; empty for anybody but the owner and staff.
    async fn vendor_memberships(&self, ctx: &Context<'_>) -> Result<Vec<VendorMember>, Error> {
        if self.private {
            load_many(ctx, MembershipsOf(self.row.id)).await
        } else {
            Ok(Vec::new())
        }
    }

    /// Where it is logged in, last seen first; empty for anybody but the owner and staff.
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<Session>, Error> {
        if !self.private {
            return Ok(Vec::new());
        }
        let current = viewer(ctx).session;
        let rows = load_many(ctx, SessionsOf(self.row.id)).await?;
        Ok(rows.into_iter().map(|row| Session::new(row, current)).collect())
    }

    /// What the roles allow, for clients that show or hide buttons; empty for anybody but the owner and staff.
    async fn permissions(&self) -> Vec<String> {
        if self.private {
            permissions(&self.row.roles())
        } else {
            Vec::new()
        }
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime<Utc> {
        self.row.created_at
    }

    /// When it last logged in; null for anybody but the owner and staff.
    async fn last_login_at(&self) -> Option<DateTime<Utc>> {
        self.row.last_login_at.filter(|_| self.private)
    }

    /// Goes up with every change.
    async fn version(&self) -> i32 {
        self.row.version
    }
}

/// One login on one device.
#[derive(SimpleObject)]
pub struct Session {
    /// Opaque ID, for `sessionRevoke`.
    id: SessionId,
    /// Browser and system, or the program, as it calls itself; null if unknown.
    device: Option<String>,
    /// Address from which it was last refreshed; null if unknown.
    ip: Option<String>,
    /// When it began.
    created_at: DateTime<Utc>,
    /// When its tokens were last refreshed.
    last_seen_at: DateTime<Utc>,
    /// Whether this request belongs to it.
    current: bool,
}

impl Session {
    fn new(row: SessionRow, current: Option<SessionId>) -> Self {
        Self {
            id: row.id,
            device: row.device,
            ip: row.ip,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            current: current == Some(row.id),
        }
    }
}
