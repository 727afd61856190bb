//! What can be done to the catalogue: each verb is one transaction.

use crate::{
    domain::{product::Product, status::ProductStatus},
    search::indexer,
    store,
};
use platform::{
    Moment, Outcome, Tx, UserError, UserErrorCode, Viewer,
    ids::{ProductId, VendorId},
};
use sqlx::PgConnection;
use uuid::Uuid;

pub mod approval;
pub mod bulk;
pub mod catalog;
pub mod logos;
pub mod media;
pub mod media_files;
pub mod news;
pub mod products;
pub mod publishing;
pub mod reviews;
pub mod synonyms;
pub mod variants;
pub mod wishlists;

/// The viewer's own actions happen now.
const NOW: Moment = Moment::LIVE;

/// Locks a product that the viewer may change: a member of its vendor while that may sell, or staff.
async fn lock_managed(tx: &mut PgConnection, viewer: &Viewer, id: ProductId) -> Outcome<Product> {
    let product = store::products::lock(tx, id).await?;
    let Some(product) = product.filter(|product| product.visible || viewer.manages(product.vendor_id)) else {
        return Err(UserError::not_found(id.to_string()).into());
    };
    if !viewer.manages(product.vendor_id) {
        return Err(UserError::forbidden("VENDOR or STAFF").into());
    }
    if !viewer.is_staff() {
        require_approved(store::vendors::approved(tx, product.vendor_id).await?)?;
    }
    Ok(product)
}

/// The same for changes that an archived product no longer takes.
async fn lock_editable(tx: &mut PgConnection, viewer: &Viewer, id: ProductId) -> Outcome<Product> {
    let product = lock_managed(tx, viewer, id).await?;
    match product.status {
        ProductStatus::Archived => {
            Err(UserError::refused(UserErrorCode::Conflict, "an archived product cannot be changed").into())
        }
        _ => Ok(product),
    }
}

fn require_approved(approved: Option<bool>) -> Result<(), UserError> {
    match approved {
        Some(true) => Ok(()),
        _ => Err(UserError::refused(
            UserErrorCode::Conflict,
            "the vendor is not approved",
        )),
    }
}

/// A member of the vendor or staff.
fn require_manages(viewer: &Viewer, vendor: VendorId) -> Result<(), UserError> {
    match (viewer.manages(vendor), viewer.user) {
        (true, _) => Ok(()),
        (false, None) => Err(UserError::unauthenticated()),
        (false, Some(_)) => Err(UserError::forbidden("VENDOR or STAFF")),
    }
}

/// Brings copies up to date, counts the change and tells the other services.
async fn changed(tx: &mut Tx, id: ProductId) -> Outcome<()> {
    store::copies::refresh(tx, &[id.0]).await?;
    store::products::touch(tx, id).await?;
    tell(tx, &[id.0]).await
}

/// Tells the other services what these products are like now.
async fn tell(tx: &mut Tx, ids: &[Uuid]) -> Outcome<()> {
    let changes = store::products::changes(tx, ids).await?;
    for change in &changes {
        tx.hint(indexer::CHANGED, change.product);
    }
    tx.emit_all(&changes).await?;
    Ok(())
}
