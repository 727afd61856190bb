//! `Dashboard` and its widgets.

use super::{
    Granularity,
    loaders::{Reader, SalesOf},
    metrics::DataPoint,
    stubs::{Vendor, span},
};
use crate::{
    domain::{
        dashboard::{self, WidgetKind, measure},
        sales::MARKETPLACE,
    },
    store::{dashboards::Row, sales::Figures},
};
use async_graphql::{ComplexObject, Context, InputObject, SimpleObject};
use chrono::Utc;
use platform::{
    Error, Money, UserError,
    ids::{DashboardId, UserId, VendorId, WidgetId},
    loader::Batch,
    scalars::DateTimeRange,
};

/// A login of the users service.
#[derive(SimpleObject)]
#[graphql(unresolvable = "id")]
pub struct User {
    /// Opaque ID.
    pub id: UserId,
}

/// A page of figures that somebody put together.
#[derive(Clone, SimpleObject)]
#[graphql(complex)]
pub struct Dashboard {
    /// Opaque ID.
    pub id: DashboardId,
    /// Its name.
    pub name: String,
    /// What it shows, in order.
    pub widgets: Vec<Widget>,
    /// Whether others see it, too: all members of its vendor.
    pub is_shared: bool,
    /// Counts changes; see `expectedVersion`.
    pub version: i32,
    #[graphql(skip)]
    owner: UserId,
    #[graphql(skip)]
    vendor: Option<VendorId>,
}

/// One figure of a dashboard.
#[derive(Clone, SimpleObject)]
#[graphql(complex)]
pub struct Widget {
    /// Opaque ID.
    pub id: WidgetId,
    /// How it is drawn.
    pub kind: WidgetKind,
    /// Its title.
    pub title: String,
    /// What it shows: `orders`, `units`, `gross`, `discounts`, `refunds` or `net` as in `SalesMetrics`, a colon, and
    /// a currency: `gross:GBP`.
    pub metric: String,
    /// Width of its points; a day by default.
    pub granularity: Option<Granularity>,
    /// Its place, smallest first.
    pub position: i32,
    #[graphql(skip)]
    vendor: VendorId,
}

/// One figure of a dashboard, as input.
#[derive(InputObject)]
pub struct WidgetInput {
    /// How it is drawn.
    pub kind: WidgetKind,
    /// Its title, 1 to 100 characters.
    pub title: String,
    /// What it shows, for example `gross:GBP`; see `Widget.metric`.
    pub metric: String,
    /// Width of its points; a day by default.
    pub granularity: Option<Granularity>,
    /// Its place, smallest first.
    pub position: i32,
}

impl From<WidgetInput> for dashboard::Widget {
    fn from(input: WidgetInput) -> Self {
        Self {
            id: WidgetId::new(),
            kind: input.kind,
            title: input.title,
            metric: input.metric,
            granularity: input.granularity,
            position: input.position,
        }
    }
}

/// A dashboard, or why it was refused.
#[derive(SimpleObject)]
pub struct DashboardPayload {
    /// The dashboard as it is now, or as it was before it was deleted.
    pub dashboard: Option<Dashboard>,
    /// Why nothing happened.
    pub user_errors: Vec<UserError>,
}

impl From<Row> for Dashboard {
    fn from(row: Row) -> Self {
        let vendor = row.vendor.unwrap_or(MARKETPLACE);
        let widget = |w: dashboard::Widget| Widget {
            id: w.id,
            kind: w.kind,
            title: w.title,
            metric: w.metric,
            granularity: w.granularity,
            position: w.position,
            vendor,
        };
        Self {
            id: row.id,
            name: row.name,
            widgets: row.widgets.0.into_iter().map(widget).collect(),
            is_shared: row.vendor.is_some(),
            version: row.version,
            owner: row.owner,
            vendor: row.vendor,
        }
    }
}

#[ComplexObject]
impl Dashboard {
    /// Who made it.
    async fn owner(&self) -> Option<User> {
        Some(User { id: self.owner })
    }

    /// Whose sales it shows; absent: the marketplace's.
    async fn vendor(&self) -> Option<Vendor> {
        self.vendor.map(|id| Vendor { id })
    }
}

#[ComplexObject]
impl Widget {
    /// Its points: one for METRIC, else one for each bucket with sales or refunds. Counts are in `value`; amounts in
    /// `money`, and in minor units in `value`.
    async fn data(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The span; all time by default.")] range: Option<DateTimeRange>,
    ) -> Result<Vec<DataPoint>, Error> {
        let Some((figure, is_money, currency)) = measure(&self.metric) else {
            return Ok(Vec::new());
        };
        let granularity =
            (self.kind != WidgetKind::Metric).then(|| self.granularity.unwrap_or(Granularity::Day));
        let span = span(range);
        let question = SalesOf {
            vendor: self.vendor,
            currency,
            span,
            granularity,
        };
        let rows = ctx
            .data_unchecked::<Batch<Reader>>()
            .load_one(question)
            .await?
            .unwrap_or_default();
        let point = |row: Figures| {
            let value = figure(&row);
            DataPoint {
                at: row.at.unwrap_or_else(|| span.to.min(Utc::now())),
                dimension: None,
                value: value as f64,
                money: is_money.then(|| Money::new(value, currency)),
            }
        };
        Ok(rows.into_iter().map(point).collect())
    }
}
