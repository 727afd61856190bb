//! Putting products into the shop window and taking them out.

use super::{NOW, changed, lock_editable, tell};
use crate::{
    domain::{product::Product, status::ProductStatus},
    store,
};
use chrono::{DateTime, Datelike, Utc};
use platform::{Deps, Error, Fault, Outcome, Tx, UserError, UserErrorCode, Viewer, ids::ProductId};
use uuid::Uuid;

/// Products published at once by the clock.
const BATCH: i64 = 100;

/// The moment, if it is to come: what is past is now.
async fn to_come(tx: &mut Tx, at: Option<DateTime<Utc>>) -> Outcome<Option<DateTime<Utc>>> {
    let now = tx.now().await?;
    match at.filter(|at| *at > now) {
        Some(at) if at.year() > 9999 => {
            Err(UserError::invalid(&["at"], "a moment of the years up to 9999").into())
        }
        later => Ok(later),
    }
}

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
    match (product.published, to_come(&mut tx, at).await?) {
        (true, None) => return Ok(id),
        // It would vanish until then.
        (true, Some(_)) => {
            let message = "the product is published already; unpublish it first";
            return Err(UserError::refused(UserErrorCode::Conflict, message).into());
        }
        (false, later) => store::products::set_published(&mut tx, id, later.is_none(), later).await?,
    }
    changed(&mut tx, id).await?;
    tx.commit().await?;
    Ok(id)
}

/// Takes a product out of the shop window, and cancels a publication to come; or does so at a moment to come.
pub async fn unpublish(
    deps: &Deps,
    viewer: &Viewer,
    id: ProductId,
    at: Option<DateTime<Utc>>,
) -> Outcome<ProductId> {
    let mut tx = deps.db.begin(NOW).await?;
    let product = lock_editable(&mut tx, viewer, id).await?;
    match to_come(&mut tx, at).await? {
        None if !product.published && product.publish_at.is_none() => return Ok(id),
        None => store::products::set_published(&mut tx, id, false, None).await?,
        Some(end) if product.unpublish_at == Some(end) => return Ok(id),
        Some(end) => {
            check_end(&product, end)?;
            store::products::set_end(&mut tx, id, end).await?;
        }
    }
    changed(&mut tx, id).await?;
    tx.commit().await?;
    Ok(id)
}

/// Only what is in the shop window, or will be, can be taken out of it, and not before.
fn check_end(product: &Product, end: DateTime<Utc>) -> Result<(), UserError> {
    match product.publish_at {
        Some(begin) if !product.published && end <= begin => {
            Err(UserError::invalid(&["at"], "after the product is published"))
        }
        None if !product.published => {
            let message = "the product is not published, and will not be";
            Err(UserError::refused(UserErrorCode::Conflict, message))
        }
        _ => Ok(()),
    }
}

/// Publishes what is due and takes out what has had its time; returns whether there may be more.
pub async fn publish_due(deps: &Deps) -> Result<bool, Error> {
    let mut tx = deps.db.begin(NOW).await?;
    let begun = store::products::publish_due(&mut tx, BATCH).await?;
    let ended = store::products::unpublish_due(&mut tx, BATCH).await?;
    let due: Vec<Uuid> = begun.iter().chain(&ended).copied().collect();
    tell(&mut tx, &due).await.map_err(failure)?;
    tx.commit().await?;
    let most = begun.len().max(ended.len());
    Ok(i64::try_from(most).unwrap_or(0) == BATCH)
}

/// Background work has nobody to refuse.
fn failure(fault: Fault) -> Error {
    match fault {
        Fault::Failed(error) => error,
        Fault::User(error) => Error::internal(anyhow::anyhow!("refused: {error:?}")),
    }
}
