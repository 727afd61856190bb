//! Per-request batching. The timer yields to the runtime instead of sleeping: whatever is ready joins the batch, and
//! nobody waits a millisecond per hop for nobody.

use async_graphql::{
    dataloader::{DataLoader, NoCache},
    futures_util::{
        future::BoxFuture,
        task::{FutureObj, Spawn, SpawnError},
    },
    runtime::Timer,
};
use std::time::Duration;
use tracing::Instrument;

/// A loader without a cache: a batch drops duplicates anyway, and nothing is stale after a mutation or on a
/// long-lived socket.
pub type Batch<T> = DataLoader<T, NoCache>;

/// Batches the loads of `reader` within one request. Call it inside a Tokio runtime.
pub fn batch<T: Send + Sync + 'static>(reader: T) -> Batch<T> {
    DataLoader::new(reader, InRequest, Yield).delay(Duration::ZERO)
}

struct Yield;

impl Timer for Yield {
    fn delay(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::task::yield_now())
    }
}

/// Spawns loads inside the request's span and statement counter, so that logs and counts keep their owner.
struct InRequest;

impl Spawn for InRequest {
    fn spawn_obj(&self, future: FutureObj<'static, ()>) -> Result<(), SpawnError> {
        tokio::spawn(crate::telemetry::same_request(future).in_current_span());
        Ok(())
    }
}
