//! Work on pictures and videos beside the service.

use crate::actions::media_files::{delete_dead, delete_orphans, process_next};
use platform::{Deps, Service, storage::Storage, worker};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How often uploads are looked for that another process attached, or left behind.
const PROCESS_PERIOD: Duration = Duration::from_secs(5);
const DELETE_PERIOD: Duration = Duration::from_secs(60);
/// How often all files are compared with the database.
const ORPHAN_PERIOD: Duration = Duration::from_secs(6 * 60 * 60);

pub fn add(service: Service, deps: Deps, storage: Storage) -> Service {
    let (dead, orphans) = ((deps.clone(), storage.clone()), (deps.clone(), storage.clone()));
    service
        .worker(move |stop| process(deps, storage, stop))
        .worker(move |stop| async move {
            let (deps, storage) = dead;
            let step = || delete_dead(&deps, &storage);
            worker::run("media deletion", &stop, &Notify::new(), DELETE_PERIOD, step).await;
        })
        .worker(move |stop| async move {
            let (deps, storage) = orphans;
            let step = || async {
                let deleted = delete_orphans(&deps, &storage).await?;
                if deleted > 0 {
                    tracing::info!(deleted, "orphaned media deleted");
                }
                Ok(false)
            };
            worker::run("media orphans", &stop, &Notify::new(), ORPHAN_PERIOD, step).await;
        })
}

/// Starts at once when this process hears of an upload that was attached.
async fn process(deps: Deps, storage: Storage, stop: CancellationToken) {
    let wake = Notify::new();
    let mut follower = deps.live.follow("media", None);
    let bridge = async {
        loop {
            follower.changed().await;
            wake.notify_one();
        }
    };
    let step = || process_next(&deps, &storage);
    tokio::select! {
        () = worker::run("media", &stop, &wake, PROCESS_PERIOD, step) => {}
        () = bridge => {}
    }
}
