//! Inputs and payloads.

use crate::domain::{
    catalog::{ShippingMethod, ShippingZone},
    rate::{Parcel, Rate, RateKind},
    shipment::Shipment,
    zone::Area,
};
use async_graphql::{ID, InputObject, SimpleObject};
use contracts::events::ShippedItem;
use platform::{
    Error, Money, Outcome, UserError, UserErrorCode,
    error::{Split, parse_id},
    ids::VendorId,
    money::MoneyInput,
};

macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident { $(#[$field_doc:meta])* $field:ident: $type:ty })*) => {
        $(
            $(#[$doc])*
            #[derive(SimpleObject)]
            pub struct $name {
                $(#[$field_doc])*
                $field: Option<$type>,
                /// Why nothing was changed; empty if it was.
                user_errors: Vec<UserError>,
            }

            impl $name {
                pub fn of(outcome: Outcome<$type>) -> async_graphql::Result<Self> {
                    let ($field, user_errors) = outcome.split()?;
                    Ok(Self { $field, user_errors })
                }
            }
        )*
    };
}

payloads! {
    /// Result of a change of a shipment.
    ShipmentPayload {
        /// The shipment as it is now.
        shipment: Shipment
    }
    /// Result of a change of a zone.
    ShippingZonePayload {
        /// The zone as it is now.
        zone: ShippingZone
    }
    /// Result of a change of a method.
    ShippingMethodPayload {
        /// The method as it is now.
        method: ShippingMethod
    }
}

/// Pieces of an order line to be packed.
#[derive(Clone, Debug, InputObject)]
pub struct ShipmentItemInput {
    /// ID of the line.
    pub order_line_id: ID,
    /// Pieces, 1 to 9,999.
    pub quantity: i32,
}

impl ShipmentItemInput {
    pub fn item(self) -> Result<ShippedItem, UserError> {
        Ok(ShippedItem {
            line: parse_id(&self.order_line_id)?,
            quantity: self.quantity,
        })
    }
}

/// A parcel whose delivery is to be priced.
#[derive(Clone, Debug, InputObject)]
pub struct ParcelInput {
    /// Grams, 0 or more.
    pub weight_grams: i32,
    /// Value of the goods; prices are in its currency.
    pub subtotal: MoneyInput,
    /// Whose methods are meant beside the platform's.
    pub vendor_id: Option<ID>,
}

impl ParcelInput {
    pub fn check(self) -> Result<Parcel, Error> {
        let subtotal = Money::from(self.subtotal);
        if self.weight_grams < 0 || subtotal.amount() < 0 {
            return Err(Error::BadInput("weight and value must be 0 or more".to_owned()));
        }
        let vendor = self.vendor_id.and_then(|id| VendorId::parse(&id));
        Ok(Parcel {
            vendor,
            weight_grams: self.weight_grams,
            subtotal,
        })
    }
}

/// A price of a method in a zone. All amounts have one currency.
#[derive(Clone, Debug, InputObject)]
pub struct RateInput {
    /// ID of the zone.
    pub zone_id: ID,
    /// How the price is made. CARRIER is refused: no carrier is connected.
    pub kind: RateKind,
    /// The price, before what `kind` adds or takes away; 0 or more.
    pub base: MoneyInput,
    /// Added for each started kilogram; needed for BY_WEIGHT.
    pub per_kg: Option<MoneyInput>,
    /// Value of the goods from which delivery is free; needed for BY_SUBTOTAL and FREE_OVER.
    pub free_over: Option<MoneyInput>,
    /// Grams a parcel must have at least.
    pub min_weight_grams: Option<i32>,
    /// Grams a parcel may have at most.
    pub max_weight_grams: Option<i32>,
}

impl RateInput {
    pub fn rate(self) -> Result<Rate, UserError> {
        let base = Money::from(self.base);
        let amount = |money: Option<MoneyInput>| match money.map(Money::from) {
            Some(money) if money.currency != base.currency => {
                let message = format!(
                    "the amounts of a rate differ in currency: {} and {}",
                    base.currency, money.currency
                );
                Err(UserError::refused(UserErrorCode::CurrencyMismatch, message))
            }
            money => Ok(money.map(Money::amount)),
        };
        Ok(Rate {
            zone: parse_id(&self.zone_id)?,
            area: Area::default(),
            kind: self.kind,
            base,
            per_kg: amount(self.per_kg)?,
            free_over: amount(self.free_over)?,
            min_weight_grams: self.min_weight_grams,
            max_weight_grams: self.max_weight_grams,
        })
    }
}
