//! Figures of sales and products.

use super::{
    Granularity, int,
    loaders::{FiguresOf, Reader, RevenueOf, SalesOf},
};
use crate::{
    domain::sales::Span,
    store::{products, sales},
};
use async_graphql::{ComplexObject, Context, Object, SimpleObject};
use chrono::{DateTime, Utc};
use platform::{
    Currency, Error, Money, ids::ProductId, ids::VendorId, loader::Batch, money::divide_half_even,
    viewer::viewer,
};

/// One point of a series.
#[derive(Clone, SimpleObject)]
pub struct DataPoint {
    /// Start of its bucket, UTC.
    pub at: DateTime<Utc>,
    /// What it belongs to, where a series has several lines.
    pub dimension: Option<String>,
    /// The count.
    pub value: f64,
    /// The amount, where the series has one.
    pub money: Option<Money>,
}

/// Sales in a span of time and one currency. Only orders that were confirmed count, at the moment of their
/// confirmation; imported orders at the moment of the import's history.
pub struct SalesMetrics {
    pub question: SalesOf,
    pub figures: sales::Figures,
}

impl SalesMetrics {
    fn money(&self, amount: i64) -> Money {
        Money::new(amount, self.question.currency)
    }

    /// Reads the figures; a span without sales has zeros.
    pub async fn load(
        ctx: &Context<'_>,
        vendor: VendorId,
        currency: Currency,
        span: Span,
    ) -> Result<Self, Error> {
        let question = SalesOf {
            vendor,
            currency,
            span,
            granularity: None,
        };
        let rows = ctx
            .data_unchecked::<Batch<Reader>>()
            .load_one(question.clone())
            .await?;
        let none = sales::Figures {
            vendor,
            at: None,
            orders: 0,
            units: 0,
            gross: 0,
            discounts: 0,
            refunds: 0,
        };
        let figures = rows.and_then(|rows| rows.into_iter().next()).unwrap_or(none);
        Ok(Self { question, figures })
    }
}

#[Object]
impl SalesMetrics {
    /// Number of orders confirmed in the span. Of a vendor: orders with a part of this vendor.
    async fn orders(&self) -> i32 {
        int(self.figures.orders)
    }

    /// Number of pieces in these orders.
    async fn units(&self) -> i32 {
        int(self.figures.units)
    }

    /// What customers were charged: the totals of these orders after discounts, with shipping and tax, before
    /// refunds. Of a vendor: the totals of its parts; the parts of all vendors add up to the orders.
    async fn gross(&self) -> Money {
        self.money(self.figures.gross)
    }

    /// Coupons and loyalty points that were taken off these orders; already missing from `gross`. Of a vendor: those
    /// on its lines.
    async fn discounts(&self) -> Money {
        self.money(self.figures.discounts)
    }

    /// Refunds whose money moved in the span, of whatever order.
    async fn refunds(&self) -> Money {
        self.money(self.figures.refunds)
    }

    /// `gross` less `refunds`.
    async fn net(&self) -> Money {
        self.money(self.figures.gross - self.figures.refunds)
    }

    /// `gross` divided by `orders`, rounded half to even; zero without orders.
    async fn average_order_value(&self) -> Money {
        let orders = i128::from(self.figures.orders.max(1));
        let average = divide_half_even(i128::from(self.figures.gross), orders);
        self.money(i64::try_from(average).unwrap_or(i64::MAX))
    }

    /// The span in buckets: `value` is the number of orders, `money` is `gross`. Buckets without sales or refunds
    /// are missing. The buckets add up to the figures above.
    async fn series(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Width of the buckets.")] granularity: Granularity,
    ) -> Result<Vec<DataPoint>, Error> {
        let question = SalesOf {
            granularity: Some(granularity),
            ..self.question.clone()
        };
        let rows = ctx
            .data_unchecked::<Batch<Reader>>()
            .load_one(question)
            .await?
            .unwrap_or_default();
        let point = |row: sales::Figures| {
            Some(DataPoint {
                at: row.at?,
                dimension: None,
                value: row.orders as f64,
                money: Some(self.money(row.gross)),
            })
        };
        Ok(rows.into_iter().filter_map(point).collect())
    }
}

/// What happened to a product in a span of time.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct ProductMetrics {
    /// Tracked events `product_view`.
    views: i32,
    /// Tracked events `add_to_cart`.
    adds_to_cart: i32,
    /// Pieces in confirmed orders.
    units_sold: i32,
    /// Pieces sold per view, at most 1; zero without views.
    conversion_rate: f64,
    #[graphql(skip)]
    product: ProductId,
    #[graphql(skip)]
    span: Span,
}

impl ProductMetrics {
    pub async fn load(ctx: &Context<'_>, product: ProductId, span: Span) -> Result<Self, Error> {
        let found = ctx
            .data_unchecked::<Batch<Reader>>()
            .load_one(FiguresOf(product, span))
            .await?;
        let figures = found.unwrap_or(products::Figures {
            product,
            views: 0,
            adds: 0,
            units: 0,
        });
        let rate = if figures.views > 0 {
            figures.units as f64 / figures.views as f64
        } else {
            0.0
        };
        Ok(Self {
            views: int(figures.views),
            adds_to_cart: int(figures.adds),
            units_sold: int(figures.units),
            conversion_rate: rate.min(1.0),
            product,
            span,
        })
    }
}

#[ComplexObject]
impl ProductMetrics {
    /// What customers were charged for these pieces with tax, after discounts, before refunds; in the currency in
    /// which most lines were sold. Absent if nothing was sold by the caller's vendors. Requires: VENDOR or STAFF.
    async fn revenue(&self, ctx: &Context<'_>) -> Option<Result<Money, Error>> {
        if let Err(error) = viewer(ctx).require_vendor_or_staff() {
            return Some(Err(error));
        }
        let found = ctx
            .data_unchecked::<Batch<Reader>>()
            .load_one(RevenueOf(self.product, self.span))
            .await;
        Some(
            found
                .transpose()?
                .map(|(total, currency)| Money::new(total, currency)),
        )
    }
}
