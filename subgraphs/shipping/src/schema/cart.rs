//! `Cart.deliveryOptions`, from what the orders service says about the cart's parcels.

use super::{Nullable, loader, stubs::Vendor};
use crate::domain::{
    catalog::ShippingMethod,
    offer::{Basis, Offer},
    rate::Parcel,
    zone::Place,
};
use async_graphql::{ComplexObject, Context, ID, SimpleObject};
use platform::{
    Country, Date, Money, PostalAddress,
    ids::{CartId, VendorId},
};
use serde::Deserialize;

/// A way to ship one vendor's part, with its price and dates.
#[derive(Clone, Debug, SimpleObject)]
pub struct DeliveryOption {
    /// Whose part it ships.
    vendor: Option<Vendor>,
    /// How.
    method: ShippingMethod,
    /// For the whole part.
    price: Money,
    /// Day of delivery at best, if it is ordered today.
    estimated_from: Date,
    /// Day of delivery at worst, if it is ordered today.
    estimated_to: Date,
}

impl From<Offer> for DeliveryOption {
    fn from(offer: Offer) -> Self {
        Self {
            vendor: offer.vendor.map(|id| Vendor { id }),
            method: offer.method,
            price: offer.price,
            estimated_from: Date(offer.from),
            estimated_to: Date(offer.to),
        }
    }
}

/// A shopping cart.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Cart {
    /// ID of the cart.
    pub id: CartId,
    #[graphql(skip)]
    pub basis: Option<Basis>,
}

#[ComplexObject]
impl Cart {
    /// What delivery depends on. The orders service knows it; nobody asks for it here.
    #[graphql(external)]
    async fn shipping_basis(&self) -> Option<ShippingBasis> {
        None
    }

    /// Ways to ship each vendor's part of the cart, cheapest first for each; null without an address.
    #[graphql(
        requires = "shippingBasis { destination { country region postalCode } parcels { vendorId weightGrams subtotal { amount currency } } }"
    )]
    async fn delivery_options(&self, ctx: &Context<'_>) -> Nullable<Vec<DeliveryOption>> {
        let basis = self.basis.clone()?;
        let offers = loader(ctx).load_one(basis).await;
        Some(offers.map(|offers| offers.unwrap_or_default().into_iter().map(Into::into).collect()))
    }
}

// What delivery of a cart depends on; orders owns and describes it.
#[derive(Clone, Debug, SimpleObject)]
pub struct ShippingBasis {
    /// Where it goes.
    #[graphql(external)]
    destination: Option<PostalAddress>,
    /// One per vendor.
    #[graphql(external)]
    parcels: Vec<ParcelBasis>,
}

// One vendor's part of a cart; orders owns and describes it.
#[derive(Clone, Debug, SimpleObject)]
pub struct ParcelBasis {
    /// ID of the vendor.
    #[graphql(external)]
    vendor_id: ID,
    /// Grams.
    #[graphql(external)]
    weight_grams: i32,
    /// Value of the goods.
    #[graphql(external)]
    subtotal: Money,
}

/// The same as the router hands it over: only the fields that are asked for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Handed {
    destination: Option<HandedPlace>,
    parcels: Vec<HandedParcel>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HandedPlace {
    country: Country,
    region: Option<String>,
    postal_code: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HandedParcel {
    vendor_id: VendorId,
    weight_grams: i32,
    subtotal: Money,
}

/// Reads what the router hands over. An entity whose argument cannot be read would take its whole batch along, hence
/// untyped JSON and `None`.
pub fn basis(value: serde_json::Value) -> Option<Basis> {
    let handed: Handed = serde_json::from_value(value)
        .inspect_err(|error| tracing::warn!(%error, "unreadable shipping basis"))
        .ok()?;
    let place = handed.destination?;
    let place = Place {
        country: place.country,
        region: place.region,
        postal_code: place.postal_code,
    };
    let parcels = handed.parcels.into_iter().map(|parcel| Parcel {
        vendor: Some(parcel.vendor_id),
        weight_grams: parcel.weight_grams,
        subtotal: parcel.subtotal,
    });
    Some(Basis {
        place,
        parcels: parcels.collect(),
    })
}
