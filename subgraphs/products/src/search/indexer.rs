//! Keeps the search index true: takes products off the queue that every change of the catalogue fills, and drives
//! rebuilds. One indexer works at a time, in whichever process; what it does can be done twice.

use super::SearchBackend;
use crate::store::search::queue;
use futures::future::{Either, select};
use platform::{Deps, Error, Moment};
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Hint that a product has changed.
pub const CHANGED: &str = "search";

/// How often the queue is looked at when no hint came.
const PERIOD: Duration = Duration::from_secs(2);

/// Products that are indexed at once.
const BATCH: i64 = 500;

/// Indexes until `stop`.
pub async fn run(deps: Deps, backend: Arc<dyn SearchBackend>, stop: CancellationToken) {
    let wake = Notify::new();
    let mut hints = deps.live.follow(CHANGED, None);
    let listening = pin!(async {
        loop {
            hints.changed().await;
            wake.notify_one();
        }
    });
    let working = pin!(platform::worker::run(
        "search index",
        &stop,
        &wake,
        PERIOD,
        || { step(&deps, backend.as_ref()) }
    ));
    match select(working, listening).await {
        Either::Left(((), _)) => {}
        Either::Right((never, _)) => never,
    }
}

/// Indexes one batch of changes, then a piece of a rebuild if one is under way; returns whether there is more to do.
pub async fn step(deps: &Deps, backend: &dyn SearchBackend) -> Result<bool, Error> {
    // The transaction holds the lock and the entries; what the backend does may be somewhere else.
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    if !queue::lock(&mut tx).await? {
        return Ok(false);
    }
    let (entries, mut products) = queue::oldest(&mut tx, BATCH).await?;
    let mut more = !entries.is_empty();
    if more {
        products.sort_unstable();
        products.dedup();
        backend.update(&products).await?;
        queue::remove(&mut tx, &entries).await?;
    }
    more |= backend.rebuild_step().await?;
    tx.commit().await?;
    Ok(more)
}
