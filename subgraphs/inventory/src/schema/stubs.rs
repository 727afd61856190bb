//! What inventory adds to entities of other services.

use super::loaders::{AlertsOf, AllocationsOf, LevelsOf, ProductAt, Reader, VariantAt, WarehousesOf};
use crate::domain::{
    alert::LowStockAlert,
    level::{StockLevel, StockState, max_orderable},
    reservation::ReservationLine,
    warehouse::Warehouse,
};
use crate::store::availability::VariantStock;
use async_graphql::{ComplexObject, Context, SimpleObject};
use platform::{
    Country, Date, Error, Viewer,
    ids::{OrderLineId, ProductId, VariantId, VendorId},
    loader::Batch,
    viewer::viewer,
};

pub(super) type Nullable<T> = Option<Result<T, Error>>;

pub(super) fn loader<'a>(ctx: &Context<'a>) -> &'a Batch<Reader> {
    ctx.data_unchecked::<Batch<Reader>>()
}

/// Whether something can be ordered, and how much of it.
#[derive(Clone, Debug, SimpleObject)]
pub struct Availability {
    /// In words.
    pub state: StockState,
    /// Pieces that can be ordered now; null for those who may not know. Requires: VENDOR or STAFF.
    pub available: Option<i32>,
    /// Pieces that can surely be ordered at once, rounded down above 10, at most 999.
    pub max_orderable: i32,
    /// When it is out of stock: the day on which pieces that were ordered should arrive.
    pub backorder_until: Option<Date>,
}

impl Availability {
    /// What the viewer may know. A variant that nobody has stock of is out of stock.
    pub fn of(stock: Option<VariantStock>, viewer: &Viewer) -> Self {
        let available = stock.as_ref().map_or(0, |stock| stock.available);
        let threshold = stock.as_ref().map_or(0, |stock| stock.threshold);
        let state = StockState::of(available, threshold);
        let expected = stock.as_ref().and_then(|stock| stock.expected);
        let vendor = stock.and_then(|stock| stock.vendor);
        let may_know = viewer.is_staff() || vendor.is_some_and(|vendor| viewer.is_member(vendor));
        Self {
            state,
            available: may_know.then_some(available),
            max_orderable: max_orderable(available),
            backorder_until: expected.filter(|_| state == StockState::OutOfStock),
        }
    }
}

/// What is sold: one form of a product.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct ProductVariant {
    /// ID of the variant.
    pub id: VariantId,
}

#[ComplexObject]
impl ProductVariant {
    /// Whether it can be ordered, in `country` or, without one, anywhere.
    async fn availability(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Where it shall be shipped to.")] country: Option<Country>,
    ) -> Nullable<Availability> {
        let stock = loader(ctx).load_one(VariantAt(self.id, country)).await;
        Some(stock.map(|stock| Availability::of(stock, viewer(ctx))))
    }

    /// Its stock per warehouse; empty for variants of other vendors. Requires: VENDOR or STAFF.
    async fn stock_levels(&self, ctx: &Context<'_>) -> Nullable<Vec<StockLevel>> {
        if let Err(error) = viewer(ctx).require_vendor_or_staff() {
            return Some(Err(error));
        }
        let levels = loader(ctx).load_one(LevelsOf(self.id)).await;
        Some(levels.map(Option::unwrap_or_default))
    }
}

/// A product of a vendor.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Product {
    /// ID of the product.
    pub id: ProductId,
}

#[ComplexObject]
impl Product {
    /// The state of its most available variant, in `country` or, without one, anywhere.
    async fn availability(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Where it shall be shipped to.")] country: Option<Country>,
    ) -> Nullable<StockState> {
        let variants = loader(ctx).load_one(ProductAt(self.id, country)).await;
        Some(variants.map(|variants| {
            let variants = variants.unwrap_or_default();
            StockState::best(variants.iter().map(|v| StockState::of(v.available, v.threshold)))
        }))
    }
}

/// A line of an order.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct OrderLine {
    /// ID of the line.
    pub id: OrderLineId,
}

#[ComplexObject]
impl OrderLine {
    /// Which warehouses serve the line; empty for lines of other vendors. Requires: VENDOR or STAFF.
    async fn allocations(&self, ctx: &Context<'_>) -> Nullable<Vec<ReservationLine>> {
        if let Err(error) = viewer(ctx).require_vendor_or_staff() {
            return Some(Err(error));
        }
        let lines = loader(ctx).load_one(AllocationsOf(self.id)).await;
        Some(lines.map(Option::unwrap_or_default))
    }
}

/// A seller.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Vendor {
    /// ID of the vendor.
    pub id: VendorId,
}

#[ComplexObject]
impl Vendor {
    /// The vendor's own warehouses. Requires: VENDOR or STAFF.
    async fn warehouses(&self, ctx: &Context<'_>) -> Nullable<Vec<Warehouse>> {
        if let Err(error) = viewer(ctx).require_manages(self.id) {
            return Some(Err(error));
        }
        let warehouses = loader(ctx).load_one(WarehousesOf(self.id)).await;
        Some(warehouses.map(Option::unwrap_or_default))
    }

    /// Unresolved alerts, newest first. Requires: VENDOR or STAFF.
    async fn low_stock_alerts(&self, ctx: &Context<'_>) -> Nullable<Vec<LowStockAlert>> {
        if let Err(error) = viewer(ctx).require_manages(self.id) {
            return Some(Err(error));
        }
        let alerts = loader(ctx).load_one(AlertsOf(self.id)).await;
        Some(alerts.map(Option::unwrap_or_default))
    }
}
