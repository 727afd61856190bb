//! Exports: asked for, written to the store in the background, and fetched from there.

use super::export;
use crate::{
    actions::{NOW, media::unnamed, products::learn_vendor, require_manages},
    domain::bulk::{
        export::{CatalogExport, ExportStatus},
        files,
        job::Format,
    },
    store::bulk::export_jobs::{self as jobs, Job},
};
use platform::{
    Deps, Error, Outcome, UserError, UserErrorCode, Viewer,
    ids::{CatalogExportId, VendorId},
    storage::{Size, Storage},
};

/// Hints under this topic say that there is an export to be written, or that one has ended.
pub const TOPIC: &str = "catalog-export";

/// Exports of a vendor in a day: so long their files are kept.
const MAX_KEPT: i64 = 50;
/// How often writing one is begun.
const MAX_ATTEMPTS: i32 = 5;
/// How long a link works.
const LINK_SECONDS: u32 = 60 * 60;

/// Asks for the catalogue of a vendor.
pub async fn ask(deps: &Deps, viewer: &Viewer, vendor: VendorId, format: Format) -> Outcome<CatalogExportId> {
    require_manages(viewer, vendor)?;
    learn_vendor(deps, vendor).await?;
    let mut tx = deps.db.begin(NOW).await?;
    if jobs::count(&mut tx, vendor).await? >= MAX_KEPT {
        let message = format!("at most {MAX_KEPT} exports of a vendor in a day");
        return Err(UserError::refused(UserErrorCode::LimitExceeded, message).into());
    }
    let id = jobs::ask(&mut tx, vendor, format).await?;
    tx.hint(TOPIC, id);
    tx.commit().await?;
    Ok(id)
}

/// Where the file of an export can be fetched, if it is complete.
pub async fn url(storage: &Storage, export: &CatalogExport) -> Result<Option<String>, Error> {
    if export.status != ExportStatus::Completed {
        return Ok(None);
    }
    let key = files::export(export.id, export.format).ok_or_else(unnamed)?;
    Ok(Some(storage.get_url(&key, LINK_SECONDS).await?))
}

/// Writes the next export; says whether there was one.
pub async fn step(deps: &Deps, storage: &Storage) -> Result<bool, Error> {
    let Some(job) = jobs::claim(deps.db.pool()).await? else {
        return Ok(false);
    };
    let written = match job.attempts > MAX_ATTEMPTS {
        true => Err(Error::internal(anyhow::anyhow!("it ended the process too often"))),
        false => write(deps, storage, &job).await,
    };
    if let Err(error) = &written {
        tracing::warn!(export = %job.id, error = error.describe(), "an export could not be written");
    }
    match written {
        Ok(()) => end(deps, &job, "COMPLETED").await?,
        Err(_) if job.attempts >= MAX_ATTEMPTS => end(deps, &job, "FAILED").await?,
        Err(_) => jobs::release(deps.db.pool(), &job).await?,
    }
    Ok(true)
}

/// Not a byte of the file is seen before the last one is written, so that a second worker does no harm.
async fn write(deps: &Deps, storage: &Storage, job: &Job) -> Result<(), Error> {
    let key = files::export(job.id, job.format).ok_or_else(unnamed)?;
    let mut pages = export::start(deps.clone(), job.vendor, job.format);
    let stream = async_stream::stream! {
        while let Some(page) = pages.recv().await {
            match jobs::renew(deps.db.pool(), job).await {
                Ok(true) => yield page.map(Into::into).map_err(|error| error.message()),
                Ok(false) => yield Err("somebody else writes it".to_owned()),
                Err(error) => yield Err(error.to_string()),
            }
        }
    };
    storage
        .put_stream(&key, Box::pin(stream), Size::AtMost(u64::MAX))
        .await?;
    Ok(())
}

async fn end(deps: &Deps, job: &Job, status: &str) -> Result<(), Error> {
    let mut tx = deps.db.begin(NOW).await?;
    jobs::finish(&mut *tx, job, status).await?;
    tx.hint(TOPIC, job.id);
    tx.commit().await?;
    Ok(())
}
