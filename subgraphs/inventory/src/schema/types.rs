//! Relations of the service's own types.

use super::{
    loaders::{HeldBy, LinesOf, PurchasesOf, Reader},
    stubs::{ProductVariant, Vendor, loader},
};
use crate::domain::{
    alert::LowStockAlert,
    ledger::InventoryTransaction,
    level::StockLevel,
    purchase::{PurchaseOrder, PurchaseOrderLine},
    reservation::{Reservation, ReservationLine},
    supplier::Supplier,
    warehouse::Warehouse,
};
use crate::store::levels::Slice;
use async_graphql::{ComplexObject, Context, ID, dataloader::Loader};
use platform::{
    Error, Money, PostalAddress,
    ids::WarehouseId,
    page::{Page, PageArgs},
};
use uuid::Uuid;

/// Loads what must be there, because the row that names it was visible.
async fn must<K, T>(ctx: &Context<'_>, key: K) -> Result<T, Error>
where
    K: Send + Sync + std::hash::Hash + Eq + Clone + 'static,
    T: Send + Sync + Clone + 'static,
    Reader: Loader<K, Value = T, Error = Error>,
{
    let found = loader(ctx).load_one(key).await?;
    found.ok_or_else(|| Error::internal(anyhow::anyhow!("a visible row names an invisible one")))
}

async fn warehouse(ctx: &Context<'_>, id: WarehouseId) -> Result<Warehouse, Error> {
    must(ctx, id).await
}

#[ComplexObject]
impl Warehouse {
    /// ID of the warehouse.
    pub async fn id(&self) -> ID {
        self.id.to_string().into()
    }

    /// Where it stands.
    async fn address(&self) -> &PostalAddress {
        &self.address.0
    }

    /// Whose it is; absent: the marketplace's.
    async fn vendor(&self) -> Option<Vendor> {
        self.vendor_id.map(|id| Vendor { id })
    }

    /// What lies in it, as far as the caller may see it.
    async fn stock_levels(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows per page, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the row before the page.")] after: Option<String>,
        #[graphql(desc = "Only levels at or below their reorder point.")] low_only: Option<bool>,
    ) -> Result<Page<StockLevel>, Error> {
        let args = PageArgs::<Uuid>::new(first, after.as_deref())?;
        let slice = Slice {
            warehouse: self.id,
            low_only: low_only.unwrap_or(false),
            after: args.after,
            limit: args.limit(),
        };
        let rows = loader(ctx).load_one(slice).await?.unwrap_or_default();
        Ok(args.page(rows, |level| level.id.0))
    }
}

#[ComplexObject]
impl Supplier {
    /// ID of the supplier.
    pub async fn id(&self) -> ID {
        self.id.to_string().into()
    }

    /// Whose supplier it is; absent: the marketplace's.
    async fn vendor(&self) -> Option<Vendor> {
        self.vendor_id.map(|id| Vendor { id })
    }

    /// The newest hundred orders, newest first.
    async fn purchase_orders(&self, ctx: &Context<'_>) -> Result<Vec<PurchaseOrder>, Error> {
        Ok(loader(ctx)
            .load_one(PurchasesOf(self.id))
            .await?
            .unwrap_or_default())
    }
}

#[ComplexObject]
impl StockLevel {
    /// ID of the level.
    pub async fn id(&self) -> ID {
        self.id.to_string().into()
    }

    /// What is in stock.
    async fn variant(&self) -> Option<ProductVariant> {
        Some(ProductVariant { id: self.variant_id })
    }

    /// Where it lies.
    async fn warehouse(&self, ctx: &Context<'_>) -> Result<Warehouse, Error> {
        warehouse(ctx, self.warehouse_id).await
    }

    /// Pieces that can be ordered: on hand without reserved, allocated and safety stock.
    async fn available(&self) -> i32 {
        self.free().max(0)
    }
}

#[ComplexObject]
impl Reservation {
    /// ID of the reservation.
    pub async fn id(&self) -> ID {
        self.id.to_string().into()
    }

    /// ID of the order it is for.
    async fn order_ref(&self) -> ID {
        self.order_id.to_string().into()
    }

    /// What is held, and where.
    async fn lines(&self, ctx: &Context<'_>) -> Result<Vec<ReservationLine>, Error> {
        Ok(loader(ctx).load_one(HeldBy(self.id)).await?.unwrap_or_default())
    }
}

#[ComplexObject]
impl ReservationLine {
    /// What is held.
    async fn variant(&self) -> Option<ProductVariant> {
        Some(ProductVariant { id: self.variant_id })
    }

    /// Where it lies.
    async fn warehouse(&self, ctx: &Context<'_>) -> Result<Warehouse, Error> {
        warehouse(ctx, self.warehouse_id).await
    }
}

#[ComplexObject]
impl InventoryTransaction {
    /// ID of the row.
    pub async fn id(&self) -> ID {
        self.id.to_string().into()
    }

    /// What changed.
    async fn variant(&self) -> Option<ProductVariant> {
        Some(ProductVariant { id: self.variant_id })
    }

    /// Where it changed.
    async fn warehouse(&self, ctx: &Context<'_>) -> Result<Warehouse, Error> {
        warehouse(ctx, self.warehouse_id).await
    }

    /// ID of the object that caused it.
    async fn ref_id(&self) -> Option<ID> {
        self.ref_id.clone().map(ID)
    }
}

#[ComplexObject]
impl LowStockAlert {
    /// ID of the alert.
    pub async fn id(&self) -> ID {
        self.id.to_string().into()
    }

    /// What runs low.
    async fn variant(&self) -> Option<ProductVariant> {
        Some(ProductVariant { id: self.variant_id })
    }

    /// Where it runs low.
    async fn warehouse(&self, ctx: &Context<'_>) -> Option<Result<Warehouse, Error>> {
        Some(warehouse(ctx, self.warehouse_id).await)
    }
}

#[ComplexObject]
impl PurchaseOrder {
    /// ID of the order.
    pub async fn id(&self) -> ID {
        self.id.to_string().into()
    }

    /// Who delivers.
    async fn supplier(&self, ctx: &Context<'_>) -> Result<Supplier, Error> {
        must(ctx, self.supplier_id).await
    }

    /// Where it is delivered to.
    async fn warehouse(&self, ctx: &Context<'_>) -> Result<Warehouse, Error> {
        warehouse(ctx, self.warehouse_id).await
    }

    /// What was ordered.
    async fn lines(&self, ctx: &Context<'_>) -> Result<Vec<PurchaseOrderLine>, Error> {
        Ok(loader(ctx).load_one(LinesOf(self.id)).await?.unwrap_or_default())
    }

    /// Cost of all lines.
    async fn total(&self) -> Money {
        Money::new(self.total, self.currency)
    }
}

#[ComplexObject]
impl PurchaseOrderLine {
    /// What was ordered.
    async fn variant(&self) -> Option<ProductVariant> {
        Some(ProductVariant { id: self.variant_id })
    }

    /// Cost of one piece.
    async fn unit_cost(&self) -> Money {
        Money::new(self.unit_cost, self.currency)
    }
}
