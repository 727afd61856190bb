//! Holding stock for an order: all lines or none, in one transaction and a fixed number of statements.

use super::apply;
use crate::domain::{
    ledger::{Cause, Change, InventoryTxType},
    plan::{Pick, Short, plan},
    reservation::{Reservation, ReservationStatus},
};
use crate::store::{self, reservations};
use contracts::{
    Done,
    inventory::{ReserveReply, ReserveStock, SecureStock, StockLine},
};
use platform::{
    Country, Error, Tx,
    commands::Call,
    ids::{OrderId, ReservationId},
    service::Deps,
};
use std::collections::BTreeSet;
use uuid::Uuid;

impl From<Short> for ReserveReply {
    fn from(short: Short) -> Self {
        Self::Insufficient {
            variant: short.variant,
            available: short.available,
            requested: short.requested,
        }
    }
}

/// Who asks for what.
pub(super) struct Demand<'a> {
    pub order: OrderId,
    pub country: Option<Country>,
    pub lines: &'a [StockLine],
    pub actor: &'a str,
}

pub async fn reserve(deps: &Deps, call: &Call, command: &ReserveStock) -> Result<ReserveReply, Error> {
    if command.lines.iter().any(|line| line.quantity < 1) {
        return Err(Error::BadInput("a quantity must be at least 1".to_owned()));
    }
    let mut tx = deps.db.begin(call.moment).await?;
    let (order, country) = (command.order, command.country);
    let active = ReservationStatus::Active;
    let opened = reservations::open(&mut tx, order, active, country, Some(command.expires_at)).await?;
    let reservation = match opened {
        Some(id) => id,
        None => match again(&mut tx, command).await? {
            Ok(id) => id,
            Err(reply) => return Ok(reply),
        },
    };
    let demand = Demand {
        order,
        country,
        lines: &command.lines,
        actor: &call.caller,
    };
    match hold(&mut tx, reservation, &demand).await? {
        Ok(()) => tx.commit().await?,
        Err(short) => return Ok(short.into()),
    }
    Ok(ReserveReply::Reserved { reservation })
}

/// The order has a reservation: `Err` is the answer; `Ok` is an expired one that may be made again.
async fn again(tx: &mut Tx, command: &ReserveStock) -> Result<Result<ReservationId, ReserveReply>, Error> {
    let known = known(tx, command.order).await?;
    Ok(match known.status {
        ReservationStatus::Active | ReservationStatus::Committed => Err(ReserveReply::Reserved {
            reservation: known.id,
        }),
        ReservationStatus::Released => Err(gone(&command.lines)?),
        ReservationStatus::Expired => {
            reservations::reactivate(tx, known.id, command.expires_at).await?;
            Ok(known.id)
        }
    })
}

/// The order gave its stock back, perhaps before this reservation arrived: it gets none any more.
fn gone(lines: &[StockLine]) -> Result<ReserveReply, Error> {
    let line = lines
        .first()
        .ok_or_else(|| Error::BadInput("the reservation was released".to_owned()))?;
    Ok(ReserveReply::Insufficient {
        variant: line.variant,
        available: 0,
        requested: line.quantity,
    })
}

/// Locks the variants, plans, and moves the counters.
pub(super) async fn hold(
    tx: &mut Tx,
    reservation: ReservationId,
    demand: &Demand<'_>,
) -> Result<Result<(), Short>, Error> {
    let variants: BTreeSet<Uuid> = demand.lines.iter().map(|line| line.variant.0).collect();
    let variants: Vec<Uuid> = variants.into_iter().collect();
    store::variants::lock(tx, &variants).await?;
    let sources = store::levels::sources(tx, &variants, demand.country).await?;
    let picks = match plan(demand.lines, &sources) {
        Ok(picks) => picks,
        Err(short) => return Ok(Err(short)),
    };
    let changes: Vec<Change> = picks.iter().map(|pick| reserved(pick, demand.order)).collect();
    let cause = Cause {
        kind: InventoryTxType::Reserve,
        ref_type: Some("ORDER"),
        reason: None,
        actor: demand.actor,
    };
    apply(tx, &changes, &cause, true).await?;
    reservations::set_lines(tx, reservation, &picks).await?;
    Ok(Ok(()))
}

fn reserved(pick: &Pick, order: OrderId) -> Change {
    Change {
        reserved: pick.quantity,
        ..Change::of(pick.variant, pick.warehouse, Some(order.to_string()))
    }
}

async fn known(tx: &mut Tx, order: OrderId) -> Result<Reservation, Error> {
    reservations::lock(tx, order)
        .await?
        .ok_or_else(|| Error::BadInput(format!("{order} has no reservation")))
}

/// Reserves again what an expired reservation held; its lines say what that was.
async fn hold_again(tx: &mut Tx, expired: &Reservation, actor: &str) -> Result<Result<(), Short>, Error> {
    let held = reservations::lines(&mut **tx, &[expired.id.0]).await?;
    let demand = Demand {
        order: expired.order_id,
        country: expired.country,
        lines: &reservations::wanted(&held),
        actor,
    };
    hold(tx, expired.id, &demand).await
}

pub async fn secure(deps: &Deps, call: &Call, command: &SecureStock) -> Result<ReserveReply, Error> {
    let mut tx = deps.db.begin(call.moment).await?;
    let known = known(&mut tx, command.order).await?;
    let reply = ReserveReply::Reserved {
        reservation: known.id,
    };
    match known.status {
        ReservationStatus::Committed => return Ok(reply),
        ReservationStatus::Active => {}
        ReservationStatus::Released => {
            let held = reservations::lines(&mut *tx, &[known.id.0]).await?;
            return gone(&reservations::wanted(&held));
        }
        ReservationStatus::Expired => {
            if let Err(short) = hold_again(&mut tx, &known, &call.caller).await? {
                return Ok(short.into());
            }
        }
    }
    reservations::set_status(&mut tx, &[known.id.0], ReservationStatus::Active, true).await?;
    tx.commit().await?;
    Ok(reply)
}

pub async fn commit(deps: &Deps, call: &Call, order: OrderId) -> Result<Done, Error> {
    let mut tx = deps.db.begin(call.moment).await?;
    let known = known(&mut tx, order).await?;
    if known.status == ReservationStatus::Expired
        && let Err(short) = hold_again(&mut tx, &known, &call.caller).await?
    {
        return Err(Error::BadInput(format!(
            "the reservation expired, and there is too little of {}",
            short.variant
        )));
    }
    if known.status == ReservationStatus::Released {
        return Err(Error::BadInput("the reservation was released".to_owned()));
    }
    allocate(&mut tx, &known, &call.caller).await?;
    tx.commit().await?;
    Ok(Done {})
}

/// Turns a reservation that holds its pieces into allocations; nothing to do if it has been.
pub(super) async fn allocate(tx: &mut Tx, known: &Reservation, actor: &str) -> Result<(), Error> {
    if known.status == ReservationStatus::Committed {
        return Ok(());
    }
    let held = reservations::lines(&mut **tx, &[known.id.0]).await?;
    let variants: Vec<Uuid> = held.iter().map(|line| line.variant.0).collect();
    store::variants::lock(tx, &variants).await?;
    let changes: Vec<Change> = held
        .iter()
        .map(|line| Change {
            reserved: -line.quantity,
            allocated: line.quantity,
            ..Change::of(line.variant, line.warehouse, Some(known.order_id.to_string()))
        })
        .collect();
    let cause = Cause {
        kind: InventoryTxType::Allocate,
        ref_type: Some("ORDER"),
        reason: None,
        actor,
    };
    apply(tx, &changes, &cause, false).await?;
    store::allocations::create(tx, known.id).await?;
    reservations::set_status(tx, &[known.id.0], ReservationStatus::Committed, true).await?;
    Ok(())
}
