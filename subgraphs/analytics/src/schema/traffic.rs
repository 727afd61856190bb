//! Figures of what storefronts track.

use super::{Granularity, int, metrics::DataPoint};
use crate::{
    domain::sales::Span,
    store::traffic::{self, Traffic},
};
use async_graphql::{Context, Object, SimpleObject};
use platform::{Error, service::Deps};

/// Visits in a span of time, from tracked events.
pub struct TrafficMetrics {
    pub span: Span,
    pub totals: Traffic,
}

/// How often something occurred.
#[derive(SimpleObject)]
pub struct DimensionCount {
    /// What was counted.
    name: String,
    /// How often.
    count: i32,
}

/// A step on the way of sessions.
#[derive(SimpleObject)]
pub struct FunnelStep {
    /// Type of the event.
    pub name: String,
    /// Sessions that came this far, through all steps before in this order.
    pub count: i32,
    /// Share of the sessions of the first step, 0 to 1.
    pub rate: f64,
}

#[Object]
impl TrafficMetrics {
    /// Sessions with any event.
    async fn sessions(&self) -> i32 {
        int(self.totals.sessions)
    }

    /// Different customers, and different sessions where no customer is known.
    async fn unique_visitors(&self) -> i32 {
        int(self.totals.visitors)
    }

    /// Events `page_view`.
    async fn page_views(&self) -> i32 {
        int(self.totals.views)
    }

    /// Share of sessions with exactly one page view among those with any, 0 to 1.
    async fn bounce_rate(&self) -> f64 {
        if self.totals.viewing == 0 {
            0.0
        } else {
            self.totals.bounced as f64 / self.totals.viewing as f64
        }
    }

    /// Page views by bucket; empty buckets are missing.
    async fn series(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Width of the buckets.")] granularity: Granularity,
    ) -> Result<Vec<DataPoint>, Error> {
        let db = ctx.data_unchecked::<Deps>().db.pool();
        let rows = traffic::series(db, self.span.from, self.span.to, granularity.unit()).await?;
        let point = |(at, count): (_, i64)| DataPoint {
            at,
            dimension: None,
            value: count as f64,
            money: None,
        };
        Ok(rows.into_iter().map(point).collect())
    }

    /// Ten hosts from which most page views came: the host of `referrer` in their payload.
    async fn top_referrers(&self, ctx: &Context<'_>) -> Result<Vec<DimensionCount>, Error> {
        let db = ctx.data_unchecked::<Deps>().db.pool();
        let rows = traffic::referrers(db, self.span.from, self.span.to).await?;
        Ok(rows
            .into_iter()
            .map(|(name, count)| DimensionCount {
                name,
                count: int(count),
            })
            .collect())
    }
}
