//! Where the router looks things up by their keys. A key that is no ID of the kind finds nothing.

use super::stubs::{OrderLine, Product, ProductVariant, Vendor, loader};
use crate::domain::{
    alert::LowStockAlert, ledger::InventoryTransaction, level::StockLevel, purchase::PurchaseOrder,
    reservation::Reservation, supplier::Supplier, warehouse::Warehouse,
};
use async_graphql::{Context, ID, Object};
use platform::{
    Error,
    ids::{
        InventoryTransactionId, LowStockAlertId, OrderLineId, ProductId, PurchaseOrderId, ReservationId,
        StockLevelId, SupplierId, VariantId, VendorId, WarehouseId,
    },
};

/// Entities by key.
#[derive(Default)]
pub struct Entities;

#[Object]
impl Entities {
    #[graphql(entity)]
    async fn find_warehouse(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Warehouse>, Error> {
        let Some(id) = WarehouseId::parse(&id) else {
            return Ok(None);
        };
        loader(ctx).load_one(id).await
    }

    #[graphql(entity)]
    async fn find_supplier(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Supplier>, Error> {
        let Some(id) = SupplierId::parse(&id) else {
            return Ok(None);
        };
        loader(ctx).load_one(id).await
    }

    #[graphql(entity)]
    async fn find_stock_level(&self, ctx: &Context<'_>, id: ID) -> Result<Option<StockLevel>, Error> {
        let Some(id) = StockLevelId::parse(&id) else {
            return Ok(None);
        };
        loader(ctx).load_one(id).await
    }

    #[graphql(entity)]
    async fn find_reservation(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Reservation>, Error> {
        let Some(id) = ReservationId::parse(&id) else {
            return Ok(None);
        };
        loader(ctx).load_one(id).await
    }

    #[graphql(entity)]
    async fn find_inventory_transaction(
        &self,
        ctx: &Context<'_>,
        id: ID,
    ) -> Result<Option<InventoryTransaction>, Error> {
        let Some(id) = InventoryTransactionId::parse(&id) else {
            return Ok(None);
        };
        loader(ctx).load_one(id).await
    }

    #[graphql(entity)]
    async fn find_low_stock_alert(&self, ctx: &Context<'_>, id: ID) -> Result<Option<LowStockAlert>, Error> {
        let Some(id) = LowStockAlertId::parse(&id) else {
            return Ok(None);
        };
        loader(ctx).load_one(id).await
    }

    #[graphql(entity)]
    async fn find_purchase_order(&self, ctx: &Context<'_>, id: ID) -> Result<Option<PurchaseOrder>, Error> {
        let Some(id) = PurchaseOrderId::parse(&id) else {
            return Ok(None);
        };
        loader(ctx).load_one(id).await
    }

    #[graphql(entity)]
    async fn find_product_variant(&self, id: ID) -> Option<ProductVariant> {
        VariantId::parse(&id).map(|id| ProductVariant { id })
    }

    #[graphql(entity)]
    async fn find_product(&self, id: ID) -> Option<Product> {
        ProductId::parse(&id).map(|id| Product { id })
    }

    #[graphql(entity)]
    async fn find_order_line(&self, id: ID) -> Option<OrderLine> {
        OrderLineId::parse(&id).map(|id| OrderLine { id })
    }

    #[graphql(entity)]
    async fn find_vendor(&self, id: ID) -> Option<Vendor> {
        VendorId::parse(&id).map(|id| Vendor { id })
    }
}
