//! What becomes of a confirmed order's pieces: they leave, are given back, or come back.

use super::{apply, refused, reserve};
use crate::domain::{
    allocation::{Allocation, Move, take},
    ledger::{Cause, Change, InventoryTxType},
    reservation::ReservationStatus,
};
use crate::store::{
    self,
    allocations::{self, Part},
    reservations,
};
use contracts::{
    Done,
    events::ShipmentStatusChanged,
    inventory::{DeallocateStock, LineQuantity, RestockLines},
};
use platform::{
    Error, Fault, Tx, UserError,
    commands::Call,
    idempotency::{self, Claim, Claimed},
    ids::OrderId,
    service::Deps,
};
use serde_json::json;
use uuid::Uuid;

/// Gives pieces back that have not left. Those that have are the business of a return.
pub async fn deallocate(deps: &Deps, call: &Call, command: &DeallocateStock) -> Result<Done, Error> {
    let mut tx = deps.db.begin(call.moment).await?;
    let input = fingerprint(command.order, &command.lines);
    let Some(claim) = claim(&mut tx, "deallocate_stock", &command.key, &input).await? else {
        return Ok(Done {});
    };
    ready(&mut tx, command.order, &call.caller).await?;
    let known = allocations::of_order(&mut tx, command.order, None).await?;
    let (moves, missing) = take(&known, &command.lines, Allocation::open);
    if missing > 0 {
        tracing::warn!(order = %command.order, missing, "fewer pieces are allocated than were to be given back");
    }
    book(&mut tx, command.order, &moves, Part::Deallocated, &call.caller).await?;
    claim.store(&mut tx, &json!({})).await?;
    tx.commit().await?;
    Ok(Done {})
}

/// Takes shipped pieces back. If the news that they left has not arrived yet, the command has to be sent again.
pub async fn restock(deps: &Deps, call: &Call, command: &RestockLines) -> Result<Done, Error> {
    let mut tx = deps.db.begin(call.moment).await?;
    let input = fingerprint(command.order, &command.lines);
    let Some(claim) = claim(&mut tx, "restock_lines", &command.key, &input).await? else {
        return Ok(Done {});
    };
    ready(&mut tx, command.order, &call.caller).await?;
    let known = allocations::of_order(&mut tx, command.order, None).await?;
    let (moves, missing) = take(&known, &command.lines, Allocation::away);
    if missing > 0 {
        let (_, lost) = take(&known, &command.lines, |a| a.away() + a.open());
        if lost < missing {
            let cause = anyhow::anyhow!("{} pieces of {} have not left yet", missing - lost, command.order);
            return Err(Error::unavailable(cause));
        }
        tracing::warn!(order = %command.order, missing, "more pieces came back than had left");
    }
    book(&mut tx, command.order, &moves, Part::Restocked, &call.caller).await?;
    claim.store(&mut tx, &json!({})).await?;
    tx.commit().await?;
    Ok(Done {})
}

/// Pieces left the warehouse. Repeats are kept away by the inbox; more than was allocated cannot leave.
pub async fn ship(tx: &mut Tx, shipment: &ShipmentStatusChanged) -> Result<(), Error> {
    let actor = "service:shipping";
    ready(tx, shipment.order, actor).await?;
    let known = allocations::of_order(tx, shipment.order, shipment.warehouse).await?;
    let wanted: Vec<LineQuantity> = shipment
        .items
        .iter()
        .map(|item| LineQuantity {
            line: item.line,
            quantity: item.quantity,
        })
        .collect();
    let (moves, missing) = take(&known, &wanted, Allocation::open);
    if missing > 0 {
        tracing::warn!(order = %shipment.order, shipment = %shipment.shipment, missing, "more pieces left than were allocated");
    }
    book(tx, shipment.order, &moves, Part::Shipped, actor).await
}

/// Locks what the order has. A reservation that still waits for its commit command becomes allocations now, because
/// whoever ships or cancels has seen the order confirmed.
async fn ready(tx: &mut Tx, order: OrderId, actor: &str) -> Result<(), Error> {
    match reservations::lock(tx, order).await? {
        Some(known) if known.status == ReservationStatus::Active => {
            reserve::allocate(tx, &known, actor).await
        }
        _ => Ok(()),
    }
}

async fn book(tx: &mut Tx, order: OrderId, moves: &[Move], part: Part, actor: &str) -> Result<(), Error> {
    if moves.is_empty() {
        return Ok(());
    }
    let variants: Vec<Uuid> = moves.iter().map(|m| m.variant.0).collect();
    store::variants::lock(tx, &variants).await?;
    allocations::add(tx, moves, part).await?;
    let (kind, on_hand, allocated) = match part {
        Part::Shipped => (InventoryTxType::Ship, -1, -1),
        Part::Deallocated => (InventoryTxType::Deallocate, 0, -1),
        Part::Restocked => (InventoryTxType::ReturnRestock, 1, 0),
    };
    let changes: Vec<Change> = moves
        .iter()
        .map(|m| Change {
            on_hand: on_hand * m.quantity,
            allocated: allocated * m.quantity,
            ..Change::of(m.variant, m.warehouse, Some(order.to_string()))
        })
        .collect();
    let cause = Cause {
        kind,
        ref_type: Some("ORDER"),
        reason: None,
        actor,
    };
    apply(tx, &changes, &cause, false).await?;
    Ok(())
}

fn fingerprint(order: OrderId, lines: &[LineQuantity]) -> serde_json::Value {
    json!({ "order": order, "lines": lines })
}

/// `None`: the command has been carried out.
pub(super) async fn claim(
    tx: &mut Tx,
    operation: &'static str,
    key: &str,
    input: &serde_json::Value,
) -> Result<Option<Claim>, Error> {
    let claimed: Result<Claimed<serde_json::Value>, Fault<UserError>> =
        idempotency::claim_as(tx, "service".to_owned(), operation, key, input).await;
    match claimed.map_err(refused)? {
        Claimed::Replay(_) => Ok(None),
        Claimed::Fresh(claim) => Ok(Some(claim)),
    }
}
