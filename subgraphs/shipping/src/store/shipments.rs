//! Shipments and their items. Every read of a shipment carries the rule whose it is.

use super::Scope;
use crate::domain::{
    shipment::{Item, Shipment},
    status::ShipmentStatus,
};
use chrono::{DateTime, Utc};
use contracts::events::ShippedItem;
use platform::ids::{
    CustomerId, OrderId, OrderLineId, ShipmentId, ShippingMethodId, VendorId, VendorOrderId,
};
use sqlx::{PgConnection, PgExecutor};
use std::collections::HashMap;
use uuid::Uuid;

macro_rules! shipments {
    ($until:tt, $tail:tt $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            Shipment,
            r#"select s.id as "id: ShipmentId", s.number, s.status as "status: ShipmentStatus", s.carrier,
                s.tracking_number, s.shipped_at, s.delivered_at, s.version, s.order_id as "order_id: OrderId",
                s.vendor_order_id as "vendor_order_id: VendorOrderId", s.vendor_id as "vendor_id: VendorId",
                s.customer_id as "customer_id: CustomerId", s.method_id as "method_id: ShippingMethodId",
                s.scanned_at, "# + $until + r#" as "until?: i64" "# + $tail
            $(, $arg)*
        )
    };
}
pub(super) use shipments;

pub async fn by_ids(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    ids: &[Uuid],
) -> Result<Vec<Shipment>, sqlx::Error> {
    shipments!(
        "null::bigint",
        "from shipping.shipments s
        where s.id = any($4) and ($1 or s.customer_id = $2 or s.vendor_id = any($3))",
        scope.staff,
        scope.customer,
        &scope.vendors,
        ids
    )
    .fetch_all(db)
    .await
}

/// The newest shipment with this number of a carrier.
pub async fn by_tracking_number(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    number: &str,
) -> Result<Option<Shipment>, sqlx::Error> {
    shipments!(
        "null::bigint",
        "from shipping.shipments s
        where s.tracking_number = $4 and ($1 or s.customer_id = $2 or s.vendor_id = any($3))
        order by s.id desc limit 1",
        scope.staff,
        scope.customer,
        &scope.vendors,
        number
    )
    .fetch_optional(db)
    .await
}

pub async fn by_orders(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    ids: &[Uuid],
) -> Result<Vec<Shipment>, sqlx::Error> {
    shipments!(
        "null::bigint",
        "from shipping.shipments s
        where s.order_id = any($4) and ($1 or s.customer_id = $2 or s.vendor_id = any($3)) order by s.id",
        scope.staff,
        scope.customer,
        &scope.vendors,
        ids
    )
    .fetch_all(db)
    .await
}

pub async fn by_vendor_orders(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    ids: &[Uuid],
) -> Result<Vec<Shipment>, sqlx::Error> {
    shipments!(
        "null::bigint",
        "from shipping.shipments s
        where s.vendor_order_id = any($4) and ($1 or s.customer_id = $2 or s.vendor_id = any($3)) order by s.id",
        scope.staff,
        scope.customer,
        &scope.vendors,
        ids
    )
    .fetch_all(db)
    .await
}

/// Newest first, of all states and vendors unless some are named.
pub async fn list(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    states: Option<Vec<String>>,
    vendor: Option<VendorId>,
    limit: i64,
) -> Result<Vec<Shipment>, sqlx::Error> {
    shipments!(
        "null::bigint",
        "from shipping.shipments s
        where ($1 or s.vendor_id = any($2)) and ($3::text[] is null or s.status = any($3))
            and ($4::uuid is null or s.vendor_id = $4)
        order by s.id desc limit $5",
        scope.staff,
        &scope.vendors,
        states.as_deref(),
        vendor.map(Uuid::from),
        limit
    )
    .fetch_all(db)
    .await
}

pub async fn items(db: impl PgExecutor<'_>, shipments: &[Uuid]) -> Result<Vec<Item>, sqlx::Error> {
    sqlx::query_as!(
        Item,
        r#"select shipment_id as "shipment_id: ShipmentId", order_line_id as "order_line_id: OrderLineId", quantity
        from shipping.shipment_items where shipment_id = any($1) order by shipment_id, order_line_id"#,
        shipments
    )
    .fetch_all(db)
    .await
}

/// Locks a shipment that the caller manages.
pub async fn lock(
    db: &mut PgConnection,
    scope: &Scope,
    id: ShipmentId,
) -> Result<Option<Shipment>, sqlx::Error> {
    shipments!(
        "null::bigint",
        "from shipping.shipments s where s.id = $3 and ($1 or s.vendor_id = any($2)) for update",
        scope.staff,
        &scope.vendors,
        id.0
    )
    .fetch_optional(db)
    .await
}

/// Locks the order: its pieces are counted and its events numbered under this lock.
pub async fn lock_order(
    db: &mut PgConnection,
    order: OrderId,
    customer: CustomerId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into shipping.orders (id, customer_id) values ($1, $2)
        on conflict (id) do update set customer_id = excluded.customer_id",
        order.0,
        customer.0
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Pieces by order line that are in shipments, canceled ones aside.
pub async fn packed(
    db: impl PgExecutor<'_>,
    vendor_order: VendorOrderId,
) -> Result<HashMap<OrderLineId, i64>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select i.order_line_id as "line: OrderLineId", sum(i.quantity) as "quantity!"
        from shipping.shipments s join shipping.shipment_items i on i.shipment_id = s.id
        where s.vendor_order_id = $1 and s.status <> 'CANCELED' group by 1"#,
        vendor_order.0
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.line, row.quantity)).collect())
}

/// The import of this vendor order has happened.
pub async fn is_imported(db: impl PgExecutor<'_>, vendor_order: VendorOrderId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from shipping.shipments where vendor_order_id = $1 and imported) as "exists!""#,
        vendor_order.0
    )
    .fetch_one(db)
    .await
}

/// Writes a new shipment with its items; its number counts on from the vendor order's. Needs [`lock_order`].
pub async fn insert(
    db: &mut PgConnection,
    shipment: &mut Shipment,
    items: &[ShippedItem],
    imported: bool,
) -> Result<(), sqlx::Error> {
    let lines: Vec<Uuid> = items.iter().map(|item| item.line.0).collect();
    let quantities: Vec<i32> = items.iter().map(|item| item.quantity).collect();
    shipment.number = sqlx::query_scalar!(
        r#"with shipment as (
            insert into shipping.shipments
                (id, number, order_id, vendor_order_id, vendor_id, customer_id, status, method_id, carrier, imported)
            select $1, $2 || '-S' || (count(*) + 1), $3, $4, $5, $6, $7, $8, $9, $10
            from shipping.shipments where vendor_order_id = $4
            returning id, number
        ), items as (
            insert into shipping.shipment_items (shipment_id, order_line_id, quantity)
            select id, line, quantity from shipment, unnest($11::uuid[], $12::int[]) as item(line, quantity)
        )
        select number from shipment"#,
        shipment.id.0,
        shipment.number,
        shipment.order_id.0,
        shipment.vendor_order_id.0,
        shipment.vendor_id.0,
        shipment.customer_id.0,
        shipment.status.as_str(),
        shipment.method_id.map(Uuid::from),
        shipment.carrier,
        imported,
        &lines,
        &quantities
    )
    .fetch_one(db)
    .await?;
    Ok(())
}

/// Writes what can change of a shipment.
pub async fn update(db: &mut PgConnection, shipment: &Shipment) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update shipping.shipments set status = $2, carrier = $3, tracking_number = $4, shipped_at = $5,
            delivered_at = $6, scanned_at = $7, version = $8
        where id = $1",
        shipment.id.0,
        shipment.status.as_str(),
        shipment.carrier,
        shipment.tracking_number,
        shipment.shipped_at,
        shipment.delivered_at,
        shipment.scanned_at,
        shipment.version
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Moves the clock of an importing transaction on.
pub async fn set_clock(db: &mut PgConnection, at: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!("select set_config('agora.now', $1, true)", at.to_rfc3339())
        .fetch_one(db)
        .await?;
    Ok(())
}
