//! Batched reads: one statement per kind of question and batch, limited to what the viewer may see.

use crate::domain::{
    alert::LowStockAlert,
    ledger::InventoryTransaction,
    level::StockLevel,
    purchase::{PurchaseOrder, PurchaseOrderLine},
    reservation::{Reservation, ReservationLine},
    supplier::Supplier,
    warehouse::Warehouse,
};
use crate::store::{self, Scope, availability::VariantStock, levels::Slice};
use async_graphql::dataloader::Loader;
use platform::{
    Country, Db, Error, Viewer, ids,
    ids::{
        InventoryTransactionId, LowStockAlertId, OrderLineId, ProductId, PurchaseOrderId, ReservationId,
        StockLevelId, SupplierId, VariantId, VendorId, WarehouseId,
    },
    loader::Batch,
};
use std::{collections::HashMap, hash::Hash};

/// Reads for one viewer.
pub struct Reader {
    db: Db,
    scope: Scope,
}

/// The loader of one request.
pub fn batch(db: Db, viewer: Viewer) -> Batch<Reader> {
    let scope = Scope::from(&viewer);
    platform::loader::batch(Reader { db, scope })
}

macro_rules! by_id {
    ($($id:ident => $value:ident in $store:ident;)*) => {
        $(impl Loader<$id> for Reader {
            type Value = $value;
            type Error = Error;
            async fn load(&self, keys: &[$id]) -> Result<HashMap<$id, $value>, Error> {
                let rows = store::$store::by_ids(self.db.pool(), &self.scope, &ids::uuids(keys)).await?;
                Ok(rows.into_iter().map(|row| (row.id, row)).collect())
            }
        })*
    };
}

by_id! {
    WarehouseId => Warehouse in warehouses;
    SupplierId => Supplier in suppliers;
    StockLevelId => StockLevel in levels;
    InventoryTransactionId => InventoryTransaction in ledger;
    LowStockAlertId => LowStockAlert in alerts;
    PurchaseOrderId => PurchaseOrder in purchases;
}

/// A reservation shows lines of several vendors: it is for staff.
impl Loader<ReservationId> for Reader {
    type Value = Reservation;
    type Error = Error;
    async fn load(&self, keys: &[ReservationId]) -> Result<HashMap<ReservationId, Reservation>, Error> {
        if !self.scope.staff {
            return Ok(HashMap::new());
        }
        let rows = store::reservations::by_ids(self.db.pool(), &ids::uuids(keys)).await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}

/// Declares the key of a relation: the things of one owner.
macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident($id:ident);)*) => {
        $($(#[$doc])* #[derive(Clone, Copy, PartialEq, Eq, Hash)] pub struct $name(pub $id);)*
    };
}

keys! {
    /// Levels of a variant.
    LevelsOf(VariantId);
    /// Allocations of an order line.
    AllocationsOf(OrderLineId);
    /// Warehouses of a vendor.
    WarehousesOf(VendorId);
    /// Unresolved alerts of a vendor.
    AlertsOf(VendorId);
    /// Purchase orders at a supplier.
    PurchasesOf(SupplierId);
    /// Lines of a purchase order.
    LinesOf(PurchaseOrderId);
    /// Lines of a reservation.
    HeldBy(ReservationId);
}

macro_rules! relation {
    ($($key:ident => $value:ident: |$reader:ident, $ids:ident, $row:ident| $rows:expr, $owner:expr, $item:expr;)*) => {
        $(impl Loader<$key> for Reader {
            type Value = Vec<$value>;
            type Error = Error;
            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, Vec<$value>>, Error> {
                let ($reader, $ids) = (self, keys.iter().map(|key| key.0.0).collect::<Vec<_>>());
                let rows = $rows.await?;
                Ok(group(rows.into_iter().filter_map(|$row| Some(($key($owner?), $item)))))
            }
        })*
    };
}

relation! {
    LevelsOf => StockLevel: |r, ids, row|
        store::levels::by_variants(r.db.pool(), &r.scope, &ids), Some(row.variant_id), row;
    AllocationsOf => ReservationLine: |r, ids, row|
        store::allocations::of_lines(r.db.pool(), &r.scope, &ids), Some(row.line), ReservationLine {
            variant_id: row.variant,
            warehouse_id: row.warehouse,
            quantity: row.quantity - row.deallocated,
        };
    WarehousesOf => Warehouse: |r, ids, row|
        store::warehouses::by_vendors(r.db.pool(), &r.scope, &ids), row.vendor_id, row;
    AlertsOf => LowStockAlert: |r, ids, row|
        store::alerts::by_vendors(r.db.pool(), &r.scope, &ids), Some(row.vendor_id), row;
    PurchasesOf => PurchaseOrder: |r, ids, row|
        store::purchases::by_suppliers(r.db.pool(), &r.scope, &ids), Some(row.supplier_id), row;
    LinesOf => PurchaseOrderLine: |r, ids, row|
        store::purchases::lines(r.db.pool(), &ids), Some(row.0), row.1;
    HeldBy => ReservationLine: |r, ids, row|
        store::reservations::lines(r.db.pool(), &ids), Some(row.reservation), row.into();
}

fn group<K: Eq + Hash, V>(rows: impl Iterator<Item = (K, V)>) -> HashMap<K, Vec<V>> {
    let mut groups: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in rows {
        groups.entry(key).or_default().push(value);
    }
    groups
}

/// A variant's stock for a country, or over all warehouses.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct VariantAt(pub VariantId, pub Option<Country>);

/// The stock of a product's variants for a country, or over all warehouses.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProductAt(pub ProductId, pub Option<Country>);

/// The question that a row answers; positions start at 1.
fn asked<K: Copy>(keys: &[K], n: i64) -> Option<K> {
    keys.get(usize::try_from(n).ok()?.checked_sub(1)?).copied()
}

impl Loader<VariantAt> for Reader {
    type Value = VariantStock;
    type Error = Error;
    async fn load(&self, keys: &[VariantAt]) -> Result<HashMap<VariantAt, VariantStock>, Error> {
        let pairs: Vec<_> = keys.iter().map(|key| (key.0, key.1)).collect();
        let rows = store::availability::variants(self.db.pool(), &pairs).await?;
        Ok(rows
            .into_iter()
            .filter_map(|row| Some((asked(keys, row.n)?, row)))
            .collect())
    }
}

impl Loader<ProductAt> for Reader {
    type Value = Vec<VariantStock>;
    type Error = Error;
    async fn load(&self, keys: &[ProductAt]) -> Result<HashMap<ProductAt, Vec<VariantStock>>, Error> {
        let pairs: Vec<_> = keys.iter().map(|key| (key.0, key.1)).collect();
        let rows = store::availability::products(self.db.pool(), &pairs).await?;
        Ok(group(
            rows.into_iter()
                .filter_map(|row| Some((asked(keys, row.n)?, row))),
        ))
    }
}

/// Pages of several warehouses: one statement for the IDs, one for the levels.
impl Loader<Slice> for Reader {
    type Value = Vec<StockLevel>;
    type Error = Error;
    async fn load(&self, keys: &[Slice]) -> Result<HashMap<Slice, Vec<StockLevel>>, Error> {
        let ids = store::levels::slices(self.db.pool(), &self.scope, keys).await?;
        let all: Vec<_> = ids.iter().map(|(_, id)| *id).collect();
        let levels = store::levels::by_ids(self.db.pool(), &self.scope, &all).await?;
        let levels: HashMap<_, _> = levels.into_iter().map(|level| (level.id.0, level)).collect();
        Ok(group(ids.into_iter().filter_map(|(n, id)| {
            Some((*keys.get(n)?, levels.get(&id)?.clone()))
        })))
    }
}
