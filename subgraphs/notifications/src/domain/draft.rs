//! Which fact tells whom what. A draft names a template and its variables; nothing in it identifies a person.

use contracts::events::{
    LowStockRaised, NewsKind, OrderStatusChanged, RefundStatusChanged, ShipmentStatusChanged, VariantNews,
    VendorOrderStatusChanged, VendorStatusChanged,
};
use platform::{
    Money,
    ids::{OrderId, ShipmentId, VariantId, VendorId},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A message before it has a reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The fact: makes the message unique per reader.
    pub event: Uuid,
    /// Code of its templates.
    pub code: String,
    pub subject: Option<Subject>,
    pub order: Option<OrderId>,
    pub variables: BTreeMap<String, String>,
}

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subject {
    Order(OrderId),
    Shipment(ShipmentId),
    Variant(VariantId),
    Vendor(VendorId),
}

impl Subject {
    /// How it is stored.
    pub fn parts(self) -> (&'static str, Uuid) {
        match self {
            Self::Order(id) => ("ORDER", id.0),
            Self::Shipment(id) => ("SHIPMENT", id.0),
            Self::Variant(id) => ("VARIANT", id.0),
            Self::Vendor(id) => ("VENDOR", id.0),
        }
    }

    /// Its page in the shop.
    pub fn path(self) -> String {
        match self {
            Self::Order(id) => format!("orders/{id}"),
            Self::Shipment(id) => format!("shipments/{id}"),
            Self::Variant(id) => format!("variants/{id}"),
            Self::Vendor(id) => format!("vendors/{id}"),
        }
    }

    pub fn from_parts(kind: &str, id: Uuid) -> Option<Self> {
        match kind {
            "ORDER" => Some(Self::Order(OrderId(id))),
            "SHIPMENT" => Some(Self::Shipment(ShipmentId(id))),
            "VARIANT" => Some(Self::Variant(VariantId(id))),
            "VENDOR" => Some(Self::Vendor(VendorId(id))),
            _ => None,
        }
    }
}

fn draft(
    event: Uuid,
    code: &str,
    subject: Subject,
    order: Option<OrderId>,
    variables: &[(&str, String)],
) -> Draft {
    Draft {
        event,
        code: code.to_owned(),
        subject: Some(subject),
        order,
        variables: variables
            .iter()
            .map(|(k, v)| ((*k).to_owned(), v.clone()))
            .collect(),
    }
}

/// To the buyer. Fulfilment is told by shipments.
pub fn order(event: Uuid, fact: &OrderStatusChanged) -> Option<Draft> {
    let code = match fact.to.as_str() {
        "PENDING_PAYMENT" => "order.placed",
        "CONFIRMED" => "order.confirmed",
        "ON_HOLD" => "order.on_hold",
        "CANCELED" => "order.canceled",
        "EXPIRED" => "order.expired",
        _ => return None,
    };
    let total = Money::new(fact.total, fact.currency).to_string();
    let variables = [("order_number", fact.number.clone()), ("total", total)];
    Some(draft(
        event,
        code,
        Subject::Order(fact.order),
        Some(fact.order),
        &variables,
    ))
}

/// To the buyer: only what no other message tells.
pub fn vendor_order_for_customer(event: Uuid, fact: &VendorOrderStatusChanged) -> Option<Draft> {
    let variables = [("order_number", fact.number.clone())];
    (fact.to == "REJECTED").then(|| {
        let subject = Subject::Order(fact.order);
        draft(
            event,
            "order.part_rejected",
            subject,
            Some(fact.order),
            &variables,
        )
    })
}

/// To the vendor's members.
pub fn vendor_order_for_vendor(event: Uuid, fact: &VendorOrderStatusChanged) -> Option<Draft> {
    let code = match (fact.from.as_str(), fact.to.as_str()) {
        (_, "AWAITING_ACCEPTANCE") => "vendor_order.new",
        // An order that was never paid never reached the vendor.
        ("PENDING", "CANCELED") => return None,
        (_, "CANCELED") => "vendor_order.canceled",
        _ => return None,
    };
    let variables = [("order_number", fact.number.clone())];
    Some(draft(
        event,
        code,
        Subject::Order(fact.order),
        Some(fact.order),
        &variables,
    ))
}

/// To the buyer.
pub fn refund(event: Uuid, fact: &RefundStatusChanged) -> Option<Draft> {
    let code = match fact.to.as_str() {
        "SUCCEEDED" => "refund.succeeded",
        "REJECTED" => "refund.rejected",
        _ => return None,
    };
    let total = Money::new(fact.total, fact.currency).to_string();
    let variables = [("order_number", fact.number.clone()), ("total", total)];
    Some(draft(
        event,
        code,
        Subject::Order(fact.order),
        Some(fact.order),
        &variables,
    ))
}

/// To the buyer.
pub fn shipment(event: Uuid, fact: &ShipmentStatusChanged) -> Option<Draft> {
    let code = match fact.to.as_str() {
        "IN_TRANSIT" => "order.shipped",
        "OUT_FOR_DELIVERY" => "order.out_for_delivery",
        "DELIVERED" => "order.delivered",
        "DELIVERY_FAILED" => "order.delivery_failed",
        "RETURNED_TO_SENDER" => "order.returned_to_sender",
        "LOST" => "order.lost",
        _ => return None,
    };
    let variables = [("shipment_number", fact.number.clone())];
    Some(draft(
        event,
        code,
        Subject::Shipment(fact.shipment),
        Some(fact.order),
        &variables,
    ))
}

/// To the vendor's members, whom the fact names.
pub fn vendor(event: Uuid, fact: &VendorStatusChanged) -> Option<Draft> {
    let code = match fact.to.as_str() {
        "APPROVED" => "vendor.approved",
        "REJECTED" => "vendor.rejected",
        "CHANGES_REQUESTED" => "vendor.changes_requested",
        "SUSPENDED" => "vendor.suspended",
        "CLOSED" => "vendor.closed",
        _ => return None,
    };
    Some(draft(event, code, Subject::Vendor(fact.vendor), None, &[]))
}

/// To the vendor's members.
pub fn low_stock(event: Uuid, fact: &LowStockRaised) -> Draft {
    let variables = [
        ("available", fact.available.to_string()),
        ("threshold", fact.threshold.to_string()),
        ("variant", fact.variant.to_string()),
    ];
    draft(
        event,
        "low_stock",
        Subject::Variant(fact.variant),
        None,
        &variables,
    )
}

/// To those who wait for the variant.
pub fn news(news: &VariantNews) -> Draft {
    let code = match news.kind {
        NewsKind::BackInStock => "product.back_in_stock",
        NewsKind::PriceDrop => "product.price_drop",
    };
    let mut variables = vec![("product", news.product_name.clone())];
    if let Some(fall) = news.price {
        let money = |amount| Money::new(amount, fall.currency).to_string();
        variables.extend([("before", money(fall.before)), ("price", money(fall.after))]);
    }
    draft(news.id, code, Subject::Variant(news.variant), None, &variables)
}

#[cfg(test)]
mod tests {
    use super::*;
    use platform::{Currency, ids::CustomerId};

    #[test]
    fn orders_tell_what_the_buyer_must_know() {
        let told = |to: &str| {
            let fact = OrderStatusChanged {
                order: OrderId::new(),
                number: "A-1".into(),
                customer: CustomerId::new(),
                from: None,
                to: to.into(),
                currency: Currency::GBP,
                total: 1250,
                seq: 1,
            };
            order(Uuid::nil(), &fact).map(|d| (d.code, d.variables["total"].clone()))
        };
        assert_eq!(
            told("PENDING_PAYMENT"),
            Some(("order.placed".into(), "GBP 12.50".into()))
        );
        assert_eq!(told("CONFIRMED").unwrap().0, "order.confirmed");
        for silent in ["PARTIALLY_FULFILLED", "FULFILLED", "DELIVERED", "COMPLETED"] {
            assert_eq!(told(silent), None);
        }
    }

    #[test]
    fn an_unpaid_order_never_reaches_the_vendor() {
        let told = |from: &str, to: &str| {
            let fact = VendorOrderStatusChanged {
                vendor_order: platform::ids::VendorOrderId::new(),
                order: OrderId::new(),
                number: "A-1".into(),
                vendor: VendorId::new(),
                customer: CustomerId::new(),
                from: from.into(),
                to: to.into(),
            };
            vendor_order_for_vendor(Uuid::nil(), &fact).map(|d| d.code)
        };
        assert_eq!(
            told("PENDING", "AWAITING_ACCEPTANCE").as_deref(),
            Some("vendor_order.new")
        );
        assert_eq!(told("PENDING", "CANCELED"), None);
        assert_eq!(
            told("ACCEPTED", "CANCELED").as_deref(),
            Some("vendor_order.canceled")
        );
    }
}
