//! Telling those who wait for a variant that it is back or costs less. The change itself queues the news; a worker
//! tells it to the lists in small transactions, so that a crowd of any size delays nobody.

use super::NOW;
use crate::store::{self, news::Listed};
use contracts::events::{VariantNews, WishesFulfilled};
use platform::{Deps, Error, Tx, ids::CustomerId};
use std::{collections::BTreeSet, time::Duration};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Lists told in one transaction.
const CHUNK: i64 = 500;

/// How often the worker looks by itself, for news that another process has queued.
const PERIOD: Duration = Duration::from_secs(5);

/// Everybody's prices of these variants, to be compared after a change. The caller holds their products' locks.
pub async fn prices(tx: &mut Tx, variants: &[Uuid]) -> Result<Vec<Listed>, Error> {
    Ok(store::news::listed(tx, variants).await?)
}

/// Tells which of these prices have fallen. To be called once, after the last change of the transaction.
pub async fn tell_falls(tx: &mut Tx, before: &[Listed]) -> Result<(), Error> {
    let news = store::news::fallen(tx, before).await?;
    tell(tx, &news).await
}

/// Tells that variants can be had again; `ids` are the facts that say so.
pub async fn tell_returns(tx: &mut Tx, ids: &[Uuid], variants: &[Uuid]) -> Result<(), Error> {
    let news = store::news::returned(tx, ids, variants).await?;
    tell(tx, &news).await
}

async fn tell(tx: &mut Tx, news: &[VariantNews]) -> Result<(), Error> {
    tx.emit_all(news).await?;
    if !news.is_empty() && store::news::queue(tx, news).await? > 0 {
        tx.hint("news", "");
    }
    Ok(())
}

/// Tells the next customers; returns whether there may be more.
pub async fn step(deps: &Deps) -> Result<bool, Error> {
    step_of(deps, CHUNK).await
}

/// The same with another size of chunks.
pub async fn step_of(deps: &Deps, chunk: i64) -> Result<bool, Error> {
    let mut tx = deps.db.begin(NOW).await?;
    let Some(queued) = store::news::next(&mut tx).await? else {
        return Ok(false);
    };
    let lists = store::news::waiting(&mut tx, &queued, chunk).await?;
    let last = lists.last().map(|(list, _)| *list);
    let full = i64::try_from(lists.len()).unwrap_or(chunk) == chunk;
    store::news::told(&mut tx, queued.news.id, last.filter(|_| full)).await?;
    let customers: BTreeSet<CustomerId> = lists.into_iter().map(|(_, customer)| customer).collect();
    if !customers.is_empty() {
        let (news, customers) = (queued.news, customers.into_iter().collect());
        tx.emit(&WishesFulfilled { news, customers }).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Runs [`step`] when news was queued, and now and then by itself.
pub async fn run(deps: &Deps, stop: &CancellationToken) {
    let wake = Notify::new();
    let mut follower = deps.live.follow("news", None);
    let bridge = async {
        loop {
            follower.changed().await;
            wake.notify_one();
        }
    };
    tokio::select! {
        () = platform::worker::run("news", stop, &wake, PERIOD, || step(deps)) => {}
        () = bridge => {}
    }
}
