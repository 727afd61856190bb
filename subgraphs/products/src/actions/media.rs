//! Uploading, showing and removing pictures and videos. On a draft, and for staff, a change takes effect at once;
//! that of a vendor on a product on sale is part of the open edit and takes effect when it is approved.

use super::{NOW, lock_editable, products::reopen};
use crate::{
    domain::{
        media::{self, Format, HEAD, MAX_PER_PRODUCT, MAX_POSITION, MediaKind, MediaStatus},
        product::Product,
        revision::Content,
        status::ProductStatus,
    },
    store::{
        self,
        media::{Slot, Upload},
    },
};
use chrono::{DateTime, Utc};
use platform::{
    Deps, Error, Outcome, Tx, UserError, UserErrorCode, Viewer,
    address::text,
    ids::{MediaId, ProductId, RevisionId},
    storage::{Size, Storage},
};

/// How long a URL for an upload works, and how long after that what was uploaded can be attached.
const UPLOAD_SECONDS: u32 = 15 * 60;
const ATTACH_SECONDS: i32 = 60 * 60;

/// Where to send a file, and until when.
pub struct Ticket {
    pub url: String,
    pub media: MediaId,
    pub expires_at: DateTime<Utc>,
}

/// Opens a slot for one upload.
pub async fn open_slot(
    deps: &Deps,
    storage: &Storage,
    viewer: &Viewer,
    product: ProductId,
    (content_type, bytes): (&str, i32),
) -> Outcome<Ticket> {
    let mut tx = deps.db.begin(NOW).await?;
    lock_editable(&mut tx, viewer, product).await?;
    let format = Format::of(content_type).ok_or_else(|| {
        let known: Vec<&str> = Format::ALL.into_iter().map(Format::content_type).collect();
        UserError::invalid(&["contentType"], &format!("one of {}", known.join(", ")))
    })?;
    if !(1..=format.max_bytes()).contains(&bytes) {
        return Err(UserError::invalid(&["sizeBytes"], &format!("1..{}", format.max_bytes())).into());
    }
    if store::media::count(&mut tx, product).await? >= MAX_PER_PRODUCT {
        let message = format!("a product has at most {MAX_PER_PRODUCT} pictures and videos");
        return Err(UserError::refused(UserErrorCode::LimitExceeded, message).into());
    }
    let slot = Slot {
        id: MediaId::new(),
        product,
        format,
        bytes,
        by: viewer.user,
        seconds: ATTACH_SECONDS,
    };
    let ends = store::media::insert(&mut tx, &slot).await?;
    tx.commit().await?;
    let key = media::upload(slot.id).ok_or_else(unnamed)?;
    let size = Size::Exactly(u64::from(bytes.unsigned_abs()));
    let url = storage.put_url(&key, content_type, size, UPLOAD_SECONDS).await?;
    let spare = i64::from(ATTACH_SECONDS) - i64::from(UPLOAD_SECONDS);
    Ok(Ticket {
        url,
        media: slot.id,
        expires_at: ends - chrono::TimeDelta::seconds(spare),
    })
}

/// Names are made of IDs, which always fit.
pub(super) fn unnamed() -> Error {
    Error::internal(std::io::Error::other("an ID that is no name of a file"))
}

/// Shows an upload with its product, or changes the text and place of what it shows.
pub async fn attach(
    deps: &Deps,
    storage: &Storage,
    viewer: &Viewer,
    (product, id): (ProductId, MediaId),
    (alt, position): (Option<String>, Option<i32>),
) -> Outcome<ProductId> {
    let alt = match alt {
        None => None,
        Some(alt) => Some(text(alt, 500).ok_or_else(|| UserError::invalid(&["alt"], "1..500 characters"))?),
    };
    if position.is_some_and(|position| !(0..=MAX_POSITION).contains(&position)) {
        return Err(UserError::invalid(&["position"], &format!("0..{MAX_POSITION}")).into());
    }
    let mut tx = deps.db.begin(NOW).await?;
    lock_editable(&mut tx, viewer, product).await?;
    let upload = find(&mut tx, product, id).await?;
    // The store is asked between two transactions.
    drop(tx);
    if upload.status == MediaStatus::Uploading
        && let Err(reason) = look_at(storage, &upload).await?
    {
        store::media::reject(deps.db.pool(), id, &reason).await?;
        return Err(refused(&reason).into());
    }
    let mut tx = deps.db.begin(NOW).await?;
    let locked = lock_editable(&mut tx, viewer, product).await?;
    let upload = find(&mut tx, product, id).await?;
    if upload.status == MediaStatus::Rejected {
        return Err(refused(upload.reason.as_deref().unwrap_or("cannot be shown")).into());
    }
    match in_edit(&mut tx, viewer, &locked).await? {
        false => store::media::set_live(&mut tx, id, alt.as_deref(), position).await?,
        true => store::media::set_pending(&mut tx, id, alt.as_deref(), position).await?,
    }
    tx.hint("media", id);
    finish(tx, product).await
}

async fn find(tx: &mut Tx, product: ProductId, id: MediaId) -> Outcome<Upload> {
    let upload = store::media::find(tx, product, id).await?;
    upload.ok_or_else(|| UserError::not_found(id.to_string()).into())
}

fn refused(reason: &str) -> UserError {
    UserError::refused(UserErrorCode::Invalid, format!("the file {reason}"))
}

/// Looks at an upload without decoding it. `Err` inside says what is wrong with it.
async fn look_at(storage: &Storage, upload: &Upload) -> Outcome<Result<(), String>> {
    let key = media::upload(upload.id).ok_or_else(unnamed)?;
    let format = Format::of(&upload.content_type).ok_or_else(unnamed)?;
    let Some(size) = storage.size(&key).await? else {
        return Err(UserError::refused(UserErrorCode::Conflict, "nothing was uploaded yet").into());
    };
    if i64::try_from(size) != Ok(upload.bytes) {
        return Ok(Err(format!("has {size} bytes, not {}", upload.bytes)));
    }
    let start = match format.kind() {
        MediaKind::Image => size,
        MediaKind::Video => HEAD,
    };
    Ok(match storage.start(&key, start).await? {
        Some(bytes) => format.check(&bytes),
        None => Err("is gone".to_owned()),
    })
}

/// Removes a picture or a video from its product.
pub async fn remove(deps: &Deps, viewer: &Viewer, (product, id): (ProductId, MediaId)) -> Outcome<ProductId> {
    let mut tx = deps.db.begin(NOW).await?;
    let locked = lock_editable(&mut tx, viewer, product).await?;
    let upload = find(&mut tx, product, id).await?;
    // What customers do not see needs nobody's approval to go.
    let unseen = locked.status == ProductStatus::Approved && !upload.live;
    match !unseen && in_edit(&mut tx, viewer, &locked).await? {
        false => store::media::remove(&mut tx, id).await?,
        true => store::media::remove_later(&mut tx, id).await?,
    }
    finish(tx, product).await
}

async fn finish(mut tx: Tx, product: ProductId) -> Outcome<ProductId> {
    store::products::touch(&mut tx, product).await?;
    tx.commit().await?;
    Ok(product)
}

/// Whether a change waits for approval; then the open edit of the product, made if there is none, tells of it.
async fn in_edit(tx: &mut Tx, viewer: &Viewer, product: &Product) -> Outcome<bool> {
    if viewer.is_staff() {
        return Ok(false);
    }
    let open = store::revisions::open(&mut **tx, &[product.id.0]).await?.pop();
    let on_sale = product.status == ProductStatus::Approved;
    match open {
        Some(revision) => {
            reopen(tx, viewer, product, &revision).await?;
            let mut fields = revision.changed_fields;
            if on_sale && !fields.iter().any(|field| field == "media") {
                fields.push("media".to_owned());
                store::revisions::set_content(tx, revision.id, &revision.content, &fields).await?;
            }
        }
        None if on_sale => {
            let (content, fields) = (Content::from(product), ["media".to_owned()]);
            store::revisions::insert(tx, RevisionId::new(), product.id, &content, &fields).await?;
        }
        None => {}
    }
    Ok(on_sale)
}
