//! What the orders service answers.

use crate::{Done, command};
use chrono::{DateTime, Utc};
use platform::{
    Currency, PostalAddress,
    ids::{
        CustomerId, OrderId, OrderLineId, ProductId, ShippingMethodId, VariantId, VendorId, VendorOrderId,
    },
};
use serde::{Deserialize, Serialize};

/// Merges the cart of a guest into a customer's when the guest logs in. Harmless if repeated.
#[derive(Debug, Serialize, Deserialize)]
pub struct MergeCarts {
    pub guest: CustomerId,
    pub customer: CustomerId,
    pub strategy: MergeStrategy,
}
command!(MergeCarts, "orders", "merge_carts", MergeCartsReply);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MergeStrategy {
    /// Quantities are summed and capped.
    Merge,
    KeepGuest,
    KeepAccount,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct MergeCartsReply {
    /// The guest had a cart with lines.
    pub merged: bool,
}

/// What shipping needs of a vendor order. `None`: there is none.
#[derive(Debug, Serialize, Deserialize)]
pub struct GetVendorOrder {
    pub id: VendorOrderId,
}
command!(
    GetVendorOrder,
    "orders",
    "get_vendor_order",
    Option<VendorOrderInfo>
);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VendorOrderInfo {
    pub id: VendorOrderId,
    pub number: String,
    pub order: OrderId,
    pub customer: CustomerId,
    pub vendor: VendorId,
    /// As in GraphQL: `ACCEPTED`.
    pub status: String,
    pub method: Option<ShippingMethodId>,
    pub destination: PostalAddress,
    pub currency: Currency,
    pub lines: Vec<VendorOrderLine>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct VendorOrderLine {
    pub line: OrderLineId,
    pub variant: VariantId,
    /// Ordered pieces.
    pub quantity: i32,
    pub canceled: i32,
    /// Shipped pieces.
    pub fulfilled: i32,
}

/// Who may see an order; services that show parts of it check with this. Unknown ones are missing from the reply.
#[derive(Debug, Serialize, Deserialize)]
pub struct GetOrders {
    pub ids: Vec<OrderId>,
}
command!(GetOrders, "orders", "get_orders", Vec<OrderInfo>);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OrderInfo {
    pub id: OrderId,
    pub number: String,
    pub customer: CustomerId,
    pub status: String,
    pub currency: Currency,
    pub total: i64,
    pub vendors: Vec<VendorId>,
}

/// What has arrived of orders, by their numbers; for reviews that name an order. Unknown numbers are missing from the
/// reply.
#[derive(Debug, Serialize, Deserialize)]
pub struct GetDelivered {
    /// At most 10,000.
    pub numbers: Vec<String>,
}
command!(GetDelivered, "orders", "get_delivered", Vec<DeliveredOrder>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveredOrder {
    pub number: String,
    pub customer: CustomerId,
    /// Products of which at least one piece has arrived.
    pub products: Vec<ProductId>,
}

/// A sale of another system: placed, paid, shipped and delivered by the same actions as a checkout, at its own date.
/// The same source and reference again is the same order.
#[derive(Debug, Serialize, Deserialize)]
pub struct ImportOrder {
    pub source: String,
    pub reference: String,
    pub customer: CustomerId,
    pub placed_at: DateTime<Utc>,
    pub currency: Currency,
    pub address: PostalAddress,
    pub lines: Vec<ImportLine>,
    /// Shipping fee, minor units.
    pub shipping: i64,
}
command!(ImportOrder, "orders", "import_order", ImportOrderReply);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImportLine {
    pub variant: VariantId,
    pub product: ProductId,
    pub vendor: VendorId,
    pub sku: String,
    pub name: String,
    pub quantity: i32,
    /// Minor units for one piece.
    pub unit_price: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImportOrderReply {
    pub order: OrderId,
    /// Minor units.
    pub total: i64,
    /// In the order of the request.
    pub lines: Vec<OrderLineId>,
}

/// A cancellation of another system: a refund of delivered lines that ends in its money moved and, with `restock`,
/// its pieces back in stock. The same source and reference again is the same refund.
#[derive(Debug, Serialize, Deserialize)]
pub struct ImportRefund {
    pub source: String,
    pub reference: String,
    pub order: OrderId,
    pub at: DateTime<Utc>,
    pub lines: Vec<ImportRefundLine>,
    pub restock: bool,
}
command!(ImportRefund, "orders", "import_refund", ImportRefundReply);

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct ImportRefundLine {
    pub line: OrderLineId,
    pub quantity: i32,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct ImportRefundReply {
    /// Minor units.
    pub amount: i64,
}

/// Adjustments of another system that are no order and no refund, kept with their reason.
#[derive(Debug, Serialize, Deserialize)]
pub struct ImportAdjustments {
    pub source: String,
    /// At most 1,000.
    pub adjustments: Vec<Adjustment>,
}
command!(ImportAdjustments, "orders", "import_adjustments", Done);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Adjustment {
    /// Unique within the source, for example the line number.
    pub reference: String,
    pub at: DateTime<Utc>,
    pub kind: String,
    pub description: String,
    pub currency: Currency,
    /// Thousandths of a minor unit: real price lists have fractions of a penny.
    pub amount_millis: i64,
}

/// How many orders a vendor still has to fulfil. It cannot close before they are done.
#[derive(Debug, Serialize, Deserialize)]
pub struct CountOpenVendorOrders {
    pub vendor: VendorId,
}
command!(CountOpenVendorOrders, "orders", "count_open_vendor_orders", i64);

/// Tokens for links in mails, with which guests see their orders without a login. Missing from the reply: orders of
/// accounts, and those whose links have ended. Nobody keeps a token.
#[derive(Debug, Serialize, Deserialize)]
pub struct GetGuestAccess {
    pub orders: Vec<OrderId>,
}
command!(GetGuestAccess, "orders", "get_guest_access", Vec<GuestAccess>);

#[derive(Clone, Serialize, Deserialize)]
pub struct GuestAccess {
    pub order: OrderId,
    pub token: String,
}
