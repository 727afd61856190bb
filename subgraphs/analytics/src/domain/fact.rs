//! What is recorded of a fact: its subject, and its place in an audit chain.

use contracts::events::{
    CatalogueChanged, CatalogueKind, CustomerRegistered, OrderConfirmed, OrderStatusChanged,
    PaymentRefundStatusChanged, PaymentStatusChanged, RefundStatusChanged, ShipmentStatusChanged, StaffActed,
    VendorOrderStatusChanged, VendorStatusChanged,
};
use platform::events::Event;

/// A fact in terms of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Whose story it belongs to: an order, a vendor or a customer.
    pub chain: String,
    pub entity: String,
    pub entity_type: &'static str,
    /// The customer or login it concerns.
    pub person: Option<String>,
    pub before: Option<String>,
    pub after: Option<String>,
    /// Who did it, where the fact names them.
    pub actor: Option<String>,
}

impl Told {
    fn new(chain: impl ToString, entity: impl ToString, entity_type: &'static str) -> Self {
        Self {
            chain: chain.to_string(),
            entity: entity.to_string(),
            entity_type,
            person: None,
            before: None,
            after: None,
            actor: None,
        }
    }

    fn of(mut self, person: impl ToString) -> Self {
        self.person = Some(person.to_string());
        self
    }

    fn changed(mut self, from: Option<String>, to: impl Into<String>) -> Self {
        self.before = from;
        self.after = Some(to.into());
        self
    }
}

/// A fact that is recorded.
pub trait Audited: Event {
    fn told(&self) -> Told;

    /// `orders.order_confirmed` was told by `orders`.
    fn service() -> &'static str {
        Self::TOPIC.split_once('.').map_or("", |(service, _)| service)
    }

    /// `orders.order_confirmed` is `order_confirmed`.
    fn action() -> &'static str {
        Self::TOPIC.split_once('.').map_or("", |(_, action)| action)
    }
}

impl Audited for CustomerRegistered {
    fn told(&self) -> Told {
        Told::new(self.customer, self.customer, "Customer").of(self.user)
    }
}

impl Audited for VendorStatusChanged {
    fn told(&self) -> Told {
        Told::new(self.vendor, self.vendor, "Vendor").changed(Some(self.from.clone()), self.to.clone())
    }
}

impl Audited for OrderStatusChanged {
    fn told(&self) -> Told {
        let told = Told::new(self.order, self.order, "Order").of(self.customer);
        told.changed(self.from.clone(), self.to.clone())
    }
}

impl Audited for OrderConfirmed {
    fn told(&self) -> Told {
        Told::new(self.order, self.order, "Order").of(self.customer)
    }
}

impl Audited for VendorOrderStatusChanged {
    fn told(&self) -> Told {
        let told = Told::new(self.order, self.vendor_order, "VendorOrder").of(self.customer);
        told.changed(Some(self.from.clone()), self.to.clone())
    }
}

impl Audited for RefundStatusChanged {
    fn told(&self) -> Told {
        let told = Told::new(self.order, self.refund, "Refund").of(self.customer);
        told.changed(self.from.clone(), self.to.clone())
    }
}

impl Audited for PaymentStatusChanged {
    fn told(&self) -> Told {
        let told = Told::new(self.order, self.payment, "Payment").of(self.customer);
        let name = |state: contracts::payments::PaymentState| shout(&format!("{state:?}"));
        told.changed(Some(name(self.from)), name(self.to))
    }
}

impl Audited for PaymentRefundStatusChanged {
    fn told(&self) -> Told {
        let after = if self.succeeded { "SUCCEEDED" } else { "FAILED" };
        Told::new(self.order, self.refund, "Refund").changed(None, after)
    }
}

impl Audited for ShipmentStatusChanged {
    fn told(&self) -> Told {
        let told = Told::new(self.order, self.shipment, "Shipment").of(self.customer);
        told.changed(self.from.clone(), self.to.clone())
    }
}

/// In the customer's story: `cart.change`, `loyalty.adjust +50`.
impl Audited for StaffActed {
    fn told(&self) -> Told {
        let subject = self.subject.clone().unwrap_or_else(|| self.customer.to_string());
        let mut told = Told::new(self.customer, subject, "StaffAction").of(self.customer);
        told.actor = Some(self.staff.to_string());
        let outcome = self.outcome.iter().map(String::as_str);
        let after: Vec<&str> = std::iter::once(self.action.as_str()).chain(outcome).collect();
        told.changed(None, after.join(" "))
    }
}

/// All that staff changes of the catalogue is one story.
impl Audited for CatalogueChanged {
    fn told(&self) -> Told {
        let entity_type = match self.kind {
            CatalogueKind::Category => "Category",
            CatalogueKind::Brand => "Brand",
            CatalogueKind::Attribute => "Attribute",
            CatalogueKind::SearchSynonym => "SearchSynonym",
        };
        let mut told = Told::new("catalogue", &self.subject, entity_type);
        told.actor = self.staff.map(|staff| staff.to_string());
        told.changed(None, &self.action)
    }
}

/// `RequiresAction` as GraphQL writes it: `REQUIRES_ACTION`.
fn shout(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(c.to_ascii_uppercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_written_as_in_graphql() {
        assert_eq!(shout("PartiallyRefunded"), "PARTIALLY_REFUNDED");
        assert_eq!(
            (OrderConfirmed::service(), OrderConfirmed::action()),
            ("orders", "order_confirmed")
        );
    }
}
