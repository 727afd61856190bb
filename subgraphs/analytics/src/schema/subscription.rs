//! Live figures.

use super::int;
use crate::store::{sales, traffic};
use async_graphql::{Context, SimpleObject, Subscription, futures_util::Stream};
use async_stream::stream;
use chrono::{DateTime, Utc};
use platform::{Error, Money, service::Deps, viewer::viewer};
use std::time::Duration;

/// Root of all subscriptions.
pub struct Subscription;

/// What happens right now.
#[derive(SimpleObject)]
pub struct LiveMetrics {
    /// When it was measured.
    at: DateTime<Utc>,
    /// Storefront sessions with a tracked event in the last five minutes.
    active_sessions: i32,
    /// Orders confirmed in the last minute.
    orders_last_minute: i32,
    /// What they and the others of the last hour were charged, by currency.
    gross_last_hour: Vec<Money>,
}

async fn measure(deps: &Deps) -> Result<LiveMetrics, Error> {
    let (orders, gross) = sales::live(deps.db.pool()).await?;
    let sessions = traffic::active_sessions(deps.db.pool()).await?;
    Ok(LiveMetrics {
        at: Utc::now(),
        active_sessions: int(sessions),
        orders_last_minute: int(orders),
        gross_last_hour: gross
            .into_iter()
            .map(|(currency, amount)| Money::new(amount, currency))
            .collect(),
    })
}

#[Subscription]
impl Subscription {
    /// Figures of this moment, again and again; absent while they cannot be read. Requires: STAFF.
    async fn live_metrics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Seconds between two measurements, 1 to 60.", default = 5)] interval_seconds: i32,
    ) -> Result<impl Stream<Item = Option<LiveMetrics>>, Error> {
        viewer(ctx).require_staff()?;
        let seconds = u64::try_from(interval_seconds).unwrap_or(0);
        if !(1..=60).contains(&seconds) {
            return Err(Error::BadInput("intervalSeconds must be 1..60".to_owned()));
        }
        let deps = ctx.data_unchecked::<Deps>().clone();
        Ok(stream! {
            let mut ticks = tokio::time::interval(Duration::from_secs(seconds));
            loop {
                ticks.tick().await;
                let measured = measure(&deps).await;
                if let Err(error) = &measured {
                    tracing::warn!(error = error.describe(), "cannot measure");
                }
                yield measured.ok();
            }
        })
    }
}
