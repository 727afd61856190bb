//! Making and ending imports.

use crate::{
    actions::{NOW, products::learn_vendor, require_approved, require_manages},
    domain::bulk::job::{Format, Stage, Subject},
    store::{
        self,
        bulk::jobs::{self, NewImport},
    },
};
use platform::{
    Deps, Outcome, UserError, UserErrorCode, Viewer,
    idempotency::{self, Claimed},
    ids::{CatalogImportId, VendorId},
    storage::Storage,
};
use serde::Serialize;

/// Imports that a vendor, or the shop, may have under way.
const MAX_OPEN: i64 = 5;
/// Bytes of a file within the request.
const MAX_CONTENT: usize = 256 * 1024;

/// What somebody asks for.
#[derive(Debug, Serialize)]
pub struct Ask {
    /// None: reviews, which are the shop's.
    pub vendor: Option<VendorId>,
    pub format: Format,
    pub stage: Stage,
    pub dry_run: bool,
    /// The file itself, if it is small.
    pub content: Option<String>,
}

/// Makes an import. Without content it waits for its file.
pub async fn create(deps: &Deps, viewer: &Viewer, ask: Ask, key: &str) -> Outcome<CatalogImportId> {
    match ask.vendor {
        Some(vendor) => require_manages(viewer, vendor)?,
        None => viewer.require_staff()?,
    }
    if ask.stage.is_for_staff() && !viewer.is_staff() {
        return Err(UserError::forbidden("STAFF").into());
    }
    if ask
        .content
        .as_ref()
        .is_some_and(|content| content.len() > MAX_CONTENT)
    {
        return Err(
            UserError::invalid(&["content"], "at most 256 KB; send a larger file to uploadUrl").into(),
        );
    }
    if let Some(vendor) = ask.vendor {
        learn_vendor(deps, vendor).await?;
    }
    let mut tx = deps.db.begin(NOW).await?;
    let (subject, operation) = match ask.vendor {
        Some(_) => (Subject::Catalog, "catalogImportCreate"),
        None => (Subject::Reviews, "reviewImportCreate"),
    };
    let claim = match idempotency::claim(&mut tx, viewer, operation, key, &ask).await? {
        Claimed::Replay(id) => return Ok(id),
        Claimed::Fresh(claim) => claim,
    };
    if let Some(vendor) = ask.vendor {
        require_approved(store::vendors::lock_approved(&mut tx, vendor).await?)?;
    }
    if jobs::open_count(&mut tx, ask.vendor).await? >= MAX_OPEN {
        let message = format!("{MAX_OPEN} imports are under way");
        return Err(UserError::refused(UserErrorCode::LimitExceeded, message).into());
    }
    let id = CatalogImportId::new();
    let new = NewImport {
        id,
        vendor: ask.vendor,
        subject,
        by: viewer.user,
        staff: viewer.is_staff(),
        format: ask.format,
        stage: ask.stage,
        dry_run: ask.dry_run,
        content: ask.content,
    };
    jobs::insert(&mut tx, &new).await?;
    claim.store(&mut tx, &id).await?;
    tx.hint(super::step::TOPIC, id);
    tx.commit().await?;
    Ok(id)
}

/// Ends an import before its last line. What was done stays done.
pub async fn cancel(
    deps: &Deps,
    storage: &Storage,
    viewer: &Viewer,
    id: CatalogImportId,
) -> Outcome<CatalogImportId> {
    let found = jobs::by_ids(deps.db.pool(), &viewer.into(), &[id.0]).await?;
    if found.is_empty() {
        return Err(UserError::not_found(id.to_string()).into());
    }
    let mut tx = deps.db.begin(NOW).await?;
    // Waits for the step under way. What has ended stays as it is.
    if jobs::finish(&mut tx, id, "CANCELLED", None).await? {
        tx.hint(super::step::TOPIC, id);
        tx.commit().await?;
        super::uploads::discard(storage, id).await;
    }
    Ok(id)
}
