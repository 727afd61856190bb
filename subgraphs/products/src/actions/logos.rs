//! Logos of brands, uploaded by staff like the pictures of products.

use super::{
    NOW,
    media::{Ticket, look_at, open_slot, refused},
};
use crate::{
    domain::media::MediaStatus,
    store::{
        self,
        media::{Owner, Upload},
    },
};
use contracts::events::CatalogueKind;
use platform::{
    Deps, Outcome, Tx, UserError, Viewer,
    ids::{BrandId, MediaId},
    storage::Storage,
};

/// Opens a slot for one picture.
pub async fn open(
    deps: &Deps,
    storage: &Storage,
    viewer: &Viewer,
    brand: BrandId,
    file: (&str, i32),
) -> Outcome<Ticket> {
    open_slot(deps, storage, viewer, Owner::Brand(brand), file).await
}

/// Makes an upload the logo of its brand as soon as it is checked and scaled; until then the old one stays. Without an
/// upload the brand has no logo any more.
pub async fn set(
    deps: &Deps,
    storage: &Storage,
    viewer: &Viewer,
    brand: BrandId,
    upload: Option<MediaId>,
) -> Outcome<BrandId> {
    let Some(id) = upload else {
        let mut tx = deps.db.begin(NOW).await?;
        lock(&mut tx, brand).await?;
        store::logos::remove_all(&mut tx, brand).await?;
        super::catalog::tell(
            &mut tx,
            viewer,
            (brand.to_string(), CatalogueKind::Brand),
            "brand.logo_remove",
        )
        .await?;
        tx.commit().await?;
        return Ok(brand);
    };
    let mut tx = deps.db.begin(NOW).await?;
    let found = find(&mut tx, brand, id).await?;
    // The store is asked between two transactions.
    drop(tx);
    if found.status == MediaStatus::Uploading
        && let Err(reason) = look_at(storage, &found).await?
    {
        store::media::reject(deps.db.pool(), id, &reason).await?;
        return Err(refused(&reason).into());
    }
    let mut tx = deps.db.begin(NOW).await?;
    lock(&mut tx, brand).await?;
    let found = find(&mut tx, brand, id).await?;
    if found.status == MediaStatus::Rejected {
        return Err(refused(found.reason.as_deref().unwrap_or("cannot be shown")).into());
    }
    store::logos::set(&mut tx, brand, id).await?;
    super::catalog::tell(
        &mut tx,
        viewer,
        (brand.to_string(), CatalogueKind::Brand),
        "brand.logo_set",
    )
    .await?;
    tx.hint("media", id);
    tx.commit().await?;
    Ok(brand)
}

async fn lock(tx: &mut Tx, brand: BrandId) -> Outcome<()> {
    match store::brands::lock(tx, brand).await? {
        true => Ok(()),
        false => Err(UserError::not_found(brand.to_string()).into()),
    }
}

async fn find(tx: &mut Tx, brand: BrandId, id: MediaId) -> Outcome<Upload> {
    let found = store::logos::find(tx, brand, id).await?;
    found.ok_or_else(|| UserError::not_found(id.to_string()).into())
}
