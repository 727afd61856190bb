//! The approval of products and of edits of products on sale.

use super::{NOW, changed, lock_editable};
use crate::{
    domain::{product::Product, prose::some_prose, revision::Revision, status::ProductStatus},
    store::{self, revisions::Step},
};
use platform::{
    Deps, Outcome, Tx, UserError, Viewer,
    ids::{ProductId, RevisionId},
};

/// A step that somebody asks for.
pub enum Ask<'a> {
    /// By the vendor.
    Submit,
    /// By staff, like all that follow.
    Review,
    /// Names what was looked at: it must still be what is waiting.
    Approve {
        revision: RevisionId,
        note: Option<&'a str>,
    },
    RequestChanges {
        note: &'a str,
    },
    Reject {
        reason: &'a str,
    },
}

impl Ask<'_> {
    fn target(&self) -> ProductStatus {
        match self {
            Ask::Submit => ProductStatus::Submitted,
            Ask::Review => ProductStatus::InReview,
            Ask::Approve { .. } => ProductStatus::Approved,
            Ask::RequestChanges { .. } => ProductStatus::ChangesRequested,
            Ask::Reject { .. } => ProductStatus::Rejected,
        }
    }

    fn note(&self) -> Result<Option<String>, UserError> {
        let (field, note) = match self {
            Ask::Submit | Ask::Review | Ask::Approve { note: None, .. } => return Ok(None),
            Ask::Approve { note: Some(note), .. } | Ask::RequestChanges { note } => ("note", note),
            Ask::Reject { reason } => ("reason", reason),
        };
        some_prose(&[field], note, 2000).map(Some)
    }
}

/// Moves what is under review of a product: itself, or the open edit of it.
pub async fn advance(deps: &Deps, viewer: &Viewer, id: ProductId, ask: Ask<'_>) -> Outcome<ProductId> {
    let note = ask.note()?;
    let mut tx = deps.db.begin(NOW).await?;
    let product = lock_editable(&mut tx, viewer, id).await?;
    let open = store::revisions::open(&mut *tx, &[id.0]).await?.pop();
    if let Ask::Approve { revision, .. } = ask
        && open.as_ref().is_none_or(|open| open.id != revision)
    {
        // A repeat is a success; anything else was not what is waiting.
        return match store::revisions::was_approved(&mut tx, revision, id).await? {
            true => Ok(id),
            false => Err(UserError::not_found(revision.to_string()).into()),
        };
    }
    let Some(open) = open else {
        product.status.step(ask.target())?;
        return Ok(id);
    };
    if !open.status.step(ask.target())? {
        return Ok(id);
    }
    set(&mut tx, viewer, &product, &open, ask.target(), note.as_deref()).await?;
    if ask.target() == ProductStatus::Approved && product.status == ProductStatus::Approved {
        store::products::apply(&mut tx, id, &open.content)
            .await
            .map_err(super::products::taken_slug)?;
        store::media::apply_pending(&mut tx, id).await?;
    }
    changed(&mut tx, id).await?;
    tx.commit().await?;
    Ok(id)
}

/// Sets the state of a revision, and of its product unless that is on sale, and records the step.
pub(super) async fn set(
    tx: &mut Tx,
    viewer: &Viewer,
    product: &Product,
    revision: &Revision,
    to: ProductStatus,
    note: Option<&str>,
) -> Outcome<()> {
    store::revisions::set_status(tx, revision.id, to).await?;
    if product.status != ProductStatus::Approved {
        store::products::set_status(tx, product.id, to).await?;
    }
    let step = Step {
        product: product.id,
        vendor: product.vendor_id,
        from: revision.status,
        to,
        by: viewer.user,
        note,
    };
    store::revisions::record(tx, &step).await?;
    tx.hint("approval", product.id);
    Ok(())
}
