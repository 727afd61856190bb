//! Facts. They carry IDs and amounts, never names, addresses or mails.

use crate::{orders::MergeStrategy, payments::PaymentState};
use platform::{
    Currency,
    events::Event,
    ids::{
        CustomerId, LowStockAlertId, OrderId, OrderLineId, PaymentId, ProductId, RefundId, ShipmentId,
        UserId, VariantId, VendorId, VendorOrderId, WarehouseId,
    },
};
use serde::{Deserialize, Serialize};

macro_rules! event {
    ($name:ident, $topic:literal, $key:ident) => {
        impl Event for $name {
            const TOPIC: &'static str = $topic;
            fn key(&self) -> String {
                self.$key.to_string()
            }
        }
    };
}

/// A guest or a newcomer has an account now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CustomerRegistered {
    pub customer: CustomerId,
    pub user: UserId,
}
event!(CustomerRegistered, "users.customer_registered", customer);

/// A vendor may or may not sell.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VendorStatusChanged {
    pub vendor: VendorId,
    pub from: String,
    pub to: String,
    pub approved: bool,
    /// Logins of its members.
    pub members: Vec<UserId>,
}
event!(VendorStatusChanged, "users.vendor_status_changed", vendor);

/// A product or one of its variants is new, changed, published or gone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProductChanged {
    pub product: ProductId,
    pub vendor: VendorId,
    pub published: bool,
    pub variants: Vec<ProductVariant>,
}
event!(ProductChanged, "products.product_changed", product);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProductVariant {
    pub id: VariantId,
    pub sku: String,
    pub active: bool,
}

/// An order or its state: placed, confirmed, held, canceled, expired, fulfilled, delivered, completed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OrderStatusChanged {
    pub order: OrderId,
    pub number: String,
    pub customer: CustomerId,
    /// Absent when the order is placed.
    pub from: Option<String>,
    /// As in GraphQL: `CONFIRMED`.
    pub to: String,
    pub currency: Currency,
    /// Minor units.
    pub total: i64,
    /// Position in the order's own events.
    pub seq: i64,
}
event!(OrderStatusChanged, "orders.order_status_changed", order);

/// An order counts as a sale: what was sold, frozen.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OrderConfirmed {
    pub order: OrderId,
    pub number: String,
    pub customer: CustomerId,
    pub currency: Currency,
    pub subtotal: i64,
    pub discount: i64,
    pub loyalty: i64,
    pub shipping: i64,
    pub tax: i64,
    pub total: i64,
    pub lines: Vec<ConfirmedLine>,
    pub vendor_orders: Vec<ConfirmedVendorOrder>,
}
event!(OrderConfirmed, "orders.order_confirmed", order);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConfirmedLine {
    pub line: OrderLineId,
    pub vendor_order: VendorOrderId,
    pub vendor: VendorId,
    pub product: ProductId,
    pub variant: VariantId,
    pub quantity: i32,
    /// Minor units for one piece.
    pub unit_price: i64,
    /// Discounts and loyalty on the whole line.
    pub discount: i64,
    pub tax: i64,
    /// What the customer pays for the line.
    pub total: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConfirmedVendorOrder {
    pub vendor_order: VendorOrderId,
    pub vendor: VendorId,
    pub shipping: i64,
    pub total: i64,
}

/// A vendor's part of an order has a new state.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VendorOrderStatusChanged {
    pub vendor_order: VendorOrderId,
    pub order: OrderId,
    pub number: String,
    pub vendor: VendorId,
    pub customer: CustomerId,
    pub from: String,
    pub to: String,
}
event!(
    VendorOrderStatusChanged,
    "orders.vendor_order_status_changed",
    vendor_order
);

/// A refund was decided, or its money has moved.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RefundStatusChanged {
    pub refund: RefundId,
    pub order: OrderId,
    pub number: String,
    pub customer: CustomerId,
    pub from: Option<String>,
    /// As in GraphQL: `SUCCEEDED`.
    pub to: String,
    pub currency: Currency,
    /// Minor units.
    pub total: i64,
    pub parts: Vec<RefundedVendor>,
    pub lines: Vec<RefundedLine>,
}
event!(RefundStatusChanged, "orders.refund_status_changed", refund);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RefundedVendor {
    pub vendor_order: VendorOrderId,
    pub vendor: VendorId,
    pub amount: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RefundedLine {
    pub line: OrderLineId,
    pub product: ProductId,
    pub variant: VariantId,
    pub quantity: i32,
    pub amount: i64,
}

/// The fold over a payment's events has a new value.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PaymentStatusChanged {
    pub payment: PaymentId,
    pub order: OrderId,
    pub customer: CustomerId,
    pub attempt: i32,
    pub from: PaymentState,
    pub to: PaymentState,
    pub currency: Currency,
    pub amount: i64,
    pub authorized: i64,
    pub captured: i64,
    pub refunded: i64,
    /// The provider's reason, where it declined.
    pub decline_code: Option<String>,
}
event!(PaymentStatusChanged, "payments.payment_status_changed", order);

/// The money of a refund has moved or not.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PaymentRefundStatusChanged {
    pub refund: RefundId,
    pub order: OrderId,
    pub amount: i64,
    pub currency: Currency,
    pub succeeded: bool,
    pub failure_reason: Option<String>,
}
event!(
    PaymentRefundStatusChanged,
    "payments.refund_status_changed",
    refund
);

/// A shipment was created or moved.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShipmentStatusChanged {
    pub shipment: ShipmentId,
    pub number: String,
    pub order: OrderId,
    pub vendor_order: VendorOrderId,
    pub vendor: VendorId,
    pub customer: CustomerId,
    pub warehouse: Option<WarehouseId>,
    pub from: Option<String>,
    /// As in GraphQL: `IN_TRANSIT`.
    pub to: String,
    /// True once: when the pieces leave the warehouse.
    pub left_warehouse: bool,
    pub items: Vec<ShippedItem>,
}
event!(
    ShipmentStatusChanged,
    "shipping.shipment_status_changed",
    shipment
);

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct ShippedItem {
    pub line: OrderLineId,
    pub quantity: i32,
}

/// Stock of a variant fell to its reorder point.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LowStockRaised {
    pub alert: LowStockAlertId,
    pub vendor: VendorId,
    pub variant: VariantId,
    pub warehouse: WarehouseId,
    pub available: i32,
    pub threshold: i32,
}
event!(LowStockRaised, "inventory.low_stock_raised", alert);

/// A variant came into stock, ran low or ran out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StockStateChanged {
    pub variant: VariantId,
    pub product: ProductId,
    pub vendor: VendorId,
    /// As in GraphQL: `IN_STOCK`.
    pub state: String,
}
event!(StockStateChanged, "inventory.stock_state_changed", variant);

/// A guest has logged in: what was the guest's is the customer's from now on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CustomersMerged {
    pub guest: CustomerId,
    pub customer: CustomerId,
    /// What becomes of the carts.
    pub strategy: MergeStrategy,
}
event!(CustomersMerged, "users.customers_merged", customer);

/// Orders of guests belong to a customer from now on, who has shown that the mailbox is theirs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GuestOrdersClaimed {
    pub customer: CustomerId,
    pub orders: Vec<OrderId>,
}
event!(GuestOrdersClaimed, "users.guest_orders_claimed", customer);

/// Orders have another customer: a guest's account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OrdersReassigned {
    pub customer: CustomerId,
    pub orders: Vec<OrderId>,
}
event!(OrdersReassigned, "orders.orders_reassigned", customer);
/// Pieces of an order have reached its customer: what makes a purchase verified.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LinesDelivered {
    pub order: OrderId,
    pub customer: CustomerId,
    pub lines: Vec<DeliveredLine>,
}
event!(LinesDelivered, "orders.lines_delivered", order);

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct DeliveredLine {
    pub line: OrderLineId,
    pub product: ProductId,
    pub variant: VariantId,
    /// Pieces that have arrived so far.
    pub delivered: i32,
}

/// A variant that was out of stock, or had never been in stock, can be ordered now. Told once for each return.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StockReturned {
    pub variant: VariantId,
    pub product: ProductId,
    pub vendor: VendorId,
}
event!(StockReturned, "inventory.stock_returned", variant);

/// Good news of a variant on sale, for those who wait for it. Told once for each return or fall.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VariantNews {
    /// Names the return or the fall, also where it is told in several facts.
    pub id: uuid::Uuid,
    pub kind: NewsKind,
    pub variant: VariantId,
    pub product: ProductId,
    pub vendor: VendorId,
    /// What the shop window calls the product.
    pub product_name: String,
    /// The fall of everybody's price of one piece; absent where no price fell.
    pub price: Option<PriceFall>,
}
event!(VariantNews, "products.variant_news", variant);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NewsKind {
    BackInStock,
    PriceDrop,
}

/// In the product's own currency where it fell in that, else in another one.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct PriceFall {
    pub currency: Currency,
    /// Minor units.
    pub before: i64,
    /// Minor units.
    pub after: i64,
}

/// Customers whose wishlists wait for a piece of news. A large crowd is told in several of these; a customer with
/// several lists may be in more than one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WishesFulfilled {
    pub news: VariantNews,
    pub customers: Vec<CustomerId>,
}
impl Event for WishesFulfilled {
    const TOPIC: &'static str = "products.wishes_fulfilled";
    fn key(&self) -> String {
        self.news.variant.to_string()
    }
}
/// Staff did something for a customer: on whose behalf, who, what, and what came of it. For the audit.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StaffActed {
    pub customer: CustomerId,
    pub staff: UserId,
    /// `loyalty.adjust`, `cart.change`: dotted lower case.
    pub action: String,
    /// ID of what was changed, if it was not the customer.
    pub subject: Option<String>,
    /// Never words of a person.
    pub outcome: Option<String>,
}
event!(StaffActed, "staff.acted", customer);

/// Staff changed what all products share: a category, a brand, an attribute, the words of the search. For the audit.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CatalogueChanged {
    /// ID of what was changed; `synonyms` has none.
    pub subject: String,
    pub kind: CatalogueKind,
    pub staff: Option<UserId>,
    /// `category.upsert`, `synonyms.set 12`: dotted lower case, with a number where it helps.
    pub action: String,
}
event!(CatalogueChanged, "products.catalogue_changed", subject);

/// What [`CatalogueChanged`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CatalogueKind {
    Category,
    Brand,
    Attribute,
    SearchSynonym,
}
