//! Clears away what is left of old imports and exports: rows, and files that no row needs.

use crate::{
    actions::NOW,
    domain::bulk::files::{self, EXPORTS, READING, UPLOADS},
    store::bulk::{export_jobs, jobs, uploads},
};
use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, TryStreamExt};
use platform::{
    Deps, Error,
    storage::{Entry, Storage},
};
use std::collections::HashSet;
use uuid::Uuid;

/// Files that are looked at together.
const BATCH: usize = 100;
/// Younger files may belong to something that is not committed yet, or are still being sent.
const ORPHAN_SECONDS: i64 = 60 * 60;

/// Does all of it.
pub async fn clean(deps: &Deps, storage: &Storage) -> Result<bool, Error> {
    let mut tx = deps.db.begin(NOW).await?;
    jobs::clean(&mut tx).await?;
    export_jobs::clean(&mut tx).await?;
    tx.commit().await?;
    let before = Utc::now() - TimeDelta::seconds(ORPHAN_SECONDS);
    let deleted = delete_orphans(deps, storage, before).await? + storage.delete_broken_off(before).await?;
    if deleted > 0 {
        tracing::info!(deleted, "files of old imports and exports deleted");
    }
    Ok(false)
}

/// Deletes files from before a moment that no import and no export needs.
pub async fn delete_orphans(deps: &Deps, storage: &Storage, before: DateTime<Utc>) -> Result<usize, Error> {
    let mut deleted = 0;
    for folder in [UPLOADS, READING, EXPORTS] {
        let old = storage
            .list(folder)
            .try_filter(move |file| std::future::ready(file.modified < before));
        let mut batches = old.try_chunks(BATCH).boxed();
        while let Some(batch) = batches.try_next().await.map_err(|error| error.1)? {
            deleted += delete_unneeded(deps, storage, folder, &batch).await?;
        }
    }
    Ok(deleted)
}

async fn delete_unneeded(
    deps: &Deps,
    storage: &Storage,
    folder: &str,
    all: &[Entry],
) -> Result<usize, Error> {
    let owners: Vec<Uuid> = all
        .iter()
        .filter_map(|file| files::owner(folder, &file.key))
        .collect();
    let needed = match folder {
        EXPORTS => export_jobs::needed(deps.db.pool(), &owners).await?,
        _ => uploads::needed(deps.db.pool(), &owners).await?,
    };
    let needed: HashSet<Uuid> = needed.into_iter().collect();
    let is_needed = |file: &Entry| files::owner(folder, &file.key).is_some_and(|id| needed.contains(&id));
    let rest: Vec<_> = all
        .iter()
        .filter(|file| !is_needed(file))
        .map(|file| file.key.clone())
        .collect();
    let count = rest.len();
    storage.delete(rest).await?;
    Ok(count)
}
