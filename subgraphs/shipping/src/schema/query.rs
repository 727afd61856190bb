//! Root fields that read, and the entities.

use super::{
    Nullable,
    cart::{Cart, DeliveryOption, basis},
    deps, loader,
    loaders::{MethodById, OfferedBy, ShipmentById, ZoneById},
    payloads::ParcelInput,
    stubs::{Order, Vendor, VendorOrder},
};
use crate::domain::{
    catalog::{ShippingMethod, ShippingZone},
    offer::Basis,
    shipment::Shipment,
    status::ShipmentStatus,
    zone::Place,
};
use crate::store::{self, Scope};
use async_graphql::{Context, ID, Json, Object};
use platform::{
    AddressInput, Error,
    ids::{CartId, OrderId, ShipmentId, ShippingMethodId, ShippingZoneId, VendorId, VendorOrderId},
    page::PageArgs,
    viewer::viewer,
};
use uuid::Uuid;

/// Parcels one question may have.
const MAX_PARCELS: usize = 50;

/// Root of all reads.
pub struct Query;

#[Object]
impl Query {
    /// All zones, by name.
    async fn shipping_zones(&self, ctx: &Context<'_>) -> Result<Vec<ShippingZone>, Error> {
        Ok(store::zones::all(deps(ctx).db.pool()).await?)
    }

    /// Active methods that every vendor offers and, with a vendor, also its own.
    async fn shipping_methods(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of a vendor.")] vendor_id: Option<ID>,
    ) -> Result<Vec<ShippingMethod>, Error> {
        let vendor = vendor_id
            .and_then(|id| VendorId::parse(&id))
            .unwrap_or(VendorId(Uuid::nil()));
        Ok(loader(ctx).load_one(OfferedBy(vendor)).await?.unwrap_or_default())
    }

    /// Ways to ship parcels to an address, cheapest first for each parcel. At most 50 parcels.
    async fn shipping_estimate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Where to.")] destination: AddressInput,
        #[graphql(desc = "What, one parcel per vendor.")] parcels: Vec<ParcelInput>,
    ) -> Result<Vec<DeliveryOption>, Error> {
        let address = destination
            .validate(&["destination"])
            .map_err(|error| Error::BadInput(error.message))?;
        if parcels.len() > MAX_PARCELS {
            return Err(Error::BadInput(format!("at most {MAX_PARCELS} parcels")));
        }
        let place = Place {
            country: address.country,
            region: address.region,
            postal_code: address.postal_code,
        };
        let parcels = parcels
            .into_iter()
            .map(ParcelInput::check)
            .collect::<Result<_, _>>()?;
        let offers = loader(ctx)
            .load_one(Basis { place, parcels })
            .await?
            .unwrap_or_default();
        Ok(offers.into_iter().map(Into::into).collect())
    }

    /// A shipment of the caller, of the caller's vendors or, for staff, any: by ID or by the carrier's number.
    async fn shipment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the shipment.")] id: Option<ID>,
        #[graphql(desc = "The carrier's number; of several shipments the newest is meant.")] tracking_number: Option<String>,
    ) -> Nullable<Shipment> {
        match (id, tracking_number) {
            (Some(id), None) => loader(ctx)
                .load_one(ShipmentById(ShipmentId::parse(&id)?))
                .await
                .transpose(),
            (None, Some(number)) => {
                let scope = Scope::from(viewer(ctx));
                let found = store::shipments::by_tracking_number(deps(ctx).db.pool(), &scope, &number).await;
                found.map_err(Error::from).transpose()
            }
            _ => Some(Err(Error::BadInput("give id or trackingNumber".to_owned()))),
        }
    }

    /// Shipments of the caller's vendors or, for staff, all, newest first. Requires: VENDOR or STAFF.
    async fn shipments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Only these states.")] status: Option<Vec<ShipmentStatus>>,
        #[graphql(desc = "Only of this vendor.")] vendor_id: Option<ID>,
    ) -> Nullable<Vec<Shipment>> {
        Some(shipments(ctx, first, status, vendor_id).await)
    }

    #[graphql(entity)]
    async fn find_shipping_method_by_id(
        &self,
        ctx: &Context<'_>,
        id: ID,
    ) -> Result<Option<ShippingMethod>, Error> {
        match ShippingMethodId::parse(&id) {
            Some(id) => loader(ctx).load_one(MethodById(id)).await,
            None => Ok(None),
        }
    }

    #[graphql(entity)]
    async fn find_shipping_zone_by_id(
        &self,
        ctx: &Context<'_>,
        id: ID,
    ) -> Result<Option<ShippingZone>, Error> {
        match ShippingZoneId::parse(&id) {
            Some(id) => loader(ctx).load_one(ZoneById(id)).await,
            None => Ok(None),
        }
    }

    #[graphql(entity)]
    async fn find_shipment_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Shipment>, Error> {
        match ShipmentId::parse(&id) {
            Some(id) => loader(ctx).load_one(ShipmentById(id)).await,
            None => Ok(None),
        }
    }

    #[graphql(entity)]
    async fn find_order_by_id(&self, id: ID) -> Option<Order> {
        OrderId::parse(&id).map(|id| Order { id })
    }

    #[graphql(entity)]
    async fn find_vendor_order_by_id(&self, id: ID) -> Option<VendorOrder> {
        VendorOrderId::parse(&id).map(|id| VendorOrder { id })
    }

    #[graphql(entity)]
    async fn find_vendor_by_id(&self, id: ID) -> Option<Vendor> {
        VendorId::parse(&id).map(|id| Vendor { id })
    }

    #[graphql(entity)]
    async fn find_cart_by_id(
        &self,
        #[graphql(key)] id: ID,
        shipping_basis: Option<Json<serde_json::Value>>,
    ) -> Option<Cart> {
        let id = CartId::parse(&id)?;
        Some(Cart {
            id,
            basis: shipping_basis.and_then(|Json(value)| basis(value)),
        })
    }
}

async fn shipments(
    ctx: &Context<'_>,
    first: Option<i32>,
    status: Option<Vec<ShipmentStatus>>,
    vendor_id: Option<ID>,
) -> Result<Vec<Shipment>, Error> {
    let viewer = viewer(ctx);
    viewer.require_vendor_or_staff()?;
    let limit = PageArgs::<()>::new(first, None)?.limit() - 1;
    let states = status.map(|states| {
        states
            .into_iter()
            .map(|state| state.as_str().to_owned())
            .collect()
    });
    // Something that is no ID is an ID that does not exist.
    let vendor = vendor_id.map(|id| VendorId::parse(&id).unwrap_or(VendorId(Uuid::nil())));
    Ok(store::shipments::list(
        deps(ctx).db.pool(),
        &Scope::managed(viewer),
        states,
        vendor,
        limit,
    )
    .await?)
}
