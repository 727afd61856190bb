//! What happened to an order, numbered without gaps under the order's row lock.

use crate::domain::order::OrderEventRow;
use platform::ids::{OrderEventId, OrderId, VendorOrderId};
use sqlx::{PgConnection, PgExecutor};

/// An event to be written.
#[derive(Clone, Debug)]
pub struct NewEvent<'a> {
    pub order: OrderId,
    pub kind: &'a str,
    pub vendor_order: Option<VendorOrderId>,
    pub from: Option<&'a str>,
    pub to: Option<&'a str>,
    pub actor: &'a str,
    pub note: Option<&'a str>,
    pub public: bool,
}

/// Appends an event; returns its number.
pub async fn append(db: &mut PgConnection, event: &NewEvent<'_>) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        "with o as (update orders.orders set event_seq = event_seq + 1 where id = $1 returning event_seq)
         insert into orders.order_events (order_id, seq, id, type, vendor_order_id, from_state, to_state, actor, note, is_public)
         select $1, event_seq, $2, $3, $4, $5, $6, $7, $8, $9 from o returning seq",
        event.order.0, OrderEventId::new().0, event.kind, event.vendor_order.map(|id| id.0), event.from, event.to, event.actor,
        event.note, event.public
    )
    .fetch_one(db)
    .await
}

/// Events after a number, in order.
pub async fn after(
    db: impl PgExecutor<'_>,
    order: OrderId,
    seq: i64,
    public_only: bool,
    limit: i64,
) -> sqlx::Result<Vec<OrderEventRow>> {
    sqlx::query_as!(OrderEventRow,
        r#"select id as "id: OrderEventId", order_id as "order_id: OrderId", seq, type as kind,
           vendor_order_id as "vendor_order_id: VendorOrderId", from_state, to_state, actor, note, is_public, at
           from orders.order_events where order_id = $1 and seq > $2 and (is_public or not $3) order by seq limit $4"#,
        order.0, seq, public_only, limit)
    .fetch_all(db)
    .await
}
