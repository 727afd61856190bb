//! What a checkout knows, and why it is undone.

use crate::domain::quote::Quote;
use chrono::{DateTime, Utc};
use contracts::{payments::Commission, products::VariantInfo};
use platform::{
    Currency, PostalAddress,
    ids::{
        CartLineId, OrderLineId, QuoteId, SavedPaymentMethodId, ShippingMethodId, VariantId, VendorId,
        VendorOrderId,
    },
};
use serde::{Deserialize, Serialize};

/// A line on its way from cart to order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlanLine {
    pub cart_line: CartLineId,
    pub order_line: OrderLineId,
    pub variant: VariantId,
    pub vendor: VendorId,
    pub quantity: i32,
}

/// One vendor's part on its way.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct PlanVendor {
    pub vendor: VendorId,
    pub vendor_order: VendorOrderId,
    pub method: Option<ShippingMethodId>,
    /// The vendor's return window at the sale, in days; known after `validate`.
    #[serde(default)]
    pub return_days: Option<i32>,
}

/// What the saga knows. IDs of everything it creates are chosen at its start, so that every command can be repeated.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plan {
    pub currency: Currency,
    pub tier: Option<String>,
    pub lines: Vec<PlanLine>,
    pub vendors: Vec<PlanVendor>,
    pub shipping_address: PostalAddress,
    pub billing_address: PostalAddress,
    pub coupons: Vec<String>,
    pub points: i32,
    pub quote_hash: String,
    pub quoted_total: i64,
    pub provider: String,
    pub saved_method: Option<SavedPaymentMethodId>,
    pub return_url: Option<String>,
    /// Tries to pay; 1 is the first.
    pub attempt: i32,
    /// Known after `validate`.
    pub variants: Vec<VariantInfo>,
    /// Known after `price`.
    pub quote: Option<Quote>,
    pub order_number: Option<String>,
    /// Known after `capture`.
    pub commissions: Vec<Commission>,
    /// Imports only: business time of the sale.
    pub placed_at: Option<DateTime<Utc>>,
    /// The order had expired when the money arrived.
    pub late: bool,
    /// The capture failed and the order waits for it.
    pub held: bool,
}

/// Why a checkout is undone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Refusal {
    InsufficientStock {
        variant: VariantId,
        available: i32,
        requested: i32,
    },
    PriceChanged {
        quote: QuoteId,
        previous: i64,
        new: i64,
    },
    CouponRejected {
        code: String,
        reason: String,
    },
    TooFewPoints {
        available: i32,
    },
    /// Something of the cart cannot be sold or sent.
    Unavailable {
        reason: String,
    },
    PaymentRefused {
        reason: String,
    },
    Expired,
    Canceled {
        reason: String,
    },
}

impl Refusal {
    /// For the order's history.
    pub fn reason(&self) -> String {
        match self {
            Self::InsufficientStock { .. } => "out of stock".to_owned(),
            Self::PriceChanged { .. } => "the price has changed".to_owned(),
            Self::CouponRejected { reason, .. } => format!("coupon rejected: {reason}"),
            Self::TooFewPoints { .. } => "too few loyalty points".to_owned(),
            Self::PaymentRefused { reason } | Self::Unavailable { reason } | Self::Canceled { reason } => {
                reason.clone()
            }
            Self::Expired => "not paid in time".to_owned(),
        }
    }
}
