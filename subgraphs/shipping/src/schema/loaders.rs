//! Batched reads. Shipments carry the rule whose they are; zones and methods are public; what hangs on a shipment
//! follows from a shipment that somebody may see.

use crate::domain::{
    catalog::{ShippingMethod, ShippingZone},
    offer::{Basis, Offer, offers},
    shipment::{Item, Shipment, ShipmentEvent},
};
use crate::store::{
    self, Scope,
    methods::RateRow,
    tariffs::{self, Wanted},
};
use async_graphql::dataloader::Loader;
use platform::{
    Country, Db, Error, Viewer,
    ids::{OrderId, ShipmentId, ShippingMethodId, ShippingZoneId, VendorId, VendorOrderId, uuids},
    loader::Batch,
};
use sqlx::PgPool;
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use uuid::Uuid;

/// Reads for one viewer.
pub struct Reader {
    db: Db,
    scope: Scope,
}

/// A loader for one request.
pub fn batch(db: &Db, viewer: &Viewer) -> Batch<Reader> {
    platform::loader::batch(Reader {
        db: db.clone(),
        scope: Scope::from(viewer),
    })
}

impl Reader {
    fn pool(&self) -> &PgPool {
        self.db.pool()
    }
}

/// Rows by a key, in their order.
fn group<K: Eq + Hash, V>(rows: Vec<V>, key: impl Fn(&V) -> K) -> HashMap<K, Vec<V>> {
    let mut groups: HashMap<K, Vec<V>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident($of:ty) => $value:ty, |$reader:ident, $ids:ident| $load:expr;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
            pub struct $name(pub $of);

            impl Loader<$name> for Reader {
                type Value = $value;
                type Error = Error;
                async fn load(&self, keys: &[$name]) -> Result<HashMap<$name, $value>, Error> {
                    let $reader = self;
                    let $ids: Vec<Uuid> = keys.iter().map(|key| key.0.into()).collect();
                    let rows = $load;
                    Ok(rows.into_iter().map(|(id, value)| ($name(id), value)).collect())
                }
            }
        )*
    };
}

keys! {
    ZoneById(ShippingZoneId) => ShippingZone, |r, ids|
        store::zones::by_ids(r.pool(), &ids).await?.into_iter().map(|zone| (zone.id, zone));
    MethodById(ShippingMethodId) => ShippingMethod, |r, ids|
        store::methods::by_ids(r.pool(), &ids).await?.into_iter().map(|method| (method.id, method));
    RatesOf(ShippingMethodId) => Vec<RateRow>, |r, ids|
        group(store::methods::rates(r.pool(), &ids).await?, |rate| rate.method_id);
    /// Active methods with a rate in the zone.
    MethodsIn(ShippingZoneId) => Vec<ShippingMethodId>, |r, ids|
        group(store::methods::in_zones(r.pool(), &ids).await?, |(zone, _)| *zone)
            .into_iter().map(|(zone, pairs)| (zone, pairs.into_iter().map(|(_, method)| method).collect::<Vec<_>>()));
    /// A shipment that the viewer may see.
    ShipmentById(ShipmentId) => Shipment, |r, ids|
        store::shipments::by_ids(r.pool(), &r.scope, &ids).await?.into_iter().map(|shipment| (shipment.id, shipment));
    ShipmentsOf(OrderId) => Vec<Shipment>, |r, ids|
        group(store::shipments::by_orders(r.pool(), &r.scope, &ids).await?, |shipment| shipment.order_id);
    ShipmentsOfPart(VendorOrderId) => Vec<Shipment>, |r, ids|
        group(store::shipments::by_vendor_orders(r.pool(), &r.scope, &ids).await?, |shipment| shipment.vendor_order_id);
    ItemsOf(ShipmentId) => Vec<Item>, |r, ids|
        group(store::shipments::items(r.pool(), &ids).await?, |item| item.shipment_id);
    EventsOf(ShipmentId) => Vec<ShipmentEvent>, |r, ids|
        group(store::events::of_shipments(r.pool(), &ids).await?, |event| event.shipment_id);
}

/// What a vendor offers: the platform's methods and its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OfferedBy(pub VendorId);

impl Loader<OfferedBy> for Reader {
    type Value = Vec<ShippingMethod>;
    type Error = Error;
    async fn load(&self, keys: &[OfferedBy]) -> Result<HashMap<OfferedBy, Self::Value>, Error> {
        let methods = store::methods::offered(self.pool(), &uuids(keys.iter().map(|key| &key.0))).await?;
        let of = |vendor: VendorId| {
            let offered = methods
                .iter()
                .filter(|method| method.vendor_id.is_none_or(|owner| owner == vendor));
            offered.cloned().collect()
        };
        Ok(keys.iter().map(|key| (*key, of(key.0))).collect())
    }
}

/// What can be chosen for some parcels; all parcels of a request are one statement.
impl Loader<Basis> for Reader {
    type Value = Vec<Offer>;
    type Error = Error;
    async fn load(&self, keys: &[Basis]) -> Result<HashMap<Basis, Self::Value>, Error> {
        let parcels = keys.iter().flat_map(|basis| &basis.parcels);
        let vendors: BTreeSet<Uuid> = parcels
            .filter_map(|parcel| parcel.vendor)
            .map(Uuid::from)
            .collect();
        let countries: BTreeSet<Country> = keys.iter().map(|basis| basis.place.country).collect();
        let (vendors, countries) = (Vec::from_iter(vendors), Vec::from_iter(countries));
        let (tariffs, today) = tariffs::read(self.pool(), Wanted::OfVendors(vendors), &countries).await?;
        Ok(keys
            .iter()
            .map(|basis| (basis.clone(), offers(&tariffs, basis, today)))
            .collect())
    }
}
