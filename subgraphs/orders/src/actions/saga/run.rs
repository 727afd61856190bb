//! Who takes sagas up: whoever needs one at once, and the worker.

use super::Driver;
use crate::{
    Settings,
    actions::transitions,
    domain::saga::{Owner, Saga},
    store,
};
use contracts::payments::PaymentInfo;
use platform::{Deps, Error, ids::SagaId};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Claims a saga and drives it. `None`: it is over, or somebody drives it.
pub async fn run(
    deps: &Deps,
    settings: &Settings,
    id: SagaId,
) -> Result<Option<(Saga, Option<PaymentInfo>)>, Error> {
    let owner = Owner(Uuid::now_v7());
    match store::sagas::claim(deps.db.pool(), id, owner).await? {
        Some(saga) => Driver::resuming(deps, settings, owner)
            .drive(saga)
            .await
            .map(Some),
        None => Ok(None),
    }
}

/// Drives one saga that is due. True: there may be more.
async fn step(deps: &Deps, settings: &Settings) -> Result<bool, Error> {
    let owner = Owner(Uuid::now_v7());
    let Some(saga) = store::sagas::claim_due(deps.db.pool(), owner).await? else {
        return Ok(false);
    };
    Driver::resuming(deps, settings, owner).drive(saga).await?;
    Ok(true)
}

/// Resumes every saga that is due, woken by payments or once a second.
pub async fn worker(deps: Deps, settings: Settings, stop: CancellationToken) {
    let wake = Notify::new();
    let listen = async {
        let mut follower = deps.live.follow(transitions::SAGA, None);
        loop {
            follower.changed().await;
            wake.notify_one();
        }
    };
    let work = platform::worker::run("sagas", &stop, &wake, Duration::from_secs(1), || {
        step(&deps, &settings)
    });
    // A second hand, so that one slow saga does not hold up the others.
    let other = Notify::new();
    let more = platform::worker::run("sagas", &stop, &other, Duration::from_secs(1), || {
        step(&deps, &settings)
    });
    tokio::select! {
        () = listen => {}
        ((), ()) = async { tokio::join!(work, more) } => {}
    }
}
