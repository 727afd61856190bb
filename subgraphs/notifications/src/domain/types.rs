//! The closed sets of the schema, stored as their GraphQL names.

use async_graphql::Enum;
use serde::{Deserialize, Serialize};

/// A way to a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Channel {
    /// Shown in the shop: `User.notifications` and `notificationReceived`.
    InApp,
    /// Sent to the person's address.
    Email,
}

/// How far a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeliveryStatus {
    /// Waits for its first or next try.
    Queued,
    /// Being handed over right now.
    Sending,
    /// The mail server, or the mail folder, has it.
    Sent,
    /// Given up; staff may try again.
    Failed,
    /// Never sent: unwanted, or there is no address.
    Suppressed,
}

/// What a message is about; preferences are kept per category.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NotificationCategory {
    /// The buyer's orders. Cannot be switched off.
    Order,
    /// Payments and refunds. Cannot be switched off.
    Payment,
    /// Shipments. Cannot be switched off.
    Shipping,
    /// Returns. Cannot be switched off.
    Return,
    /// The account itself. Cannot be switched off.
    Account,
    /// Security of the account. Cannot be switched off.
    Security,
    /// Offers.
    Promotion,
    /// Stock of a vendor that runs low.
    LowStock,
    /// What vendors have to know: new orders, approvals.
    Vendor,
    /// The marketplace itself.
    System,
}

/// Whom an announcement is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AnnouncementAudience {
    /// Everybody, also without a login.
    All,
    /// Everybody with an account.
    Customers,
    /// Shoppers with a tier.
    Vip,
    /// Members of vendors.
    Vendors,
    /// Employees.
    Staff,
}

/// The name of a unit variant as it is stored.
pub fn name(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}
