//! Nothing more comes of what was delivered once its return window is over. Set by set, each set in one transaction;
//! whatever a crash leaves is due still.

use crate::{
    actions::transitions::{CUSTOMER_ORDERS, ORDER, SYSTEM, VENDOR_ORDERS},
    domain::{
        order::{OrderRow, OrderStatus, fulfilment, path},
        vendor_order::{VendorOrderRow, VendorOrderStatus},
    },
    store::{
        self,
        completion::Over,
        history::{Dated, NewEvent},
    },
};
use chrono::{DateTime, Utc};
use contracts::{
    events::{OrderStatusChanged, VendorOrderStatusChanged},
    users::GetVendors,
};
use platform::{
    Deps, Error, Moment, Tx,
    ids::{OrderId, VendorOrderId},
};
use std::{collections::HashMap, time::Duration};

/// Windows end by the day; a minute is early enough.
pub const PERIOD: Duration = Duration::from_secs(60);
const BATCH: i64 = 200;
/// Of a vendor that is not known any more.
const DEFAULT_DAYS: i32 = 14;

/// A set of parts. True: there may be more.
pub async fn step(deps: &Deps) -> Result<bool, Error> {
    let completed = complete(deps).await?;
    let asked = windows(deps).await?;
    Ok(completed || asked)
}

/// Asks the vendors for windows that the sale did not fix: those of imports.
async fn windows(deps: &Deps) -> Result<bool, Error> {
    let parts = store::completion::windowless(deps.db.pool(), BATCH).await?;
    if parts.is_empty() {
        return Ok(false);
    }
    let mut ids: Vec<_> = parts.iter().map(|part| part.1).collect();
    ids.sort_unstable();
    ids.dedup();
    let vendors = deps.commands.call(&GetVendors { ids }).await?;
    let days: HashMap<_, _> = vendors.iter().map(|v| (v.id, v.return_policy_days)).collect();
    let (parts, days): (Vec<_>, Vec<_>) = parts
        .into_iter()
        .map(|(part, vendor)| (part, days.get(&vendor).copied().unwrap_or(DEFAULT_DAYS)))
        .unzip();
    store::completion::set_windows(deps.db.pool(), &parts, &days).await?;
    Ok(true)
}

async fn complete(deps: &Deps) -> Result<bool, Error> {
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let due = store::completion::lock_due(&mut tx, BATCH).await?;
    if due.is_empty() {
        return Ok(false);
    }
    let over = store::completion::complete_parts(&mut tx, &due).await?;
    let orders = store::orders::by_ids(&mut *tx, &due).await?;
    let parts = store::vendor_orders::of_orders(&mut *tx, &due).await?;
    let moves = moves(&orders, &parts, &over);
    move_orders(&mut tx, &moves).await?;
    tell(&mut tx, &parts, &over, &moves).await?;
    tx.commit().await?;
    Ok(true)
}

/// An order that goes from state to state.
struct Move<'a> {
    order: &'a OrderRow,
    states: &'static [OrderStatus],
    at: Option<DateTime<Utc>>,
}

/// What the parts make of their orders. An order is over when its last part is.
fn moves<'a>(orders: &'a [OrderRow], parts: &[VendorOrderRow], over: &[Over]) -> Vec<Move<'a>> {
    let of = |order: OrderId| parts.iter().filter(move |part| part.order_id == order);
    let ended = |order: OrderId| over.iter().filter(move |part| part.order == order);
    orders
        .iter()
        .filter(|order| ended(order.id).next().is_some())
        .filter_map(|order| {
            let states: Vec<_> = of(order.id).map(|part| part.status).collect();
            Some(Move {
                order,
                states: path(order.status, fulfilment(&states)?),
                at: ended(order.id).filter_map(|part| part.at).max(),
            })
        })
        .filter(|step| !step.states.is_empty())
        .collect()
}

async fn move_orders(tx: &mut Tx, moves: &[Move<'_>]) -> Result<(), sqlx::Error> {
    let ids: Vec<_> = moves.iter().map(|step| step.order.id).collect();
    let last = |step: &Move<'_>| step.states.last().map_or("", |state| state.as_str());
    let statuses: Vec<_> = moves.iter().map(last).collect();
    let steps: Vec<_> = moves.iter().map(|step| step.states.len() as i32).collect();
    store::completion::set_statuses(tx, &ids, &statuses, &steps).await
}

/// The same history, facts and hints as of any other transition, for all at once.
async fn tell(
    tx: &mut Tx,
    parts: &[VendorOrderRow],
    over: &[Over],
    moves: &[Move<'_>],
) -> Result<(), sqlx::Error> {
    let row = |id: VendorOrderId| parts.iter().find(|part| part.id == id);
    let ended: Vec<_> = over
        .iter()
        .filter_map(|part| Some((row(part.id)?, part.at)))
        .collect();
    let mut events: Vec<Dated<'_>> = ended.iter().map(|(part, at)| part_event(part, *at)).collect();
    events.extend(moves.iter().flat_map(order_events));
    let seqs = store::history::append_all(tx, &events).await?;
    let moment = |at: Option<DateTime<Utc>>| at.map_or(Moment::LIVE, Moment::imported);
    let facts: Vec<_> = ended
        .iter()
        .map(|(part, at)| (moment(*at), part_fact(part)))
        .collect();
    tx.emit_at(&facts).await?;
    let mut seqs = seqs.into_iter().skip(ended.len());
    let mut facts = Vec::new();
    for step in moves {
        for (from, to) in steps(step) {
            let seq = seqs.next().unwrap_or_default();
            facts.push((moment(step.at), order_fact(step.order, from, to, seq)));
        }
    }
    tx.emit_at(&facts).await?;
    for (part, _) in &ended {
        tx.hint(ORDER, part.order_id);
        tx.hint(CUSTOMER_ORDERS, part.customer_id);
        tx.hint(VENDOR_ORDERS, part.vendor_id);
    }
    Ok(())
}

/// From which state to which.
fn steps(step: &Move<'_>) -> impl Iterator<Item = (OrderStatus, OrderStatus)> {
    let before = std::iter::once(step.order.status).chain(step.states.iter().copied());
    before.zip(step.states.iter().copied())
}

fn order_events<'a>(step: &'a Move<'_>) -> impl Iterator<Item = Dated<'a>> {
    steps(step).map(|(from, to)| Dated {
        at: step.at,
        event: NewEvent {
            order: step.order.id,
            kind: "STATUS_CHANGED",
            vendor_order: None,
            from: Some(from.as_str()),
            to: Some(to.as_str()),
            actor: SYSTEM,
            note: None,
            public: true,
        },
    })
}

fn part_event(part: &VendorOrderRow, at: Option<DateTime<Utc>>) -> Dated<'_> {
    Dated {
        at,
        event: NewEvent {
            order: part.order_id,
            kind: "VENDOR_ORDER_STATUS_CHANGED",
            vendor_order: Some(part.id),
            from: Some(VendorOrderStatus::Delivered.as_str()),
            to: Some(VendorOrderStatus::Completed.as_str()),
            actor: SYSTEM,
            note: None,
            public: true,
        },
    }
}

fn part_fact(part: &VendorOrderRow) -> VendorOrderStatusChanged {
    VendorOrderStatusChanged {
        vendor_order: part.id,
        order: part.order_id,
        number: part.number.clone(),
        vendor: part.vendor_id,
        customer: part.customer_id,
        from: VendorOrderStatus::Delivered.as_str().to_owned(),
        to: VendorOrderStatus::Completed.as_str().to_owned(),
    }
}

fn order_fact(order: &OrderRow, from: OrderStatus, to: OrderStatus, seq: i64) -> OrderStatusChanged {
    OrderStatusChanged {
        order: order.id,
        number: order.number.clone(),
        customer: order.customer_id,
        from: Some(from.as_str().to_owned()),
        to: to.as_str().to_owned(),
        currency: order.currency,
        total: order.total,
        seq,
    }
}
