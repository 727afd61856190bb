//! Work on files in the background: checking and scaling uploads, and deleting what nobody needs.

use super::media::unnamed;
use crate::{
    domain::{
        media::{self, Format, HEAD, MediaKind, SHOWN, UPLOADS},
        picture::{self, Drawn},
    },
    store::{self, media::Job},
};
use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, TryStreamExt};
use platform::{
    Deps, Error,
    ids::{MediaId, uuids},
    storage::{Entry, Size, Storage},
};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use tokio::sync::Semaphore;

/// A file that ends this process this often is not tried again.
const MAX_ATTEMPTS: i32 = 5;
/// Rows and files of one step.
const BATCH: usize = 100;
/// Younger files may belong to something that is not committed yet.
const ORPHAN_SECONDS: i64 = 60 * 60;

/// One picture at a time in a process: decoded ones are big.
static DRAWING: Semaphore = Semaphore::const_new(1);

/// Checks and scales one upload. Says whether there was one.
pub async fn process_next(deps: &Deps, storage: &Storage) -> Result<bool, Error> {
    let Some(job) = store::media::claim(deps.db.pool()).await? else {
        return Ok(false);
    };
    let result = match job.attempts > MAX_ATTEMPTS {
        true => Ok(Err("cannot be processed".to_owned())),
        false => process(storage, &job).await,
    };
    match result {
        Ok(Ok((sha256, drawn))) => {
            store::media::ready(deps.db.pool(), job.id, &sha256, drawn.as_ref()).await?
        }
        Ok(Err(reason)) => store::media::reject(deps.db.pool(), job.id, &reason).await?,
        Err(error) => {
            store::media::release(deps.db.pool(), job.id).await?;
            return Err(error);
        }
    }
    // A crash before this leaves an orphan, which is found later.
    storage
        .delete(vec![media::upload(job.id).ok_or_else(unnamed)?])
        .await?;
    Ok(true)
}

type Processed = Result<(Vec<u8>, Option<Drawn>), String>;

async fn process(storage: &Storage, job: &Job) -> Result<Processed, Error> {
    let Some(format) = Format::of(&job.content_type) else {
        return Ok(Err("is of an unknown type".to_owned()));
    };
    match format.kind() {
        MediaKind::Image => process_picture(storage, job, format).await,
        MediaKind::Video => process_video(storage, job, format).await,
    }
}

/// Another upload may have come over the first one since it was attached: everything is checked again, on the very
/// bytes that are drawn.
async fn process_picture(storage: &Storage, job: &Job, format: Format) -> Result<Processed, Error> {
    let key = media::upload(job.id).ok_or_else(unnamed)?;
    let Some(bytes) = storage
        .get(&key, u64::from(format.max_bytes().unsigned_abs()))
        .await?
    else {
        return Ok(Err("is gone".to_owned()));
    };
    let _one = DRAWING.acquire().await.map_err(Error::internal)?;
    let drawing = tokio::task::spawn_blocking(move || {
        format.check(&bytes)?;
        picture::draw(&bytes, format).map(|drawn| (Sha256::digest(&bytes).to_vec(), drawn))
    });
    // A decoder that panics has met a broken file.
    let (sha256, mut drawn) = match drawing.await {
        Ok(Ok(done)) => done,
        Ok(Err(reason)) => return Ok(Err(reason)),
        Err(_) => return Ok(Err("cannot be decoded".to_owned())),
    };
    for file in &mut drawn.files {
        let key = media::scaled(job.id, file.width, file.ending).ok_or_else(unnamed)?;
        storage.put(&key, std::mem::take(&mut file.bytes)).await?;
    }
    Ok(Ok((sha256, Some(drawn))))
}

/// Videos are passed on as they are, a piece at a time.
async fn process_video(storage: &Storage, job: &Job, format: Format) -> Result<Processed, Error> {
    let (from, to) = (media::upload(job.id), media::video(job.id, format));
    let (from, to) = (from.ok_or_else(unnamed)?, to.ok_or_else(unnamed)?);
    let Some((size, mut stream)) = storage.stream(&from).await? else {
        return Ok(Err("is gone".to_owned()));
    };
    if i64::try_from(size) != Ok(job.bytes) {
        return Ok(Err(format!("has {size} bytes, not {}", job.bytes)));
    }
    let mut head = Vec::new();
    while (head.len() as u64) < HEAD.min(size)
        && let Some(piece) = stream.try_next().await.map_err(Error::unavailable)?
    {
        head.extend_from_slice(&piece);
    }
    if let Err(reason) = format.check(&head) {
        return Ok(Err(reason));
    }
    let mut hash = Sha256::new();
    let all = futures::stream::iter([Ok(head.into())]).chain(stream);
    let hashed = all.inspect_ok(|piece| hash.update(piece));
    storage.put_stream(&to, hashed, Size::Exactly(size)).await?;
    Ok(Ok((hash.finalize().to_vec(), None)))
}

/// Deletes what was removed, what was refused, and slots that nobody used, with their files. Says whether there may
/// be more.
pub async fn delete_dead(deps: &Deps, storage: &Storage) -> Result<bool, Error> {
    let dead = store::media::claim_dead(deps.db.pool(), BATCH as i64).await?;
    for id in &dead {
        delete_files(storage, *id).await?;
    }
    store::media::delete(deps.db.pool(), &uuids(&dead)).await?;
    Ok(dead.len() == BATCH)
}

async fn delete_files(storage: &Storage, id: MediaId) -> Result<(), Error> {
    let shown = storage.list(&format!("{SHOWN}/{}", id.0.simple()));
    let mut keys: Vec<_> = shown.map_ok(|entry| entry.key).try_collect().await?;
    keys.extend(media::upload(id));
    storage.delete(keys).await
}

/// Deletes files that no row knows: left by a crash, or uploaded after their slot had ended.
pub async fn delete_orphans(deps: &Deps, storage: &Storage) -> Result<usize, Error> {
    delete_orphans_before(deps, storage, Utc::now() - TimeDelta::seconds(ORPHAN_SECONDS)).await
}

pub async fn delete_orphans_before(
    deps: &Deps,
    storage: &Storage,
    old: DateTime<Utc>,
) -> Result<usize, Error> {
    let mut deleted = 0;
    for (folder, uploads) in [(UPLOADS, true), (SHOWN, false)] {
        let files = storage
            .list(folder)
            .try_filter(move |entry| std::future::ready(entry.modified < old));
        let mut batches = files.try_chunks(BATCH).boxed();
        while let Some(files) = batches.try_next().await.map_err(|error| error.1)? {
            deleted += delete_unknown(deps, storage, &files, uploads).await?;
        }
    }
    Ok(deleted)
}

async fn delete_unknown(
    deps: &Deps,
    storage: &Storage,
    files: &[Entry],
    uploads: bool,
) -> Result<usize, Error> {
    let owners: Vec<_> = files
        .iter()
        .filter_map(|file| media::owner(&file.key))
        .map(|id| id.0)
        .collect();
    let used = store::media::used(deps.db.pool(), &owners, uploads).await?;
    let used: HashSet<_> = used.into_iter().collect();
    let unknown = |file: &&Entry| media::owner(&file.key).is_none_or(|id| !used.contains(&id.0));
    let unknown: Vec<_> = files
        .iter()
        .filter(unknown)
        .map(|file| file.key.clone())
        .collect();
    let count = unknown.len();
    storage.delete(unknown).await?;
    Ok(count)
}
