//! Sellers, their members and their history.

use crate::{
    domain::vendor::VendorStatus,
    schema::{
        load, load_many,
        loaders::{AnyUser, AnyVendor, HistoryOf, MembersOf},
        user::User,
    },
};
use async_graphql::{ComplexObject, Context, SimpleObject};
use chrono::{DateTime, Utc};
use platform::{
    Error, PostalAddress,
    ids::{UserId, VendorId},
    viewer::viewer,
};
use sqlx::types::Json;

/// A seller. Everybody sees approved ones; the others only their members and staff.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Vendor {
    /// Opaque ID.
    pub id: VendorId,
    /// Name in URLs; unique.
    pub slug: String,
    /// Name to show.
    pub display_name: String,
    #[graphql(skip)]
    pub legal: String,
    /// Only an APPROVED vendor may sell.
    pub status: VendorStatus,
    /// What it sells, in its own words.
    pub description: Option<String>,
    #[graphql(skip)]
    pub postal: Option<Json<PostalAddress>>,
    /// Days in which customers may return what they bought.
    pub return_policy_days: i32,
    /// Where the logo lies.
    pub logo_url: Option<String>,
    #[graphql(skip)]
    pub approver: Option<UserId>,
    /// When it was first approved.
    pub approved_at: Option<DateTime<Utc>>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Goes up with every change.
    pub version: i32,
    /// Whether the viewer may see what only members and staff see.
    #[graphql(skip)]
    pub managed: bool,
}

#[ComplexObject]
impl Vendor {
    /// Name of the company. Requires: VENDOR or STAFF.
    async fn legal_name(&self, ctx: &Context<'_>) -> Option<Result<String, Error>> {
        Some(self.allow(ctx).map(|()| self.legal.clone()))
    }

    /// Business address.
    async fn address(&self) -> Option<&PostalAddress> {
        self.postal.as_ref().map(|postal| &postal.0)
    }

    /// Who works for it. Requires: VENDOR or STAFF.
    async fn members(&self, ctx: &Context<'_>) -> Option<Result<Vec<VendorMember>, Error>> {
        if let Err(refused) = self.allow(ctx) {
            return Some(Err(refused));
        }
        Some(load_many(ctx, MembersOf(self.id)).await)
    }

    /// How it came to its status, oldest first. Requires: VENDOR or STAFF.
    async fn status_history(&self, ctx: &Context<'_>) -> Option<Result<Vec<VendorStatusChange>, Error>> {
        if let Err(refused) = self.allow(ctx) {
            return Some(Err(refused));
        }
        Some(load_many(ctx, HistoryOf(self.id)).await)
    }

    /// Who approved it first; null for anybody but staff.
    async fn approved_by(&self, ctx: &Context<'_>) -> Option<Result<User, Error>> {
        staff_only(ctx, self.approver).await.transpose()
    }
}

impl Vendor {
    fn allow(&self, ctx: &Context<'_>) -> Result<(), Error> {
        if self.managed {
            Ok(())
        } else {
            viewer(ctx).require_manages(self.id)
        }
    }
}

/// Employees stay nameless to everybody else.
async fn staff_only(ctx: &Context<'_>, id: Option<UserId>) -> Result<Option<User>, Error> {
    let viewer = viewer(ctx);
    let Some(id) = id.filter(|_| viewer.is_staff()) else {
        return Ok(None);
    };
    Ok(load(ctx, AnyUser(id))
        .await?
        .map(|row| User::seen_by(viewer, row)))
}

/// A step in the life of a vendor.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct VendorStatusChange {
    #[graphql(skip)]
    pub vendor_id: VendorId,
    /// Status before.
    pub from: VendorStatus,
    /// Status after.
    pub to: VendorStatus,
    /// Words of whoever did it.
    pub reason: Option<String>,
    #[graphql(skip)]
    pub actor: Option<UserId>,
    /// When.
    pub at: DateTime<Utc>,
}

#[ComplexObject]
impl VendorStatusChange {
    /// Who did it; null for anybody but staff.
    async fn by(&self, ctx: &Context<'_>) -> Option<Result<User, Error>> {
        staff_only(ctx, self.actor).await.transpose()
    }
}

/// Somebody who works for a vendor.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct VendorMember {
    #[graphql(skip)]
    pub vendor_id: VendorId,
    #[graphql(skip)]
    pub user_id: UserId,
    /// OWNER, MANAGER or CLERK.
    pub role: String,
    /// Member since.
    pub joined_at: DateTime<Utc>,
}

#[ComplexObject]
impl VendorMember {
    /// The login.
    async fn user(&self, ctx: &Context<'_>) -> Result<User, Error> {
        let row = load(ctx, AnyUser(self.user_id)).await?;
        row.map(|row| User::seen_by(viewer(ctx), row)).ok_or_else(missing)
    }

    /// The vendor.
    async fn vendor(&self, ctx: &Context<'_>) -> Result<Vendor, Error> {
        load(ctx, AnyVendor(self.vendor_id)).await?.ok_or_else(missing)
    }
}

/// Foreign keys exclude this.
fn missing() -> Error {
    Error::Internal(std::sync::Arc::new(
        std::io::Error::from(std::io::ErrorKind::NotFound).into(),
    ))
}
