//! Who is asking. The role comes from a verified token, never from a header a client may set.

use crate::{
    error::{Error, UserError},
    ids::{CustomerId, SessionId, UserId, VendorId},
};
use async_graphql::{Context, Enum};

/// A role; a user may have several.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Enum,
    serde::Serialize,
    serde::Deserialize,
    sqlx::Type,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    /// Anonymous shopper with a session.
    Guest,
    /// Registered shopper.
    Customer,
    /// Shopper with a tier.
    Vip,
    /// Member of a vendor.
    Vendor,
    /// Employee of the marketplace.
    Staff,
    /// Employee who may change roles and rules.
    Admin,
    /// Another service of Agora; never a person.
    Service,
}

/// The caller of one request.
#[derive(Clone, Debug, Default)]
pub struct Viewer {
    /// The login, absent for guests and anonymous callers.
    pub user: Option<UserId>,
    /// The shopping persona, present for guests too.
    pub customer: Option<CustomerId>,
    /// The login session the access token belongs to.
    pub session: Option<SessionId>,
    pub roles: Vec<Role>,
    /// Vendors the caller is a member of.
    pub vendors: Vec<VendorId>,
    /// VIP tier in capitals, for prices and benefits.
    pub tier: Option<String>,
    /// When the access token dies (seconds since 1970); subscriptions end with it.
    pub expires_at: Option<u64>,
}

impl Viewer {
    pub fn anonymous() -> Self {
        Self::default()
    }

    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Staff or admin: may see everything.
    pub fn is_staff(&self) -> bool {
        self.has(Role::Staff) || self.has(Role::Admin)
    }

    pub fn is_admin(&self) -> bool {
        self.has(Role::Admin)
    }

    /// A member of this vendor.
    pub fn is_member(&self, vendor: VendorId) -> bool {
        self.vendors.contains(&vendor)
    }

    /// A member of this vendor, or staff.
    pub fn manages(&self, vendor: VendorId) -> bool {
        self.is_staff() || self.is_member(vendor)
    }

    /// The customer themself, or staff.
    pub fn acts_for(&self, customer: CustomerId) -> bool {
        self.is_staff() || self.customer == Some(customer)
    }

    /// For fields that say "Requires: STAFF."
    pub fn require_staff(&self) -> Result<(), Error> {
        self.require(self.is_staff(), "STAFF")
    }

    /// For fields that say "Requires: ADMIN."
    pub fn require_admin(&self) -> Result<(), Error> {
        self.require(self.is_admin(), "ADMIN")
    }

    /// For fields that say "Requires: VENDOR or STAFF." and whose rows are then limited to the caller's vendors.
    pub fn require_vendor_or_staff(&self) -> Result<(), Error> {
        self.require(self.is_staff() || !self.vendors.is_empty(), "VENDOR or STAFF")
    }

    /// For fields of one vendor.
    pub fn require_manages(&self, vendor: VendorId) -> Result<(), Error> {
        self.require(self.manages(vendor), "VENDOR or STAFF")
    }

    /// The shopping persona; guests have one too.
    pub fn require_customer(&self) -> Result<CustomerId, UserError> {
        self.customer.ok_or_else(UserError::unauthenticated)
    }

    /// The login; guests have none.
    pub fn require_user(&self) -> Result<UserId, UserError> {
        self.user.ok_or_else(UserError::unauthenticated)
    }

    /// For audit trails and idempotency records: the login, else the guest, else `anonymous`.
    pub fn actor(&self) -> String {
        match (self.user, self.customer) {
            (Some(user), _) => user.to_string(),
            (None, Some(customer)) => customer.to_string(),
            (None, None) => "anonymous".to_owned(),
        }
    }

    fn require(&self, allowed: bool, role: &'static str) -> Result<(), Error> {
        match allowed {
            true => Ok(()),
            false if self.roles.is_empty() => Err(Error::Unauthenticated),
            false => Err(Error::Forbidden(role)),
        }
    }
}

/// The caller of this request.
pub fn viewer<'a>(ctx: &Context<'a>) -> &'a Viewer {
    ctx.data_unchecked::<Viewer>()
}
