//! Making and editing warehouses.

use crate::domain::warehouse::{NewWarehouse, Warehouse};
use crate::store::{self, Scope};
use platform::{
    Moment, Outcome, Tx, UserError, UserErrorCode, Viewer, error::on_constraint, ids::VendorId,
    ids::WarehouseId, service::Deps,
};

/// `id` is the warehouse to edit, or absent to make one. Its vendor never changes.
pub async fn upsert(
    deps: &Deps,
    viewer: &Viewer,
    id: Option<WarehouseId>,
    mut new: NewWarehouse,
) -> Outcome<Warehouse> {
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let taken = || {
        UserError::refused(
            UserErrorCode::Conflict,
            "another warehouse of the vendor has this code",
        )
    };
    let id = match id {
        None => {
            new.vendor = owner(viewer, new.vendor)?;
            let id = WarehouseId::new();
            store::warehouses::insert(&mut tx, id, &new)
                .await
                .map_err(|e| on_constraint(e, "warehouses_code", taken))?;
            id
        }
        Some(id) => {
            editable(&mut tx, viewer, id, new.vendor).await?;
            store::warehouses::update(&mut tx, id, &new)
                .await
                .map_err(|e| on_constraint(e, "warehouses_code", taken))?;
            id
        }
    };
    let saved = store::warehouses::by_ids(&mut *tx, &Scope::from(viewer), &[id.0]).await?;
    tx.commit().await?;
    saved
        .into_iter()
        .next()
        .ok_or_else(|| UserError::not_found(id.to_string()).into())
}

async fn editable(tx: &mut Tx, viewer: &Viewer, id: WarehouseId, vendor: Option<VendorId>) -> Outcome<()> {
    let known = store::warehouses::lock(tx, id)
        .await?
        .filter(|w| match w.vendor_id {
            Some(vendor) => viewer.manages(vendor),
            None => viewer.is_staff(),
        });
    let known = known.ok_or_else(|| UserError::not_found(id.to_string()))?;
    if vendor.is_some() && vendor != known.vendor_id {
        return Err(UserError::invalid(&["input", "vendorId"], "the warehouse's vendor").into());
    }
    Ok(())
}

/// Whose a new thing is: the vendor that was named, or a member's only vendor, or for staff the marketplace.
pub(super) fn owner(viewer: &Viewer, vendor: Option<VendorId>) -> Result<Option<VendorId>, UserError> {
    match (vendor, viewer.vendors.as_slice()) {
        (Some(vendor), _) if viewer.manages(vendor) => Ok(Some(vendor)),
        (Some(vendor), _) => Err(UserError::not_found(vendor.to_string())),
        (None, _) if viewer.is_staff() => Ok(None),
        (None, [vendor]) => Ok(Some(*vendor)),
        (None, _) => Err(UserError::invalid(&["vendorId"], "one of your vendors")),
    }
}
