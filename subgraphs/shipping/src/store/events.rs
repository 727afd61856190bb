//! What happened to shipments.

use super::Scope;
use super::shipments::shipments;
use crate::domain::{
    shipment::{Shipment, ShipmentEvent, Source},
    status::ShipmentStatus,
};
use chrono::{DateTime, Utc};
use platform::ids::{
    CustomerId, OrderId, ShipmentEventId, ShipmentId, ShippingMethodId, VendorId, VendorOrderId,
};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// An event to be written.
#[derive(Clone, Debug)]
pub struct NewEvent {
    pub status: ShipmentStatus,
    pub description: Option<String>,
    pub location: Option<String>,
    pub occurred_at: DateTime<Utc>,
    pub source: Source,
}

/// Events in the order in which they happened.
pub async fn of_shipments(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<ShipmentEvent>, sqlx::Error> {
    sqlx::query_as!(
        ShipmentEvent,
        r#"select id as "id: ShipmentEventId", seq::int as "seq!", status as "status: ShipmentStatus", description,
            location, occurred_at, source, shipment_id as "shipment_id: ShipmentId"
        from shipping.shipment_events where shipment_id = any($1) order by shipment_id, occurred_at, seq"#,
        ids
    )
    .fetch_all(db)
    .await
}

/// Writes an event under the next number of its order; the order's row stays locked until the commit, so that nobody
/// sees a number before all smaller ones.
pub async fn insert(db: &mut PgConnection, shipment: &Shipment, event: &NewEvent) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with counter as (update shipping.orders set last_seq = last_seq + 1 where id = $2 returning last_seq)
        insert into shipping.shipment_events
            (id, order_id, seq, shipment_id, status, description, location, occurred_at, source)
        select $1, $2, last_seq, $3, $4, $5, $6, $7, $8 from counter",
        ShipmentEventId::new().0,
        shipment.order_id.0,
        shipment.id.0,
        event.status.as_str(),
        event.description,
        event.location,
        event.occurred_at,
        event.source.as_str()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The same scan was told before.
pub async fn is_known(
    db: impl PgExecutor<'_>,
    shipment: ShipmentId,
    event: &NewEvent,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from shipping.shipment_events
            where shipment_id = $1 and status = $2 and occurred_at = $3 and description is not distinct from $4
                and location is not distinct from $5) as "exists!""#,
        shipment.0,
        event.status.as_str(),
        event.occurred_at,
        event.description,
        event.location
    )
    .fetch_one(db)
    .await
}

/// Events of an order after `seq`, each with its shipment, as far as the caller may see it.
pub async fn after(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    order: OrderId,
    seq: i64,
) -> Result<Vec<Shipment>, sqlx::Error> {
    shipments!(
        "e.seq",
        "from shipping.shipment_events e join shipping.shipments s on s.id = e.shipment_id
        where e.order_id = $4 and e.seq > $5 and ($1 or s.customer_id = $2 or s.vendor_id = any($3))
        order by e.seq limit 100",
        scope.staff,
        scope.customer,
        &scope.vendors,
        order.0,
        seq
    )
    .fetch_all(db)
    .await
}

/// The number of the order's last event; 0 without any.
pub async fn last_seq(db: impl PgExecutor<'_>, order: OrderId) -> Result<i64, sqlx::Error> {
    let seq = sqlx::query_scalar!("select last_seq from shipping.orders where id = $1", order.0)
        .fetch_optional(db)
        .await?;
    Ok(seq.unwrap_or(0))
}
