//! Who hears what. A topic that is not here reaches nobody.

use crate::events::{
    CatalogueChanged, CustomerRegistered, CustomersMerged, GuestOrdersClaimed, LinesDelivered,
    LowStockRaised, OrderConfirmed, OrderStatusChanged, OrdersReassigned, PaymentRefundStatusChanged,
    PaymentStatusChanged, ProductChanged, RefundStatusChanged, ShipmentStatusChanged, StaffActed,
    StockReturned, StockStateChanged, VariantNews, VendorOrderStatusChanged, VendorStatusChanged,
    WishesFulfilled,
};
use platform::events::{Event, Routes};

pub const ROUTES: Routes = &[
    (CustomersMerged::TOPIC, &["products", "orders"]),
    (GuestOrdersClaimed::TOPIC, &["orders"]),
    (OrdersReassigned::TOPIC, &["products", "payments", "shipping"]),
    (CustomerRegistered::TOPIC, &["users", "analytics"]),
    (
        VendorStatusChanged::TOPIC,
        &["products", "notifications", "analytics"],
    ),
    (ProductChanged::TOPIC, &["inventory"]),
    (
        OrderStatusChanged::TOPIC,
        &["users", "notifications", "analytics"],
    ),
    (OrderConfirmed::TOPIC, &["users", "products", "analytics"]),
    (VendorOrderStatusChanged::TOPIC, &["notifications", "analytics"]),
    (
        RefundStatusChanged::TOPIC,
        &["users", "notifications", "analytics"],
    ),
    (PaymentStatusChanged::TOPIC, &["orders", "analytics"]),
    (PaymentRefundStatusChanged::TOPIC, &["orders", "analytics"]),
    (
        ShipmentStatusChanged::TOPIC,
        &["orders", "inventory", "notifications", "analytics"],
    ),
    (LowStockRaised::TOPIC, &["notifications"]),
    (StockStateChanged::TOPIC, &["products"]),
    (LinesDelivered::TOPIC, &["products"]),
    (StockReturned::TOPIC, &["products"]),
    (VariantNews::TOPIC, &["notifications"]),
    (WishesFulfilled::TOPIC, &["notifications"]),
    (StaffActed::TOPIC, &["analytics"]),
    (CatalogueChanged::TOPIC, &["analytics"]),
];
