//! What a cart costs.

use crate::{domain::quote::Sums, schema::stubs::Vendor, store::quotes::QuoteRow};
use async_graphql::{Object, SimpleObject};
use chrono::{DateTime, Utc};
use platform::{
    Currency, Money,
    ids::{CartLineId, QuoteId},
};

/// What a cart costs, good for fifteen minutes.
#[derive(Clone, Debug)]
pub struct Quote(pub std::sync::Arc<QuoteRow>);

#[Object]
impl Quote {
    /// Opaque ID, for `checkoutComplete`.
    async fn id(&self) -> QuoteId {
        self.0.id
    }

    /// Hash of everything the customer agrees to, for `checkoutComplete`.
    async fn hash(&self) -> &str {
        &self.0.hash
    }

    /// Sums of the whole cart.
    async fn totals(&self) -> Totals {
        Totals::new(self.0.body.totals, self.0.body.currency)
    }

    /// One per line of the cart.
    async fn lines(&self) -> Vec<QuoteLine> {
        let money = |amount| Money::new(amount, self.0.body.currency);
        self.0
            .body
            .lines
            .iter()
            .map(|line| QuoteLine {
                line_id: line.line,
                gross: money(line.gross),
                discount: money(line.platform_discount + line.vendor_discount),
                loyalty: money(line.loyalty),
                tax: money(line.tax),
                net: money(line.total),
            })
            .collect()
    }

    /// Sums by vendor.
    async fn vendor_totals(&self) -> Vec<VendorTotals> {
        let currency = self.0.body.currency;
        self.0
            .body
            .vendors
            .iter()
            .map(|part| VendorTotals {
                vendor: Some(Vendor { id: part.vendor }),
                totals: Totals::new(part.sums, currency),
            })
            .collect()
    }

    /// When it is not good any more.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at
    }
}

/// What a line of the cart costs.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct QuoteLine {
    /// The cart's line.
    pub line_id: CartLineId,
    /// Price for one piece times pieces.
    pub gross: Money,
    /// Taken off by coupons.
    pub discount: Money,
    /// Paid with loyalty points.
    pub loyalty: Money,
    /// Tax, rounded half to even once; contained in the price where the country's prices contain it.
    pub tax: Money,
    /// What the customer pays for the line.
    pub net: Money,
}

/// Sums of one vendor's part.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct VendorTotals {
    /// The vendor.
    pub vendor: Option<Vendor>,
    /// Sums of its lines and its delivery.
    pub totals: Totals,
}

/// Sums. The total is subtotal - discount - loyalty + shipping, and the tax where prices do not contain it.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct Totals {
    /// Goods before discounts.
    pub subtotal: Money,
    /// Taken off by coupons.
    pub discount: Money,
    /// Paid with loyalty points.
    pub loyalty: Money,
    /// Delivery.
    pub shipping: Money,
    /// Tax; contained in the prices where the country's prices contain it.
    pub tax: Money,
    /// What the customer pays.
    pub total: Money,
}

impl Totals {
    pub fn new(sums: Sums, currency: Currency) -> Self {
        let money = |amount| Money::new(amount, currency);
        Self {
            subtotal: money(sums.subtotal),
            discount: money(sums.discount),
            loyalty: money(sums.loyalty),
            shipping: money(sums.shipping),
            tax: money(sums.tax),
            total: money(sums.total),
        }
    }
}
