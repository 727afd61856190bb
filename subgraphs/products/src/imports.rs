//! Imports and exports of catalogues as a part of the service: their workers.

use crate::actions::bulk::{cleaning, export_jobs, step, uploads};
use platform::{Deps, Error, Service, storage::Storage, worker};
use std::{future::Future, time::Duration};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How often imports and exports are looked for that nobody gave a hint of.
const PERIOD: Duration = Duration::from_secs(5);
/// How often files are looked for, of which nobody gives a hint.
const LOOKING: Duration = Duration::from_secs(1);
/// How often what is left of old ones is cleared away.
const CLEANING: Duration = Duration::from_secs(3600);

/// Adds them to the service.
pub fn add(service: Service, deps: Deps, storage: Storage) -> Service {
    let all = (deps, storage);
    let (importer, exporter, receiver, cleaner) = (all.clone(), all.clone(), all.clone(), all);
    service
        .worker(move |stop| async move {
            let (deps, storage) = importer;
            let step = || step::step(&deps, &storage);
            run("imports", &deps, step::TOPIC, &stop, step).await;
        })
        .worker(move |stop| async move {
            let (deps, storage) = exporter;
            let step = || export_jobs::step(&deps, &storage);
            run("exports", &deps, export_jobs::TOPIC, &stop, step).await;
        })
        .worker(move |stop| async move {
            let (deps, storage) = receiver;
            let step = || uploads::step(&deps, &storage);
            worker::run("uploads", &stop, &Notify::new(), LOOKING, step).await;
        })
        .worker(move |stop| async move {
            let (deps, storage) = cleaner;
            let step = || cleaning::clean(&deps, &storage);
            worker::run("import cleaning", &stop, &Notify::new(), CLEANING, step).await;
        })
}

/// Takes step after step, at once when a hint says that there is something to do.
async fn run<F, Fut>(name: &str, deps: &Deps, topic: &'static str, stop: &CancellationToken, step: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<bool, Error>>,
{
    let wake = Notify::new();
    let mut follower = deps.live.follow(topic, None);
    let hints = async {
        loop {
            follower.changed().await;
            wake.notify_one();
        }
    };
    tokio::select! {
        () = worker::run(name, stop, &wake, PERIOD, step) => {}
        () = hints => {}
    }
}
