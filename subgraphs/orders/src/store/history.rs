//! What happened to an order, numbered without gaps under the order's row lock.

use crate::domain::order::OrderEventRow;
use chrono::{DateTime, Utc};
use platform::ids::{OrderEventId, OrderId, VendorOrderId};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

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

/// An event and, if it is not news, when it happened.
#[derive(Clone, Debug)]
pub struct Dated<'a> {
    pub event: NewEvent<'a>,
    pub at: Option<DateTime<Utc>>,
}

/// Appends events of many locked orders; returns their numbers.
pub async fn append_all(db: &mut PgConnection, events: &[Dated<'_>]) -> sqlx::Result<Vec<i64>> {
    macro_rules! column {
        ($of:expr) => {
            events.iter().map($of).collect::<Vec<_>>()
        };
    }
    sqlx::query_scalar!(
        r#"with news as (
               select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[],
                   $8::text[], $9::bool[], $10::timestamptz[]) with ordinality
                   as n (order_id, id, type, vendor_order_id, from_state, to_state, actor, note, is_public, at, position)),
           orders as (
               update orders.orders o set event_seq = event_seq + c.n
               from (select order_id, count(*) as n from news group by order_id) c
               where o.id = c.order_id returning o.id, o.event_seq - c.n as before),
           numbered as (
               select n.*, o.before + row_number() over (partition by n.order_id order by n.position) as seq
               from news n join orders o on o.id = n.order_id),
           inserted as (
               insert into orders.order_events
                   (order_id, seq, id, type, vendor_order_id, from_state, to_state, actor, note, is_public, at)
               select order_id, seq, id, type, vendor_order_id, from_state, to_state, actor, note, is_public,
                   coalesce(at, orders.now()) from numbered)
           select seq as "seq!" from numbered order by position"#,
        &column!(|e| e.event.order.0), &column!(|_| OrderEventId::new().0), &column!(|e| e.event.kind) as &[&str],
        &column!(|e| e.event.vendor_order.map(|id| id.0)) as &[Option<Uuid>],
        &column!(|e| e.event.from) as &[Option<&str>], &column!(|e| e.event.to) as &[Option<&str>],
        &column!(|e| e.event.actor) as &[&str], &column!(|e| e.event.note) as &[Option<&str>],
        &column!(|e| e.event.public), &column!(|e| e.at) as &[Option<DateTime<Utc>>]
    )
    .fetch_all(db)
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
