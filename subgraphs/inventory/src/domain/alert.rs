//! Warnings that stock runs low.

use async_graphql::{Enum, SimpleObject};
use chrono::{DateTime, Utc};
use platform::ids::{LowStockAlertId, VariantId, VendorId, WarehouseId};

/// State of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AlertStatus {
    /// Nobody has taken care of it.
    Open,
    /// Somebody takes care of it.
    Acknowledged,
    /// Stock is clearly above the reorder point again.
    Resolved,
}

/// Stock of a variant in a warehouse fell to its reorder point. There is at most one unresolved alert for both.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct LowStockAlert {
    #[graphql(skip)]
    pub id: LowStockAlertId,
    #[graphql(skip)]
    pub variant_id: VariantId,
    #[graphql(skip)]
    pub warehouse_id: WarehouseId,
    #[graphql(skip)]
    pub vendor_id: VendorId,
    /// Available pieces when it was raised.
    pub available: i32,
    /// The reorder point when it was raised.
    pub threshold: i32,
    /// State of the alert.
    pub status: AlertStatus,
    /// When it was raised.
    pub raised_at: DateTime<Utc>,
}
