//! Background loops: claim work in Postgres, do it, sleep until woken or until the period has passed.

use std::{future::Future, time::Duration};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Runs `step` again and again until `stop`. `step` says whether there may be more to do at once; otherwise the loop
/// waits for `wake` or for `period`. An error is logged and waited out, never fatal.
pub async fn run<F, Fut>(name: &str, stop: &CancellationToken, wake: &Notify, period: Duration, mut step: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<bool, crate::Error>>,
{
    while !stop.is_cancelled() {
        let more = match step().await {
            Ok(more) => more,
            Err(error) => {
                tracing::error!(worker = name, error = error.describe(), "worker step failed");
                false
            }
        };
        if !more {
            tokio::select! {
                () = stop.cancelled() => return,
                () = wake.notified() => {}
                () = tokio::time::sleep(period) => {}
            }
        }
    }
}
