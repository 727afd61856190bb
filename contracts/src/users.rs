//! What the users service answers.

use crate::{Done, command};
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

/// The whole order was called off: points that were spent on it come back; held ones are released.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReversePoints {
    pub order: OrderId,
}
command!(ReversePoints, "users", "reverse_points", Done);

/// The benefits that every shop begins with; those that are there already stay what they are.
#[derive(Debug, Serialize, Deserialize)]
pub struct EnsureBenefits {}
command!(EnsureBenefits, "users", "ensure_benefits", Done);

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
    /// They bought without an account. It counts when they are created.
    #[serde(default)]
    pub guest: bool,
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
