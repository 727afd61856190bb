//! Giving held stock back when a checkout ends without an order.

use super::apply;
use crate::domain::{
    ledger::{Cause, Change, InventoryTxType},
    reservation::ReservationStatus,
};
use crate::store::{self, reservations};
use contracts::{Done, inventory::ReleaseStock};
use platform::{Error, Tx, commands::Call, ids::OrderId, service::Deps};
use std::collections::HashMap;
use uuid::Uuid;

/// Also before or without a reservation: the row it leaves refuses one that arrives later.
pub async fn release(deps: &Deps, call: &Call, command: &ReleaseStock) -> Result<Done, Error> {
    let mut tx = deps.db.begin(call.moment).await?;
    let released = ReservationStatus::Released;
    if reservations::open(&mut tx, command.order, released, None, None)
        .await?
        .is_none()
        && let Some(known) = reservations::lock(&mut tx, command.order).await?
        && known.status.may_become(released)
    {
        if known.status == ReservationStatus::Active {
            let orders = HashMap::from([(known.id.0, command.order)]);
            give_back(&mut tx, &orders, None, &call.caller).await?;
        }
        reservations::set_status(&mut tx, &[known.id.0], released, known.secured).await?;
    }
    tx.commit().await?;
    Ok(Done {})
}

/// Lowers what these reservations hold; the caller has locked them and says what becomes of them.
pub(super) async fn give_back(
    tx: &mut Tx,
    orders: &HashMap<Uuid, OrderId>,
    reason: Option<&str>,
    actor: &str,
) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = orders.keys().copied().collect();
    let held = reservations::lines(&mut **tx, &ids).await?;
    let variants: Vec<Uuid> = held.iter().map(|line| line.variant.0).collect();
    store::variants::lock(tx, &variants).await?;
    let changes: Vec<Change> = held
        .iter()
        .map(|line| {
            let order = orders.get(&line.reservation.0).map(ToString::to_string);
            Change {
                reserved: -line.quantity,
                ..Change::of(line.variant, line.warehouse, order)
            }
        })
        .collect();
    let cause = Cause {
        kind: InventoryTxType::Release,
        ref_type: Some("ORDER"),
        reason,
        actor,
    };
    apply(tx, &changes, &cause, false).await?;
    Ok(())
}
