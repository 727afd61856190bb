//! Vendors' parts of orders.

use crate::{
    domain::{
        quote::Sums,
        vendor_order::{VendorOrderRow, VendorOrderStatus},
    },
    schema::{
        load, load_many,
        loaders::{LinesOfPart, VisibleOrder},
        order::Order,
        order_line::OrderLine,
        present,
        quote::Totals,
        stubs::Vendor,
    },
};
use async_graphql::{Context, InputObject, Object};
use chrono::{DateTime, Utc};
use platform::{Error, Money, ids::VendorOrderId, scalars::DateTimeRange, viewer::viewer};

/// One vendor's part of an order. Visible to the customer, the vendor and staff.
#[derive(Clone, Debug)]
pub struct VendorOrder(pub VendorOrderRow);

/// What a list of a vendor's orders is narrowed to.
#[derive(Clone, Debug, Default, InputObject)]
pub struct VendorOrderWhere {
    /// In one of these states.
    pub status: Option<Vec<VendorOrderStatus>>,
    /// Placed in this time.
    pub placed_at: Option<DateTimeRange>,
}

impl VendorOrder {
    pub fn sums(&self) -> Sums {
        let row = &self.0;
        Sums {
            subtotal: row.subtotal,
            discount: row.platform_discount + row.vendor_discount,
            loyalty: row.loyalty,
            shipping: row.shipping,
            tax: row.tax,
            total: row.total,
        }
    }

    fn secret(&self, ctx: &Context<'_>, amount: Option<i64>) -> Option<Result<Money, Error>> {
        match viewer(ctx).require_manages(self.0.vendor_id) {
            Err(error) => Some(Err(error)),
            Ok(()) => amount.map(|amount| Ok(Money::new(amount, self.0.currency))),
        }
    }
}

#[Object]
impl VendorOrder {
    /// Opaque ID.
    pub async fn id(&self) -> VendorOrderId {
        self.0.id
    }

    /// Number for people, such as A-100001-1.
    async fn number(&self) -> &str {
        &self.0.number
    }

    /// The order it is part of; a vendor sees only its own part there.
    async fn order(&self, ctx: &Context<'_>) -> Result<Order, Error> {
        present(load(ctx, VisibleOrder(self.0.order_id)).await?)
    }

    /// Who sells.
    async fn vendor(&self) -> Option<Vendor> {
        Some(Vendor { id: self.0.vendor_id })
    }

    /// State.
    async fn status(&self) -> VendorOrderStatus {
        self.0.status
    }

    /// Its lines.
    async fn lines(&self, ctx: &Context<'_>) -> Result<Vec<OrderLine>, Error> {
        Ok(load_many(ctx, LinesOfPart(self.0.id))
            .await?
            .into_iter()
            .map(OrderLine)
            .collect())
    }

    /// Sums of its lines and its delivery.
    async fn totals(&self) -> Totals {
        Totals::new(self.sums(), self.0.currency)
    }

    /// What the marketplace keeps of it. Requires: VENDOR or STAFF.
    async fn commission(&self, ctx: &Context<'_>) -> Option<Result<Money, Error>> {
        self.secret(ctx, self.0.commission)
    }

    /// What the vendor earns of it. Requires: VENDOR or STAFF.
    async fn vendor_net(&self, ctx: &Context<'_>) -> Option<Result<Money, Error>> {
        self.secret(ctx, self.0.vendor_net)
    }

    /// When it is refused by itself, unless the vendor accepts before.
    async fn accept_by(&self) -> Option<DateTime<Utc>> {
        self.0.accept_by
    }

    /// States that may follow.
    async fn allowed_transitions(&self) -> Vec<VendorOrderStatus> {
        self.0.status.next().to_vec()
    }

    /// Goes up with every change.
    async fn version(&self) -> i32 {
        self.0.version
    }
}
