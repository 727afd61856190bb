//! Who may change what: members of a vendor its variants in its own warehouses, staff everything.

use crate::domain::warehouse::Warehouse;
use crate::store::{
    self, Scope,
    variants::{Variant, unknown},
};
use contracts::products::GetVariants;
use platform::{
    Currency, Error, Outcome, Tx, UserError, UserErrorCode, Viewer,
    error::ValidationError,
    ids::{VariantId, WarehouseId},
    service::Deps,
};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// Asks the catalogue for variants it has not told of yet, so that stock can be set for a product made a moment ago.
/// Call it before the transaction.
pub async fn learn(deps: &Deps, variants: &[VariantId]) -> Result<(), Error> {
    let ids: Vec<Uuid> = variants.iter().map(|id| id.0).collect();
    let missing = unknown(deps.db.pool(), &ids).await?;
    if missing.is_empty() {
        return Ok(());
    }
    let command = GetVariants {
        ids: missing,
        currency: Currency::GBP,
        tier: None,
    };
    let told = deps.commands.call(&command).await?;
    let variants: Vec<Variant> = told
        .iter()
        .map(|v| Variant {
            id: v.id,
            product: v.product,
            vendor: v.vendor,
        })
        .collect();
    let skus: Vec<String> = told.into_iter().map(|v| v.sku).collect();
    store::variants::learn(deps.db.pool(), &variants, &skus).await?;
    Ok(())
}

/// Locks the variants and checks that the viewer may change their stock in these warehouses.
pub async fn lock(
    tx: &mut Tx,
    viewer: &Viewer,
    pairs: &[(VariantId, WarehouseId)],
) -> Outcome<HashMap<VariantId, Variant>> {
    let variants: BTreeSet<Uuid> = pairs.iter().map(|(variant, _)| variant.0).collect();
    let variants: Vec<Uuid> = variants.into_iter().collect();
    let variants: HashMap<_, _> = store::variants::lock(tx, &variants)
        .await?
        .into_iter()
        .map(|variant| (variant.id, variant))
        .collect();
    let ids: Vec<Uuid> = pairs.iter().map(|(_, warehouse)| warehouse.0).collect();
    let warehouses = store::warehouses::by_ids(&mut **tx, &Scope::from(viewer), &ids).await?;
    let warehouses: HashMap<_, _> = warehouses.into_iter().map(|w| (w.id, w)).collect();
    for (variant, warehouse) in pairs {
        let variant = variants
            .get(variant)
            .filter(|known| viewer.manages(known.vendor))
            .ok_or_else(|| UserError::not_found(variant.to_string()))?;
        let warehouse = warehouses
            .get(warehouse)
            .ok_or_else(|| UserError::not_found(warehouse.to_string()))?;
        check(viewer, variant, warehouse)?;
    }
    Ok(variants)
}

fn check(viewer: &Viewer, variant: &Variant, warehouse: &Warehouse) -> Result<(), UserError> {
    match warehouse.vendor_id {
        // What lies in the marketplace's own buildings is counted by its staff.
        None if !viewer.is_staff() => Err(UserError::forbidden("STAFF")),
        Some(vendor) if vendor != variant.vendor => Err(conflict(
            &["warehouseId"],
            "the warehouse belongs to another vendor than the variant",
        )),
        _ => Ok(()),
    }
}

/// A refusal because of the state of stock, at a place of the input.
pub fn conflict(path: &[&str], message: impl Into<String>) -> UserError {
    at(UserErrorCode::Conflict, path, message)
}

/// A refusal with a code, at a place of the input.
pub fn at(code: UserErrorCode, path: &[&str], message: impl Into<String>) -> UserError {
    UserError::ValidationError(ValidationError {
        path: Some(path.iter().map(|part| (*part).to_owned()).collect()),
        ..ValidationError::refused(code, message)
    })
}
