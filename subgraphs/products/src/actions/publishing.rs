//! Putting products into the shop window and taking them out.

use super::{NOW, changed, lock_editable, tell};
use crate::{domain::status::ProductStatus, store};
use chrono::{DateTime, Utc};
use platform::{Deps, Error, Fault, Outcome, UserError, UserErrorCode, Viewer, ids::ProductId};

/// Products published at once by the clock.
const BATCH: i64 = 100;

/// Publishes an approved product now, or at a moment to come.
pub async fn publish(
    deps: &Deps,
    viewer: &Viewer,
    id: ProductId,
    at: Option<DateTime<Utc>>,
) -> Outcome<ProductId> {
    let mut tx = deps.db.begin(NOW).await?;
    let product = lock_editable(&mut tx, viewer, id).await?;
    if product.status != ProductStatus::Approved {
        let message = "only an approved product can be published";
        return Err(UserError::refused(UserErrorCode::Conflict, message).into());
    }
    let now = tx.now().await?;
    let later = at.filter(|at| *at > now);
    if product.published && later.is_none() {
        return Ok(id);
    }
    store::products::set_published(&mut tx, id, later.is_none(), later).await?;
    changed(&mut tx, id).await?;
    tx.commit().await?;
    Ok(id)
}

/// Takes a product out of the shop window, and cancels a publication to come.
pub async fn unpublish(deps: &Deps, viewer: &Viewer, id: ProductId) -> Outcome<ProductId> {
    let mut tx = deps.db.begin(NOW).await?;
    let product = lock_editable(&mut tx, viewer, id).await?;
    if !product.published && product.publish_at.is_none() {
        return Ok(id);
    }
    store::products::set_published(&mut tx, id, false, None).await?;
    changed(&mut tx, id).await?;
    tx.commit().await?;
    Ok(id)
}

/// Publishes what is due; returns whether there may be more.
pub async fn publish_due(deps: &Deps) -> Result<bool, Error> {
    let mut tx = deps.db.begin(NOW).await?;
    let due = store::products::publish_due(&mut tx, BATCH).await?;
    tell(&mut tx, &due).await.map_err(failure)?;
    tx.commit().await?;
    Ok(i64::try_from(due.len()).unwrap_or(0) == BATCH)
}

/// Background work has nobody to refuse.
fn failure(fault: Fault) -> Error {
    match fault {
        Fault::Failed(error) => error,
        Fault::User(error) => Error::internal(anyhow::anyhow!("refused: {error:?}")),
    }
}
