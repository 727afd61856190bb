//! What a dashboard shows.

use crate::store::sales::Figures;
use async_graphql::Enum;
use platform::{Currency, UserError, address::text, ids::WidgetId};
use serde::{Deserialize, Serialize};

/// Widgets of one dashboard.
pub const MAX_WIDGETS: usize = 30;

/// How a widget is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WidgetKind {
    /// One figure over the whole span.
    Metric,
    /// A line over time.
    Timeseries,
    /// Rows over time.
    Table,
    /// Bars over time.
    Bar,
}

/// Width of the points of a series. Buckets start on whole units in UTC; weeks on Mondays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Granularity {
    /// One hour.
    Hour,
    /// One day.
    Day,
    /// Seven days from Monday.
    Week,
    /// One calendar month.
    Month,
}

impl Granularity {
    /// As `date_trunc` calls it.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

/// A widget as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Widget {
    pub id: WidgetId,
    pub kind: WidgetKind,
    pub title: String,
    pub metric: String,
    pub granularity: Option<Granularity>,
    pub position: i32,
}

impl Widget {
    /// Checks what people wrote.
    pub fn check(mut self, index: usize) -> Result<Self, UserError> {
        let index = index.to_string();
        let title = text(std::mem::take(&mut self.title), 100);
        self.title =
            title.ok_or_else(|| UserError::invalid(&["widgets", &index, "title"], "1..100 characters"))?;
        let rule = "orders, units, gross, discounts, refunds or net, a colon, and a currency: gross:GBP";
        measure(&self.metric).ok_or_else(|| UserError::invalid(&["widgets", &index, "metric"], rule))?;
        Ok(self)
    }
}

/// Picks one of the figures.
pub type Figure = fn(&Figures) -> i64;

/// The figure a metric takes, whether it is money, and the currency.
pub fn measure(metric: &str) -> Option<(Figure, bool, Currency)> {
    let (name, currency) = metric.split_once(':')?;
    let (figure, money): (Figure, bool) = match name {
        "orders" => (|f| f.orders, false),
        "units" => (|f| f.units, false),
        "gross" => (|f| f.gross, true),
        "discounts" => (|f| f.discounts, true),
        "refunds" => (|f| f.refunds, true),
        "net" => (|f| f.gross - f.refunds, true),
        _ => return None,
    };
    Some((figure, money, Currency::parse(currency)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_name_a_figure_and_a_currency() {
        assert!(measure("gross:GBP").is_some_and(|(_, money, currency)| money && currency == Currency::GBP));
        for bad in ["gross", "gross:", "gross:gbp", "profit:GBP", ""] {
            assert!(measure(bad).is_none(), "{bad}");
        }
    }
}
