//! What the shipping service answers.

use crate::{Done, command};
use chrono::{DateTime, Utc};
use platform::{
    Country, Currency,
    ids::{ShippingMethodId, VendorId, VendorOrderId},
};
use serde::{Deserialize, Serialize};

/// Prices of the chosen methods for these parcels. One answer per parcel, in order.
#[derive(Debug, Serialize, Deserialize)]
pub struct QuoteDelivery {
    pub destination: Destination,
    pub currency: Currency,
    pub parcels: Vec<Parcel>,
}
command!(QuoteDelivery, "shipping", "quote_delivery", Vec<DeliveryQuote>);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Destination {
    pub country: Country,
    pub region: Option<String>,
    pub postal_code: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Parcel {
    pub vendor: VendorId,
    pub method: ShippingMethodId,
    pub weight_grams: i32,
    /// Minor units, for rates by value.
    pub subtotal: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum DeliveryQuote {
    Priced {
        amount: i64,
        method_name: String,
    },
    /// The method does not serve the address, weight or currency, or is not the vendor's.
    NotServed {
        reason: String,
    },
}

/// A delivery that happened elsewhere: one shipment of the whole vendor order, shipped and delivered.
#[derive(Debug, Serialize, Deserialize)]
pub struct ImportDelivery {
    pub vendor_order: VendorOrderId,
    pub shipped_at: DateTime<Utc>,
    pub delivered_at: DateTime<Utc>,
}
command!(ImportDelivery, "shipping", "import_delivery", Done);
