//! Reservations: one row per order, which is also the lock of all that inventory does for the order.

use crate::domain::{
    plan::Pick,
    reservation::{Reservation, ReservationLine, ReservationStatus},
};
use chrono::{DateTime, Utc};
use contracts::inventory::StockLine;
use platform::{
    Country,
    ids::{OrderId, OrderLineId, ReservationId, VariantId, WarehouseId},
};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// Makes the order's reservation in `status`. `None` if it has one already; waits for one that is being made.
pub async fn open(
    db: &mut PgConnection,
    order: OrderId,
    status: ReservationStatus,
    country: Option<Country>,
    expires_at: Option<DateTime<Utc>>,
) -> Result<Option<ReservationId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"insert into inventory.reservations (id, order_id, status, country, expires_at)
        values ($1, $2, $3, $4, coalesce($5, inventory.now())) on conflict (order_id) do nothing
        returning id as "id: ReservationId""#,
        Uuid::now_v7(),
        order.0,
        status as ReservationStatus,
        country.as_ref().map(Country::as_str),
        expires_at
    )
    .fetch_optional(db)
    .await
}

macro_rules! reservations {
    ($tail:tt $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            Reservation,
            r#"select id as "id: ReservationId", order_id as "order_id: OrderId", status as "status: ReservationStatus",
                country as "country: Country", secured, expires_at
            from inventory.reservations "# + $tail
            $(, $arg)*
        )
    };
}

/// Locks the order's reservation, before any variant.
pub async fn lock(db: &mut PgConnection, order: OrderId) -> Result<Option<Reservation>, sqlx::Error> {
    reservations!("where order_id = $1 for update", order.0)
        .fetch_optional(db)
        .await
}

/// Locks reservations whose time has run out and that nobody else is working on.
pub async fn lock_expired(db: &mut PgConnection, limit: i64) -> Result<Vec<Reservation>, sqlx::Error> {
    reservations!(
        "where status = 'ACTIVE' and not secured and expires_at <= inventory.now()
        order by expires_at limit $1 for update skip locked",
        limit
    )
    .fetch_all(db)
    .await
}

pub async fn by_ids(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<Reservation>, sqlx::Error> {
    reservations!("where id = any($1)", ids).fetch_all(db).await
}

pub async fn set_status(
    db: &mut PgConnection,
    ids: &[Uuid],
    status: ReservationStatus,
    secured: bool,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update inventory.reservations set status = $2, secured = $3 where id = any($1)",
        ids,
        status as ReservationStatus,
        secured
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A reservation that is made again gets a new end.
pub async fn reactivate(
    db: &mut PgConnection,
    id: ReservationId,
    expires_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update inventory.reservations set status = 'ACTIVE', expires_at = $2 where id = $1",
        id.0,
        expires_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Replaces the lines.
pub async fn set_lines(db: &mut PgConnection, id: ReservationId, picks: &[Pick]) -> Result<(), sqlx::Error> {
    let lines: Vec<Uuid> = picks.iter().map(|p| p.line.0).collect();
    let variants: Vec<Uuid> = picks.iter().map(|p| p.variant.0).collect();
    let warehouses: Vec<Uuid> = picks.iter().map(|p| p.warehouse.0).collect();
    let quantities: Vec<i32> = picks.iter().map(|p| p.quantity).collect();
    sqlx::query!(
        "delete from inventory.reservation_lines where reservation_id = $1",
        id.0
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "insert into inventory.reservation_lines (reservation_id, order_line_id, variant_id, warehouse_id, quantity)
        select $1, * from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::int[])",
        id.0,
        &lines,
        &variants,
        &warehouses,
        &quantities
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A line with the reservation it belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    pub reservation: ReservationId,
    pub line: OrderLineId,
    pub variant: VariantId,
    pub warehouse: WarehouseId,
    pub quantity: i32,
}

impl From<Held> for ReservationLine {
    fn from(held: Held) -> Self {
        Self {
            variant_id: held.variant,
            warehouse_id: held.warehouse,
            quantity: held.quantity,
        }
    }
}

pub async fn lines(db: impl PgExecutor<'_>, reservations: &[Uuid]) -> Result<Vec<Held>, sqlx::Error> {
    sqlx::query_as!(
        Held,
        r#"select reservation_id as "reservation: ReservationId", order_line_id as "line: OrderLineId",
            variant_id as "variant: VariantId", warehouse_id as "warehouse: WarehouseId", quantity
        from inventory.reservation_lines where reservation_id = any($1) order by order_line_id, warehouse_id"#,
        reservations
    )
    .fetch_all(db)
    .await
}

/// What the order wanted, to reserve it again.
pub fn wanted(held: &[Held]) -> Vec<StockLine> {
    let mut wanted: Vec<StockLine> = Vec::new();
    for held in held {
        match wanted.last_mut().filter(|last| last.line == held.line) {
            Some(last) => last.quantity += held.quantity,
            None => wanted.push(StockLine {
                line: held.line,
                variant: held.variant,
                quantity: held.quantity,
            }),
        }
    }
    wanted
}
