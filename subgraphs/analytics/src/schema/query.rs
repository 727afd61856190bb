//! Root queries and entity lookups.

use super::{
    audit::AuditEntry,
    dashboard::Dashboard,
    event::{AuditEdgeNames, AuditNames, EventEdgeNames, EventNames, EventRecord, Named, named},
    int,
    metrics::SalesMetrics,
    stubs::{Customer, Order, Product, Vendor, first, span},
    traffic::{FunnelStep, TrafficMetrics},
};
use crate::{
    actions,
    domain::sales::MARKETPLACE,
    store::{audit, dashboards, events, products, traffic},
};
use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use platform::{
    Currency, Error,
    ids::{CustomerId, DashboardId, EventRecordId, OrderId, ProductId, VendorId},
    page::PageArgs,
    scalars::DateTimeRange,
    service::Deps,
    viewer::viewer,
};
use uuid::Uuid;

/// Steps a funnel may have.
const MAX_STEPS: usize = 10;

/// Root of all reads.
pub struct Query;

type Events = Named<EventRecord, EventNames, EventEdgeNames>;
type Audit = Named<AuditEntry, AuditNames, AuditEdgeNames>;

fn deps<'a>(ctx: &Context<'a>) -> &'a Deps {
    ctx.data_unchecked::<Deps>()
}

#[Object]
impl Query {
    /// What the marketplace has sold. Requires: STAFF.
    async fn sales_metrics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The span.")] range: DateTimeRange,
        #[graphql(desc = "The currency; there is no conversion.")] currency: Currency,
    ) -> Option<Result<SalesMetrics, Error>> {
        if let Err(error) = viewer(ctx).require_staff() {
            return Some(Err(error));
        }
        Some(SalesMetrics::load(ctx, MARKETPLACE, currency, span(Some(range))).await)
    }

    /// Dashboards the caller may see: of their vendors; staff see all. At most 100. Requires: VENDOR or STAFF.
    async fn dashboards(&self, ctx: &Context<'_>) -> Option<Result<Vec<Dashboard>, Error>> {
        if let Err(error) = viewer(ctx).require_vendor_or_staff() {
            return Some(Err(error));
        }
        let rows = dashboards::visible(deps(ctx).db.pool(), viewer(ctx), None).await;
        Some(
            rows.map(|rows| rows.into_iter().map(Into::into).collect())
                .map_err(Into::into),
        )
    }

    /// One dashboard. Requires: VENDOR or STAFF.
    async fn dashboard(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the dashboard.")] id: ID,
    ) -> Option<Result<Dashboard, Error>> {
        if let Err(error) = viewer(ctx).require_vendor_or_staff() {
            return Some(Err(error));
        }
        find_dashboard(ctx, &id).await.transpose()
    }

    /// Visits, from tracked events. Requires: STAFF.
    async fn traffic_metrics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The span.")] range: DateTimeRange,
    ) -> Option<Result<TrafficMetrics, Error>> {
        if let Err(error) = viewer(ctx).require_staff() {
            return Some(Err(error));
        }
        let span = span(Some(range));
        let totals = traffic::totals(deps(ctx).db.pool(), span.from, span.to).await;
        Some(
            totals
                .map(|totals| TrafficMetrics { span, totals })
                .map_err(Into::into),
        )
    }

    /// How far sessions came through these tracked events, one after the other. Errors: BAD_USER_INPUT unless there
    /// are 1 to 10 steps. Requires: STAFF.
    async fn funnel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Types of tracked events in their order.")] steps: Vec<String>,
        #[graphql(desc = "The span.")] range: DateTimeRange,
    ) -> Option<Result<Vec<FunnelStep>, Error>> {
        if let Err(error) = viewer(ctx).require_staff() {
            return Some(Err(error));
        }
        Some(funnel(ctx, steps, range).await)
    }

    /// Recorded events, newest first. Requires: STAFF.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the last event of the page before.")] after: Option<String>,
        #[graphql(desc = "Only of these types.", name = "type")] types: Option<Vec<String>>,
        #[graphql(desc = "Only about this.")] subject_id: Option<ID>,
        #[graphql(desc = "Only from this span.")] at: Option<DateTimeRange>,
    ) -> Option<Result<Events, Error>> {
        if let Err(error) = viewer(ctx).require_staff() {
            return Some(Err(error));
        }
        let filter = events::Filter {
            types,
            subject: subject_id.map(|id| id.0),
            from: at.and_then(|at| at.from),
            to: at.and_then(|at| at.to),
            after: None,
        };
        Some(event_page(ctx, first, after, filter).await)
    }

    /// The audit chain of an order, vendor or customer, or of the `catalogue`, or what happened to one payment, refund,
    /// vendor order or shipment in its order's chain; oldest first. Requires: STAFF.
    async fn audit_trail(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the entity.")] entity_id: ID,
        #[graphql(desc = "Page size, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the last entry of the page before.")] after: Option<String>,
    ) -> Option<Result<Audit, Error>> {
        if let Err(error) = viewer(ctx).require_staff() {
            return Some(Err(error));
        }
        Some(audit_page(ctx, &entity_id, first, after).await)
    }

    /// Recomputes every hash of the chain an entity belongs to, from the recorded payloads: false if anything was
    /// changed, removed or reordered. Absent without a chain. Requires: ADMIN.
    async fn audit_verify(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the entity.")] entity_id: ID,
    ) -> Option<Result<bool, Error>> {
        if let Err(error) = viewer(ctx).require_admin() {
            return Some(Err(error));
        }
        actions::audit::verify(deps(ctx), &entity_id).await.transpose()
    }

    /// The busiest products of the 30 days up to the last activity: a view counts 1, an addition to a cart 3, a sold
    /// piece 5.
    async fn trending_products(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 50.", default = 10, name = "first")] count: i32,
    ) -> Result<Vec<Option<Product>>, Error> {
        let ids = products::trending(deps(ctx).db.pool(), first(count)?).await?;
        Ok(ids.into_iter().map(|id| Some(Product { id })).collect())
    }

    #[graphql(entity)]
    async fn find_event_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<EventRecord>, Error> {
        let Some(id) = EventRecordId::parse(&id).filter(|_| viewer(ctx).is_staff()) else {
            return Ok(None);
        };
        // Nobody lists foreign events by their IDs, so there is nothing to batch.
        let row = events::by_ids(deps(ctx).db.pool(), &[id.0]).await?.pop();
        Ok(row.map(Into::into))
    }

    #[graphql(entity)]
    async fn find_dashboard_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Dashboard>, Error> {
        find_dashboard(ctx, &id).await
    }

    #[graphql(entity)]
    async fn find_product_by_id(&self, id: ID) -> Option<Product> {
        ProductId::parse(&id).map(|id| Product { id })
    }

    #[graphql(entity)]
    async fn find_vendor_by_id(&self, id: ID) -> Option<Vendor> {
        VendorId::parse(&id).map(|id| Vendor { id })
    }

    #[graphql(entity)]
    async fn find_customer_by_id(&self, id: ID) -> Option<Customer> {
        CustomerId::parse(&id).map(|id| Customer { id })
    }

    #[graphql(entity)]
    async fn find_order_by_id(&self, id: ID) -> Option<Order> {
        OrderId::parse(&id).map(|id| Order { id })
    }
}

async fn find_dashboard(ctx: &Context<'_>, id: &str) -> Result<Option<Dashboard>, Error> {
    let Some(id) = DashboardId::parse(id) else {
        return Ok(None);
    };
    let rows = dashboards::visible(deps(ctx).db.pool(), viewer(ctx), Some(&[id])).await?;
    Ok(rows.into_iter().next().map(Into::into))
}

async fn event_page(
    ctx: &Context<'_>,
    first: Option<i32>,
    after: Option<String>,
    mut filter: events::Filter,
) -> Result<Events, Error> {
    let args = PageArgs::<(DateTime<Utc>, Uuid)>::new(first, after.as_deref())?;
    filter.after = args.after;
    let rows = events::list(deps(ctx).db.pool(), &filter, args.limit()).await?;
    let rows: Vec<EventRecord> = rows.into_iter().map(Into::into).collect();
    Ok(named(args.page(rows, |row| (row.occurred_at, row.id.0))))
}

async fn audit_page(
    ctx: &Context<'_>,
    entity: &str,
    first: Option<i32>,
    after: Option<String>,
) -> Result<Audit, Error> {
    let args = PageArgs::<i64>::new(first, after.as_deref())?;
    let rows = audit::page(deps(ctx).db.pool(), entity, args.after.unwrap_or(0), args.limit()).await?;
    let rows: Vec<AuditEntry> = rows.into_iter().map(Into::into).collect();
    Ok(named(args.page(rows, |row| row.seq.into())))
}

async fn funnel(
    ctx: &Context<'_>,
    steps: Vec<String>,
    range: DateTimeRange,
) -> Result<Vec<FunnelStep>, Error> {
    if !(1..=MAX_STEPS).contains(&steps.len()) {
        return Err(Error::BadInput(format!("steps must be 1..{MAX_STEPS}")));
    }
    let span = span(Some(range));
    let counts = traffic::funnel(deps(ctx).db.pool(), &steps, span.from, span.to).await?;
    let all = counts.first().copied().unwrap_or(0).max(1);
    let step = |(name, count): (String, i64)| FunnelStep {
        name,
        count: int(count),
        rate: count as f64 / all as f64,
    };
    Ok(steps.into_iter().zip(counts).map(step).collect())
}
