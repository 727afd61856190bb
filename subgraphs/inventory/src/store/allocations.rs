//! Allocations of confirmed orders.

use crate::domain::allocation::{Allocation, Move};
use crate::store::Scope;
use platform::ids::{OrderId, OrderLineId, ReservationId, VariantId, WarehouseId};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// The reservation's lines become allocations.
pub async fn create(db: &mut PgConnection, reservation: ReservationId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into inventory.allocations (order_line_id, warehouse_id, order_id, variant_id, quantity)
        select l.order_line_id, l.warehouse_id, r.order_id, l.variant_id, l.quantity
        from inventory.reservations r join inventory.reservation_lines l on l.reservation_id = r.id
        where r.id = $1 on conflict do nothing",
        reservation.0
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The order's allocations; the caller holds the lock of the order's reservation. `first`: this warehouse's before others.
pub async fn of_order(
    db: &mut PgConnection,
    order: OrderId,
    first: Option<WarehouseId>,
) -> Result<Vec<Allocation>, sqlx::Error> {
    sqlx::query_as!(
        Allocation,
        r#"select order_line_id as "line: OrderLineId", warehouse_id as "warehouse: WarehouseId",
            variant_id as "variant: VariantId", quantity, shipped, deallocated, restocked
        from inventory.allocations where order_id = $1
        order by order_line_id, (warehouse_id = $2) desc nulls last, warehouse_id"#,
        order.0,
        first.map(|id| id.0)
    )
    .fetch_all(db)
    .await
}

/// Which number of an allocation grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Shipped,
    Deallocated,
    Restocked,
}

/// Adds the moved pieces to one of the allocations' numbers.
pub async fn add(db: &mut PgConnection, moves: &[Move], part: Part) -> Result<(), sqlx::Error> {
    let lines: Vec<Uuid> = moves.iter().map(|m| m.line.0).collect();
    let warehouses: Vec<Uuid> = moves.iter().map(|m| m.warehouse.0).collect();
    let quantities: Vec<i32> = moves.iter().map(|m| m.quantity).collect();
    sqlx::query!(
        "update inventory.allocations a set
            shipped = a.shipped + case when $4 then m.quantity else 0 end,
            deallocated = a.deallocated + case when $5 then m.quantity else 0 end,
            restocked = a.restocked + case when $6 then m.quantity else 0 end
        from unnest($1::uuid[], $2::uuid[], $3::int[]) as m(order_line_id, warehouse_id, quantity)
        where a.order_line_id = m.order_line_id and a.warehouse_id = m.warehouse_id",
        &lines,
        &warehouses,
        &quantities,
        part == Part::Shipped,
        part == Part::Deallocated,
        part == Part::Restocked
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Allocations of order lines, as far as the caller may see them.
pub async fn of_lines(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    lines: &[Uuid],
) -> Result<Vec<Allocation>, sqlx::Error> {
    sqlx::query_as!(
        Allocation,
        r#"select a.order_line_id as "line: OrderLineId", a.warehouse_id as "warehouse: WarehouseId",
            a.variant_id as "variant: VariantId", a.quantity, a.shipped, a.deallocated, a.restocked
        from inventory.allocations a join inventory.variants v on v.id = a.variant_id
        where a.order_line_id = any($3) and ($1 or v.vendor_id = any($2)) and a.quantity > a.deallocated
        order by a.order_line_id, a.warehouse_id"#,
        scope.staff,
        &scope.vendors,
        lines
    )
    .fetch_all(db)
    .await
}
