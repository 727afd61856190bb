//! What the users service answers.

use crate::{Done, command};
use chrono::{DateTime, Utc};
use platform::{
    Country, Language, Role,
    ids::{CustomerId, OrderId, UserId, VendorId},
};
use serde::{Deserialize, Serialize};

/// Vendors by ID; unknown ones are missing from the reply.
#[derive(Debug, Serialize, Deserialize)]
pub struct GetVendors {
    pub ids: Vec<VendorId>,
}
command!(GetVendors, "users", "get_vendors", Vec<VendorInfo>);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VendorInfo {
    pub id: VendorId,
    pub display_name: String,
    /// APPROVED: may sell.
    pub approved: bool,
    pub return_policy_days: i32,
    /// Logins of its members.
    pub members: Vec<UserId>,
}

/// How to reach people. The only way in which personal data leaves the users service; callers do not store it.
#[derive(Debug, Serialize, Deserialize)]
pub struct GetContacts {
    pub users: Vec<UserId>,
    pub customers: Vec<CustomerId>,
}
command!(GetContacts, "users", "get_contacts", Vec<Contact>);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Contact {
    pub user: Option<UserId>,
    pub customer: Option<CustomerId>,
    /// Absent for guests without an address and for erased people.
    pub email: Option<String>,
    pub display_name: Option<String>,
    pub locale: Language,
}

/// Step 6 of the checkout: sets loyalty points aside for an order. The same order again is the same hold.
#[derive(Debug, Serialize, Deserialize)]
pub struct HoldPoints {
    pub order: OrderId,
    pub customer: CustomerId,
    pub points: i32,
}
command!(HoldPoints, "users", "hold_points", HoldPointsReply);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum HoldPointsReply {
    Held,
    Insufficient { available: i32 },
}

/// Undoes [`HoldPoints`]; harmless without a hold.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReleasePoints {
    pub order: OrderId,
}
command!(ReleasePoints, "users", "release_points", Done);

/// Turns the hold into a redemption.
#[derive(Debug, Serialize, Deserialize)]
pub struct RedeemPoints {
    pub order: OrderId,
}
command!(RedeemPoints, "users", "redeem_points", Done);

/// For the operator's command line and the seed: a login that exists afterwards, with these roles.
#[derive(Debug, Serialize, Deserialize)]
pub struct EnsureUser {
    pub email: String,
    pub password: String,
    pub display_name: String,
    pub roles: Vec<Role>,
}
command!(EnsureUser, "users", "ensure_user", EnsureUserReply);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EnsureUserReply {
    pub user: UserId,
    pub customer: CustomerId,
}

/// An approved vendor with this slug that exists afterwards, owned by `owner`.
#[derive(Debug, Serialize, Deserialize)]
pub struct EnsureVendor {
    pub slug: String,
    pub display_name: String,
    pub country: Country,
    pub owner: UserId,
}
command!(EnsureVendor, "users", "ensure_vendor", EnsureVendorReply);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EnsureVendorReply {
    pub vendor: VendorId,
}

/// Customers of another system, found again by `source` and `reference`.
#[derive(Debug, Serialize, Deserialize)]
pub struct ImportCustomers {
    pub source: String,
    /// At most 1,000.
    pub references: Vec<String>,
}
command!(
    ImportCustomers,
    "users",
    "import_customers",
    Vec<ImportedCustomer>
);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImportedCustomer {
    pub reference: String,
    pub customer: CustomerId,
}

/// The address that a guest gave at a checkout: for mails, and to find the order once somebody shows that the mailbox
/// is theirs. The same order again changes nothing.
#[derive(Debug, Serialize, Deserialize)]
pub struct SetGuestContact {
    pub order: OrderId,
    pub customer: CustomerId,
    pub email: String,
}
command!(SetGuestContact, "users", "set_guest_contact", Done);

/// For the operator's command line: a new login with these roles, its address taken as verified.
#[derive(Serialize, Deserialize)]
pub struct CreateUser {
    pub email: String,
    pub password: String,
    pub display_name: String,
    pub roles: Vec<Role>,
}
command!(CreateUser, "users", "create_user", CreateUserReply);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum CreateUserReply {
    Created {
        user: UserId,
    },
    /// There is such a login; nothing was changed.
    Exists,
}

/// The keys of access tokens, oldest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct ListKeys {}
command!(ListKeys, "users", "list_keys", Vec<KeyInfo>);

/// A new key for access tokens, which signs a minute later. Tokens of the old one stay good until they end.
#[derive(Debug, Serialize, Deserialize)]
pub struct RotateKey {}
command!(RotateKey, "users", "rotate_key", KeyInfo);

/// Ends a key and all its tokens at once. `None`: there is none.
#[derive(Debug, Serialize, Deserialize)]
pub struct RetireKey {
    pub kid: String,
}
command!(RetireKey, "users", "retire_key", Option<KeyInfo>);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeyInfo {
    pub kid: String,
    pub state: KeyState,
    pub created_at: DateTime<Utc>,
    pub signs_from: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyState {
    /// Published, signs soon.
    Next,
    Signing,
    /// Signs no more; its last tokens are still good.
    Old,
    /// Refused.
    Ended,
}
