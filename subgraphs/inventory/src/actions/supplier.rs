//! Making and editing suppliers.

use super::warehouse::owner;
use crate::domain::supplier::Supplier;
use crate::store::{self, Scope};
use platform::{
    Currency, Moment, Outcome, UserError, Viewer,
    address::text,
    ids::{SupplierId, VendorId},
    service::Deps,
};

/// What a caller sets.
#[derive(Clone, Debug)]
pub struct NewSupplier {
    pub name: String,
    pub vendor: Option<VendorId>,
    pub email: Option<String>,
    pub lead_time_days: Option<i32>,
    pub currency: Currency,
}

/// `id` is the supplier to edit, or absent to make one. Its vendor never changes.
pub async fn upsert(
    deps: &Deps,
    viewer: &Viewer,
    id: Option<SupplierId>,
    new: NewSupplier,
) -> Outcome<Supplier> {
    let name = text(new.name, 200).ok_or_else(|| UserError::invalid(&["name"], "1..200 characters"))?;
    let email = new.email.map(|email| {
        platform::address::email(&email).ok_or_else(|| UserError::invalid(&["email"], "a mail address"))
    });
    let email = email.transpose()?;
    if new
        .lead_time_days
        .is_some_and(|days| !(0..=3_650).contains(&days))
    {
        return Err(UserError::invalid(&["leadTimeDays"], "0..3650").into());
    }
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let scope = Scope::from(viewer);
    let (id, vendor_id) = match id {
        None => (SupplierId::new(), owner(viewer, new.vendor)?),
        Some(id) => {
            let known = store::suppliers::lock(&mut tx, &scope, id)
                .await?
                .ok_or_else(|| UserError::not_found(id.to_string()))?;
            if new.vendor.is_some() && new.vendor != known.vendor_id {
                return Err(UserError::invalid(&["vendorId"], "the supplier's vendor").into());
            }
            (id, known.vendor_id)
        }
    };
    let supplier = Supplier {
        id,
        name,
        vendor_id,
        email,
        lead_time_days: new.lead_time_days,
        currency: new.currency,
        active: true,
        version: 1,
    };
    store::suppliers::save(&mut tx, &supplier).await?;
    let saved = store::suppliers::by_ids(&mut *tx, &scope, &[id.0]).await?;
    tx.commit().await?;
    saved
        .into_iter()
        .next()
        .ok_or_else(|| UserError::not_found(id.to_string()).into())
}
