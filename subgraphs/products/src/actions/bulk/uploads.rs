//! Notices the files that imports wait for. The store tells nobody of them, neither a disk nor S3: it is asked.

use crate::{
    actions::{NOW, media::unnamed},
    domain::bulk::{
        files::{self, MAX_FILE},
        job::Format,
    },
    store::bulk::{jobs, uploads},
};
use futures::{StreamExt, stream};
use platform::{
    Deps, Error,
    ids::CatalogImportId,
    storage::{Key, Size, Storage},
};
use uuid::Uuid;

/// How long a URL works.
const URL_SECONDS: u32 = 60 * 60;
/// Imports that are looked at in one step, and at the same time.
const BATCH: usize = 100;
const AT_ONCE: usize = 8;

/// Where to send the file of an import.
pub async fn url(storage: &Storage, id: CatalogImportId, format: Format) -> Result<String, Error> {
    let key = files::upload(id).ok_or_else(unnamed)?;
    let size = Size::AtMost(MAX_FILE);
    storage
        .put_url(&key, format.content_type(), size, URL_SECONDS)
        .await
}

/// Looks which files have come; says whether there may be more.
pub async fn step(deps: &Deps, storage: &Storage) -> Result<bool, Error> {
    let waiting = uploads::take_waiting(deps.db.pool(), BATCH as i64).await?;
    if waiting.is_empty() {
        return Ok(false);
    }
    let look = async |id: CatalogImportId| match receive(deps, storage, id).await {
        Ok(has_come) => (!has_come).then_some(id.0),
        Err(error) => {
            tracing::warn!(import = %id, error = error.describe(), "the store does not say whether a file has come");
            Some(id.0)
        }
    };
    let looks = stream::iter(waiting.iter().copied()).map(look);
    let missing: Vec<Option<Uuid>> = looks.buffer_unordered(AT_ONCE).collect().await;
    let missing: Vec<Uuid> = missing.into_iter().flatten().collect();
    uploads::look_later(deps.db.pool(), &missing).await?;
    Ok(waiting.len() == BATCH)
}

/// Begins an import if its file is there. First the file gets a name to which nobody has a URL: what is read later is
/// what was looked at here, whatever is sent to the old name.
async fn receive(deps: &Deps, storage: &Storage, id: CatalogImportId) -> Result<bool, Error> {
    let (sent, read) = keys(id)?;
    match storage.entry(&sent).await? {
        Some(file) if file.bytes > MAX_FILE => return refuse(deps, storage, id).await,
        Some(_) => drop(storage.rename(&sent, &read).await?),
        // Unless this process was killed when it had got this far.
        None => {}
    }
    let Some(file) = storage.entry(&read).await? else {
        return Ok(false);
    };
    if file.bytes > MAX_FILE {
        return refuse(deps, storage, id).await;
    }
    let bytes = i64::try_from(file.bytes).map_err(Error::internal)?;
    let mut tx = deps.db.begin(NOW).await?;
    uploads::set_file(&mut tx, id, bytes, file.tag.as_deref()).await?;
    tx.hint(super::step::TOPIC, id);
    tx.commit().await?;
    Ok(true)
}

/// S3 lets everything in.
async fn refuse(deps: &Deps, storage: &Storage, id: CatalogImportId) -> Result<bool, Error> {
    let mut tx = deps.db.begin(NOW).await?;
    jobs::finish(&mut tx, id, "FAILED", Some("the file has more than 512 MB")).await?;
    tx.hint(super::step::TOPIC, id);
    tx.commit().await?;
    discard(storage, id).await;
    Ok(true)
}

fn keys(id: CatalogImportId) -> Result<(Key, Key), Error> {
    let keys = files::upload(id).zip(files::reading(id));
    keys.ok_or_else(unnamed)
}

/// Deletes the file of an import that has ended. If that fails, the file is found later.
pub async fn discard(storage: &Storage, id: CatalogImportId) {
    let delete = async {
        let (sent, read) = keys(id)?;
        storage.delete(vec![sent, read]).await
    };
    if let Err(error) = delete.await {
        tracing::warn!(import = %id, error = error.describe(), "the file of an import is still there");
    }
}
