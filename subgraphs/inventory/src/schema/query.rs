//! Root fields that read.

use super::{
    entities::Entities,
    loaders::VariantAt,
    stubs::{Availability, Nullable, loader},
};
use crate::domain::{
    alert::{AlertStatus, LowStockAlert},
    ledger::{InventoryTransaction, InventoryTxType},
    level::StockLevel,
    supplier::Supplier,
    warehouse::Warehouse,
};
use crate::store::{self, Scope, ledger::Filter};
use async_graphql::{Context, ID, MergedObject, Object};
use chrono::{DateTime, Utc};
use platform::{
    Country, Error,
    ids::{VariantId, VendorId, WarehouseId},
    page::{Page, PageArgs},
    scalars::DateTimeRange,
    service::Deps,
    viewer::viewer,
};
use sqlx::PgPool;
use std::future::Future;
use uuid::Uuid;

/// Variants one question may name.
const MAX_VARIANTS: usize = 100;

/// Root of all reads.
#[derive(MergedObject, Default)]
#[graphql(name = "Query")]
pub struct Query(Reads, Entities);

/// Reads a client may start with.
#[derive(Default)]
pub struct Reads;

/// For members of vendors and staff: runs `read` with what they may see.
async fn managed<'a, T, F, Fut>(ctx: &Context<'a>, read: F) -> Nullable<T>
where
    F: FnOnce(&'a PgPool, Scope) -> Fut,
    Fut: Future<Output = Result<T, Error>>,
{
    let viewer = viewer(ctx);
    match viewer.require_vendor_or_staff() {
        Err(error) => Some(Err(error)),
        Ok(()) => Some(read(ctx.data_unchecked::<Deps>().db.pool(), Scope::from(viewer)).await),
    }
}

/// IDs that are none find nothing.
fn variants(ids: &[ID]) -> Vec<Uuid> {
    ids.iter()
        .filter_map(|id| VariantId::parse(id))
        .map(Uuid::from)
        .collect()
}

/// A filter: absent, or an ID. Something that is no ID is an ID that does not exist.
fn filter<I: std::str::FromStr + From<Uuid>>(id: Option<ID>) -> Option<I> {
    id.map(|id| id.parse().unwrap_or_else(|_| I::from(Uuid::nil())))
}

#[Object]
impl Reads {
    /// A warehouse of the caller's vendors or of the marketplace. Requires: VENDOR or STAFF.
    async fn warehouse(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the warehouse.")] id: ID,
    ) -> Nullable<Warehouse> {
        if let Err(error) = viewer(ctx).require_vendor_or_staff() {
            return Some(Err(error));
        }
        loader(ctx).load_one(WarehouseId::parse(&id)?).await.transpose()
    }

    /// The marketplace's warehouses and those of the caller's vendors, at most 1,000. Requires: VENDOR or STAFF.
    async fn warehouses(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only warehouses of this vendor.")] vendor_id: Option<ID>,
    ) -> Nullable<Vec<Warehouse>> {
        let vendor: Option<VendorId> = filter(vendor_id);
        managed(ctx, |db, scope| async move {
            Ok(store::warehouses::list(db, &scope, vendor).await?)
        })
        .await
    }

    /// Suppliers of the caller's vendors by name, at most 1,000. Requires: VENDOR or STAFF.
    async fn suppliers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only suppliers of this vendor.")] vendor_id: Option<ID>,
    ) -> Nullable<Vec<Supplier>> {
        let vendor: Option<VendorId> = filter(vendor_id);
        managed(ctx, |db, scope| async move {
            Ok(store::suppliers::list(db, &scope, vendor).await?)
        })
        .await
    }

    /// Stock of the caller's variants. Requires: VENDOR or STAFF.
    async fn stock_levels(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows per page, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the row before the page.")] after: Option<String>,
        #[graphql(desc = "Only these variants.")] variant_ids: Option<Vec<ID>>,
        #[graphql(desc = "Only this warehouse.")] warehouse_id: Option<ID>,
        #[graphql(desc = "Only levels at or below their reorder point.")] low_only: Option<bool>,
    ) -> Nullable<Page<StockLevel>> {
        let warehouse: Option<WarehouseId> = filter(warehouse_id);
        let only = variant_ids.as_deref().map(variants);
        managed(ctx, |db, scope| async move {
            let args = PageArgs::<Uuid>::new(first, after.as_deref())?;
            let low = low_only.unwrap_or(false);
            let (only, limit) = (only.as_deref(), args.limit());
            let rows = store::levels::list(db, &scope, only, warehouse, low, args.after, limit).await?;
            Ok(args.page(rows, |level| level.id.0))
        })
        .await
    }

    /// The ledger of the caller's variants, newest first. Requires: VENDOR or STAFF.
    #[expect(clippy::too_many_arguments, reason = "GraphQL arguments")]
    async fn inventory_transactions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows per page, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the row before the page.")] after: Option<String>,
        #[graphql(desc = "Only this variant.")] variant_id: Option<ID>,
        #[graphql(desc = "Only this warehouse.")] warehouse_id: Option<ID>,
        #[graphql(name = "type", desc = "Only rows of these types.")] kinds: Option<Vec<InventoryTxType>>,
        #[graphql(desc = "Only rows of this time.")] at: Option<DateTimeRange>,
    ) -> Nullable<Page<InventoryTransaction>> {
        let at = at.unwrap_or_default();
        let wanted = Filter {
            variant: filter(variant_id),
            warehouse: filter(warehouse_id),
            kinds,
            from: at.from,
            to: at.to,
        };
        managed(ctx, |db, scope| async move {
            let args = PageArgs::<(DateTime<Utc>, Uuid)>::new(first, after.as_deref())?;
            let rows = store::ledger::list(db, &scope, &wanted, args.after, args.limit()).await?;
            Ok(args.page(rows, |row| (row.at, row.id.0)))
        })
        .await
    }

    /// Alerts for the caller's variants, newest first, at most 1,000. Requires: VENDOR or STAFF.
    async fn low_stock_alerts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only alerts in these states.")] status: Option<Vec<AlertStatus>>,
    ) -> Nullable<Vec<LowStockAlert>> {
        let status = status.as_deref().map(store::names);
        managed(ctx, |db, scope| async move {
            Ok(store::alerts::list(db, &scope, status.as_deref()).await?)
        })
        .await
    }

    /// Whether variants can be ordered, in the order of the question; null where an ID is none. At most 100.
    async fn availability(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "IDs of the variants.")] variant_ids: Vec<ID>,
        #[graphql(desc = "Where they shall be shipped to; absent: anywhere.")] country: Option<Country>,
    ) -> Result<Vec<Option<Availability>>, Error> {
        if variant_ids.len() > MAX_VARIANTS {
            return Err(Error::BadInput(format!("at most {MAX_VARIANTS} variants")));
        }
        let keys: Vec<Option<VariantAt>> = variant_ids
            .iter()
            .map(|id| VariantId::parse(id).map(|id| VariantAt(id, country)))
            .collect();
        let stock = loader(ctx).load_many(keys.iter().flatten().copied()).await?;
        Ok(keys
            .into_iter()
            .map(|key| key.map(|key| Availability::of(stock.get(&key).cloned(), viewer(ctx))))
            .collect())
    }
}
