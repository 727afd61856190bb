//! What the payments service answers. Amounts are minor units of the order's currency.

use crate::{Done, command};
use chrono::{DateTime, Utc};
use platform::{
    Currency,
    ids::{
        CategoryId, CouponId, CustomerId, OrderId, OrderLineId, PaymentId, ProductId, RefundId,
        SavedPaymentMethodId, VendorId, VendorOrderId,
    },
};
use serde::{Deserialize, Serialize};

/// The rules of coupons as they apply to one customer now. One answer per code, in order.
#[derive(Debug, Serialize, Deserialize)]
pub struct CheckCoupons {
    pub codes: Vec<String>,
    pub customer: CustomerId,
    pub tier: Option<String>,
    pub currency: Currency,
}
command!(CheckCoupons, "payments", "check_coupons", Vec<CouponAnswer>);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum CouponAnswer {
    Valid(CouponRule),
    Rejected { code: String, reason: String },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouponRule {
    pub id: CouponId,
    pub code: String,
    pub discount: Discount,
    /// Set if the vendor pays for it; then it applies to that vendor's lines only.
    pub vendor: Option<VendorId>,
    pub min_subtotal: Option<i64>,
    pub max_discount: Option<i64>,
    /// Empty: all.
    pub products: Vec<ProductId>,
    /// Empty: all.
    pub categories: Vec<CategoryId>,
    pub stackable: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Discount {
    Percent {
        basis_points: i32,
    },
    Fixed {
        amount: i64,
    },
    FreeShipping,
    /// Of every `buy + get` pieces of one line, `get` are free.
    BuyXGetY {
        buy: i32,
        get: i32,
    },
}

/// Step 5 of the checkout: one use of each coupon for this order, all or none.
#[derive(Debug, Serialize, Deserialize)]
pub struct HoldCoupons {
    pub order: OrderId,
    pub customer: CustomerId,
    pub currency: Currency,
    pub coupons: Vec<CouponUse>,
}
command!(HoldCoupons, "payments", "hold_coupons", HoldCouponsReply);

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct CouponUse {
    pub coupon: CouponId,
    /// Discount given by it.
    pub amount: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum HoldCouponsReply {
    Held,
    Rejected { code: String, reason: String },
}

/// Undoes [`HoldCoupons`], also before or without it.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReleaseCoupons {
    pub order: OrderId,
}
command!(ReleaseCoupons, "payments", "release_coupons", Done);

/// Step 11: the uses count for good.
#[derive(Debug, Serialize, Deserialize)]
pub struct RedeemCoupons {
    pub order: OrderId,
}
command!(RedeemCoupons, "payments", "redeem_coupons", Done);

/// The whole order was called off: its uses, held or redeemed, do not count any more.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReverseCoupons {
    pub order: OrderId,
}
command!(ReverseCoupons, "payments", "reverse_coupons", Done);

/// Step 8: a payment for the order at the provider, not yet captured. The same order and attempt is the same payment.
#[derive(Debug, Serialize, Deserialize)]
pub struct CreatePayment {
    pub order: OrderId,
    pub order_number: String,
    /// 1 for the first try; a customer may pay again after a failure.
    pub attempt: i32,
    pub customer: CustomerId,
    /// Lower case: `stripe`, `paypal`, `manual`.
    pub provider: String,
    pub amount: i64,
    pub currency: Currency,
    pub saved_method: Option<SavedPaymentMethodId>,
    pub return_url: Option<String>,
    /// When an unpaid payment is given up.
    pub expires_at: DateTime<Utc>,
}
command!(CreatePayment, "payments", "create_payment", CreatePaymentReply);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum CreatePaymentReply {
    Created(PaymentInfo),
    /// The provider is not configured or refuses the currency or amount.
    Refused {
        reason: String,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PaymentInfo {
    pub payment: PaymentId,
    pub order: OrderId,
    pub provider: String,
    pub status: PaymentState,
    pub client_secret: Option<String>,
    pub redirect_url: Option<String>,
    pub expires_at: DateTime<Utc>,
    pub authorized: i64,
    pub captured: i64,
    pub refunded: i64,
}

/// The states of commerce's payment machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PaymentState {
    Created,
    RequiresAction,
    Processing,
    Authorized,
    PartiallyCaptured,
    Captured,
    PartiallyRefunded,
    Refunded,
    Voided,
    Failed,
    Expired,
    Disputed,
    Unresolved,
}

/// Asks the provider for the truth about the order's latest payment, then answers it. `None`: there is none.
#[derive(Debug, Serialize, Deserialize)]
pub struct SyncPayment {
    pub order: OrderId,
}
command!(SyncPayment, "payments", "sync_payment", Option<PaymentInfo>);

/// Cancels or voids whatever is open, or refunds what was captured anyway; also without a payment.
#[derive(Debug, Serialize, Deserialize)]
pub struct CancelPayment {
    pub order: OrderId,
    pub reason: String,
}
command!(CancelPayment, "payments", "cancel_payment", Done);

/// Steps 12 and 13: captures the authorized amount, then books vendor accruals and commissions from `shares`.
#[derive(Debug, Serialize, Deserialize)]
pub struct CapturePayment {
    pub order: OrderId,
    pub shares: Vec<VendorShare>,
}
command!(CapturePayment, "payments", "capture_payment", CaptureReply);

/// One vendor's part of an order, frozen at placement. `total` of all shares is the order's total.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VendorShare {
    pub vendor_order: VendorOrderId,
    pub vendor: VendorId,
    /// Lines before discounts, without shipping and tax.
    pub subtotal: i64,
    /// Discounts paid by the platform.
    pub platform_discount: i64,
    /// Discounts paid by this vendor.
    pub vendor_discount: i64,
    /// Paid with loyalty points; the platform bears it.
    pub loyalty: i64,
    pub shipping: i64,
    pub tax: i64,
    /// What the customer pays for this part.
    pub total: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum CaptureReply {
    Captured {
        commissions: Vec<Commission>,
    },
    /// The provider has not said yet; ask again.
    Pending,
    Failed {
        reason: String,
    },
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Commission {
    pub vendor_order: VendorOrderId,
    pub commission: i64,
    /// What the vendor earns of it.
    pub vendor_net: i64,
}

/// Moves the money of an approved refund. The same refund again is the same movement.
#[derive(Debug, Serialize, Deserialize)]
pub struct RefundPayment {
    pub order: OrderId,
    pub refund: RefundId,
    pub amount: i64,
    pub currency: Currency,
    pub parts: Vec<RefundPart>,
}
command!(RefundPayment, "payments", "refund_payment", RefundReply);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RefundPart {
    pub vendor_order: VendorOrderId,
    pub vendor: VendorId,
    pub amount: i64,
    pub lines: Vec<OrderLineId>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum RefundReply {
    /// On its way; `payments.refund_status_changed` tells the end.
    Submitted,
    Succeeded,
    Refused {
        reason: String,
    },
}

/// Vendor orders that were called off as a whole. What a vendor has earned of one that cost the customer nothing is taken
/// back; of others it goes back with their refunds. Repeating it changes nothing.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReverseShares {
    pub order: OrderId,
    pub vendor_orders: Vec<VendorOrderId>,
}
command!(ReverseShares, "payments", "reverse_shares", Done);
