//! Zones and methods.

use super::require_approved;
use crate::domain::catalog::{MethodDraft, ShippingMethod, ShippingZone, ZoneDraft};
use crate::store;
use platform::{
    Deps, Moment, Outcome, Tx, UserError, Viewer,
    ids::{ShippingMethodId, ShippingZoneId, VendorId},
};
use std::collections::HashSet;
use uuid::Uuid;

/// A new zone, or a change of one. Staff only; the caller has been checked.
pub async fn save_zone(deps: &Deps, id: Option<ShippingZoneId>, zone: ZoneDraft) -> Outcome<ShippingZone> {
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let saved = match id {
        None => store::zones::insert(&mut *tx, ShippingZoneId::new(), &zone).await?,
        Some(id) => store::zones::update(&mut *tx, id, &zone)
            .await?
            .ok_or_else(|| UserError::not_found(id.to_string()))?,
    };
    tx.commit().await?;
    Ok(saved)
}

/// A new method, or a change of one. Staff make methods for every vendor or for one; vendors make their own.
pub async fn save_method(
    deps: &Deps,
    viewer: &Viewer,
    id: Option<ShippingMethodId>,
    vendor: Option<VendorId>,
    draft: MethodDraft,
) -> Outcome<ShippingMethod> {
    let draft = draft.check()?;
    match vendor {
        Some(vendor) if !viewer.manages(vendor) => {
            return Err(UserError::not_found(vendor.to_string()).into());
        }
        Some(vendor) => require_approved(deps, viewer, vendor).await?,
        // Whose method it is, is known only after reading it.
        None if id.is_none() && !viewer.is_staff() => return Err(UserError::forbidden("STAFF").into()),
        None => {}
    }
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let id = match id {
        None => ShippingMethodId::new(),
        Some(id) => existing(&mut tx, viewer, id, vendor).await?,
    };
    check_zones(&mut tx, &draft).await?;
    let saved = store::methods::save(&mut tx, id, vendor, &draft).await?;
    tx.commit().await?;
    Ok(saved)
}

async fn existing(
    tx: &mut Tx,
    viewer: &Viewer,
    id: ShippingMethodId,
    vendor: Option<VendorId>,
) -> Outcome<ShippingMethodId> {
    let method = store::methods::lock(tx, id)
        .await?
        .filter(|method| {
            method
                .vendor_id
                .map_or(viewer.is_staff(), |vendor| viewer.manages(vendor))
        })
        .ok_or_else(|| UserError::not_found(id.to_string()))?;
    if vendor.is_some() && method.vendor_id != vendor {
        return Err(
            UserError::invalid(&["vendorId"], "the vendor of the method, which cannot change").into(),
        );
    }
    Ok(id)
}

async fn check_zones(tx: &mut Tx, draft: &MethodDraft) -> Outcome<()> {
    let wanted: HashSet<ShippingZoneId> = draft.rates.iter().map(|rate| rate.zone).collect();
    let ids: Vec<Uuid> = wanted.iter().map(|id| id.0).collect();
    let known: HashSet<ShippingZoneId> = store::zones::by_ids(&mut **tx, &ids)
        .await?
        .into_iter()
        .map(|zone| zone.id)
        .collect();
    match wanted.difference(&known).next() {
        Some(missing) => Err(UserError::not_found(missing.to_string()).into()),
        None => Ok(()),
    }
}
