//! A stored card (Stripe API reference: PaymentMethods).

use crate::{
    cards::{self, Behaviour, Card},
    ids,
    table::Row,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Method {
    pub id: String,
    pub created: i64,
    pub customer: Option<String>,
    /// A number of the test table, never anybody's.
    pub number: String,
    pub brand: String,
    pub exp_month: i64,
    pub exp_year: i64,
    /// Authenticated when it was set up, so that some cards may be charged without the customer.
    pub set_up: bool,
    /// Charged or detached without belonging to a customer: Stripe does not let it be used again.
    pub spent: bool,
}

impl Method {
    pub fn of(card: &Card, created: i64) -> Self {
        Self {
            id: ids::id("pm"),
            created,
            customer: None,
            number: card.number.to_owned(),
            brand: card.brand.to_owned(),
            exp_month: 12,
            exp_year: 2040,
            set_up: false,
            spent: false,
        }
    }

    pub fn behaviour(&self) -> Behaviour {
        cards::behaviour(&self.number)
    }

    pub fn card(&self) -> Value {
        let last4 = self.number.get(self.number.len().saturating_sub(4)..);
        json!({
            "brand": self.brand,
            "checks": { "address_line1_check": null, "address_postal_code_check": null, "cvc_check": "pass" },
            "country": "US",
            "exp_month": self.exp_month,
            "exp_year": self.exp_year,
            "fingerprint": format!("sandbox{}", last4.unwrap_or_default()),
            "funding": "credit",
            "last4": last4,
            "network": self.brand,
        })
    }

    pub fn render(&self) -> Value {
        json!({
            "id": self.id,
            "object": "payment_method",
            "billing_details": { "address": null, "email": null, "name": null, "phone": null },
            "card": self.card(),
            "created": self.created,
            "customer": self.customer,
            "livemode": false,
            "metadata": {},
            "type": "card",
        })
    }
}

impl Row for Method {
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> i64 {
        self.created
    }
    fn groups(&self) -> Vec<&str> {
        self.customer.as_deref().into_iter().collect()
    }
}
