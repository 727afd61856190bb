//! Imports and exports of catalogues as a part of the service: the routes of files and the workers.

use crate::{actions::bulk, files};
use platform::{Deps, Service, worker};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How often imports are looked for that nobody gave a hint of.
const PERIOD: Duration = Duration::from_secs(5);
/// How often what is left of old ones is cleared away.
const CLEANING: Duration = Duration::from_secs(3600);

/// Adds them to the service.
pub fn add(service: Service, deps: Deps) -> Service {
    let (importer, cleaner) = (deps.clone(), deps.clone());
    service
        .routes(files::routes(deps))
        .worker(move |stop| run(importer, stop))
        .worker(move |stop| async move {
            let step = || bulk::jobs::clean(&cleaner);
            worker::run("import cleaning", &stop, &Notify::new(), CLEANING, step).await;
        })
}

/// Takes imports forward, at once when a hint says that there is one.
async fn run(deps: Deps, stop: CancellationToken) {
    let wake = Notify::new();
    let mut follower = deps.live.follow(bulk::step::TOPIC, None);
    let hints = async {
        loop {
            follower.changed().await;
            wake.notify_one();
        }
    };
    let step = || bulk::step::step(&deps);
    tokio::select! {
        () = worker::run("imports", &stop, &wake, PERIOD, step) => {}
        () = hints => {}
    }
}
