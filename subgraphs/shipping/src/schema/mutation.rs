//! Root fields that change something.

use super::deps;
use super::payloads::{
    RateInput, ShipmentItemInput, ShipmentPayload, ShippingMethodPayload, ShippingZonePayload,
};
use crate::actions::{
    advance::{self, NewScan},
    catalog,
    create::{self, Packing},
};
use crate::domain::{
    catalog::{MethodDraft, ShippingMethod, ZoneDraft},
    shipment::Shipment,
    status::ShipmentStatus,
};
use async_graphql::{Context, ID, Object, Result};
use chrono::{DateTime, Utc};
use platform::{Country, Deps, Outcome, UserError, Viewer, error::parse_id, ids::VendorId, viewer::viewer};

/// Root of all changes.
pub struct Mutation;

/// The caller, if their role may change shipments at all.
fn caller<'a>(ctx: &Context<'a>) -> Result<(&'a Deps, &'a Viewer)> {
    let viewer = viewer(ctx);
    viewer.require_vendor_or_staff()?;
    Ok((deps(ctx), viewer))
}

fn optional_id<I: std::str::FromStr<Err = platform::ids::NotAnId>>(
    id: Option<ID>,
) -> Result<Option<I>, UserError> {
    id.as_ref().map(parse_id).transpose()
}

#[expect(
    clippy::too_many_arguments,
    reason = "the arguments of a field are those of the contract"
)]
#[Object]
impl Mutation {
    /// Makes a zone or, with an ID, changes one. Requires: STAFF.
    async fn shipping_zone_upsert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the zone to change.")] id: Option<ID>,
        #[graphql(desc = "For people, 1 to 100 characters.")] name: String,
        #[graphql(desc = "Countries it contains; empty: all.")] countries: Vec<Country>,
        #[graphql(desc = "States, provinces or counties it is limited to.")] regions: Option<Vec<String>>,
        #[graphql(desc = "Postal codes it is limited to, with `*` for any characters and `?` for one.")]
        postal_patterns: Option<Vec<String>>,
    ) -> Option<Result<ShippingZonePayload>> {
        if let Err(error) = viewer(ctx).require_staff() {
            return Some(Err(error.into()));
        }
        let outcome = async {
            let id = optional_id(id)?;
            let zone = ZoneDraft::new(
                name,
                countries,
                regions.unwrap_or_default(),
                postal_patterns.unwrap_or_default(),
            )?;
            catalog::save_zone(deps(ctx), id, zone).await
        };
        Some(ShippingZonePayload::of(outcome.await))
    }

    /// Makes a method or, with an ID, changes one and replaces its rates. Without a vendor, a new method is offered by
    /// every vendor, which needs STAFF. Requires: VENDOR or STAFF.
    async fn shipping_method_upsert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the method to change.")] id: Option<ID>,
        #[graphql(desc = "Whose method it is; cannot change.")] vendor_id: Option<ID>,
        #[graphql(desc = "For people, 1 to 100 characters.")] name: String,
        #[graphql(desc = "Who carries the parcels, 1 to 100 characters.")] carrier: Option<String>,
        #[graphql(desc = "Days until delivery at best, 0 to 365.")] min_days: i32,
        #[graphql(desc = "Days until delivery at worst, `minDays` to 365.")] max_days: i32,
        #[graphql(desc = "Its prices, 1 to 200; of one zone, the first that takes the weight decides.")]
        rates: Vec<RateInput>,
    ) -> Option<Result<ShippingMethodPayload>> {
        let draft = rates
            .into_iter()
            .map(RateInput::rate)
            .collect::<Result<_, _>>()
            .map(|rates| MethodDraft {
                name,
                carrier,
                min_days,
                max_days,
                rates,
            });
        let outcome = match caller(ctx) {
            Err(error) => return Some(Err(error)),
            Ok((deps, viewer)) => save_method(deps, viewer, id, vendor_id, draft).await,
        };
        Some(ShippingMethodPayload::of(outcome))
    }

    /// Packs pieces of an accepted vendor order that are in no other shipment. Requires: VENDOR or STAFF.
    async fn shipment_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the vendor order.")] vendor_order_id: ID,
        #[graphql(desc = "What to pack, 1 to 100 lines.")] items: Vec<ShipmentItemInput>,
        #[graphql(desc = "How to ship; as the customer chose by default.")] method_id: Option<ID>,
        #[graphql(desc = "The same key again is the same shipment.")] idempotency_key: ID,
    ) -> Option<Result<ShipmentPayload>> {
        let (deps, viewer) = match caller(ctx) {
            Ok(caller) => caller,
            Err(error) => return Some(Err(error)),
        };
        let outcome = async {
            let packing = Packing {
                vendor_order: parse_id(&vendor_order_id)?,
                items: items
                    .into_iter()
                    .map(ShipmentItemInput::item)
                    .collect::<Result<_, _>>()?,
                method: optional_id(method_id)?,
            };
            create::create(deps, viewer, &packing, &idempotency_key).await
        };
        Some(ShipmentPayload::of(outcome.await))
    }

    /// The carrier has it. Requires: VENDOR or STAFF.
    async fn shipment_mark_shipped(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the shipment.")] id: ID,
        #[graphql(desc = "The carrier's number, at most 64 characters.")] tracking_number: Option<String>,
        #[graphql(desc = "Who carries it; as its method says by default.")] carrier: Option<String>,
        #[graphql(desc = "The version the caller knows.")] expected_version: i32,
    ) -> Option<Result<ShipmentPayload>> {
        let change = async |deps: &Deps, viewer: &Viewer| -> Outcome<Shipment> {
            let id = parse_id(&id)?;
            advance::mark_shipped(deps, viewer, id, carrier, tracking_number, expected_version).await
        };
        Some(match caller(ctx) {
            Ok((deps, viewer)) => ShipmentPayload::of(change(deps, viewer).await),
            Err(error) => Err(error),
        })
    }

    /// What the carrier saw, in any order: a late scan goes into the history and does not move the state back.
    /// Requires: VENDOR or STAFF.
    async fn shipment_event_add(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the shipment.")] id: ID,
        #[graphql(desc = "IN_TRANSIT or a later state.")] status: ShipmentStatus,
        #[graphql(desc = "In words, at most 500 characters.")] description: Option<String>,
        #[graphql(desc = "Where, at most 200 characters.")] location: Option<String>,
        #[graphql(desc = "When the carrier saw it; not in the future.")] occurred_at: DateTime<Utc>,
    ) -> Option<Result<ShipmentPayload>> {
        let scan = NewScan {
            status,
            description,
            location,
            occurred_at,
        };
        Some(match caller(ctx) {
            Ok((deps, viewer)) => match parse_id(&id) {
                Ok(id) => ShipmentPayload::of(advance::add_scan(deps, viewer, id, scan).await),
                Err(error) => ShipmentPayload::of(Err(error.into())),
            },
            Err(error) => Err(error),
        })
    }

    /// It will not be sent; its pieces may be packed again. Requires: VENDOR or STAFF.
    async fn shipment_cancel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the shipment.")] id: ID,
        #[graphql(desc = "The version the caller knows.")] expected_version: i32,
    ) -> Option<Result<ShipmentPayload>> {
        Some(match caller(ctx) {
            Ok((deps, viewer)) => match parse_id(&id) {
                Ok(id) => ShipmentPayload::of(advance::cancel(deps, viewer, id, expected_version).await),
                Err(error) => ShipmentPayload::of(Err(error.into())),
            },
            Err(error) => Err(error),
        })
    }
}

async fn save_method(
    deps: &Deps,
    viewer: &Viewer,
    id: Option<ID>,
    vendor_id: Option<ID>,
    draft: Result<MethodDraft, UserError>,
) -> Outcome<ShippingMethod> {
    let (id, vendor) = (optional_id(id)?, optional_id::<VendorId>(vendor_id)?);
    catalog::save_method(deps, viewer, id, vendor, draft?).await
}
