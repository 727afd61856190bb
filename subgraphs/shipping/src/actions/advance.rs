//! Shipments on their way: shipped, scanned, canceled.

use super::{create::told, optional};
use crate::domain::{
    shipment::{Shipment, Source},
    status::{self, Change, Scan, ShipmentStatus},
    tracking,
};
use crate::store::{self, Scope, events::NewEvent};
use chrono::{DateTime, TimeDelta, Utc};
use contracts::events::ShippedItem;
use platform::{Deps, Error, Moment, Outcome, Tx, UserError, Viewer, error::check_version, ids::ShipmentId};

/// How far a carrier's clock may be ahead of ours.
const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(5);

/// What a carrier saw.
#[derive(Clone, Debug)]
pub struct NewScan {
    pub status: ShipmentStatus,
    pub description: Option<String>,
    pub location: Option<String>,
    pub occurred_at: DateTime<Utc>,
}

/// The pieces have left: the carrier has them.
pub async fn mark_shipped(
    deps: &Deps,
    viewer: &Viewer,
    id: ShipmentId,
    carrier: Option<String>,
    tracking_number: Option<String>,
    expected_version: i32,
) -> Outcome<Shipment> {
    let carrier = optional(carrier, "carrier", 100)?;
    let tracking_number = optional(tracking_number, "trackingNumber", 64)?;
    if tracking_number
        .as_deref()
        .is_some_and(|number| !tracking::is_number(number))
    {
        return Err(
            UserError::invalid(&["trackingNumber"], "letters, digits, spaces, dashes and dots").into(),
        );
    }
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let mut shipment = lock(&mut tx, viewer, id).await?;
    if let Change::Repeat = wanted(&shipment, ShipmentStatus::InTransit)? {
        return Ok(shipment);
    }
    check_version(expected_version, shipment.version)?;
    shipment.carrier = carrier.or(shipment.carrier);
    shipment.tracking_number = tracking_number.or(shipment.tracking_number);
    let event = event(&mut tx, viewer, &shipment, ShipmentStatus::InTransit).await?;
    let items = items(&mut tx, id).await?;
    move_to(&mut tx, &mut shipment, event, items).await?;
    tx.commit().await?;
    Ok(shipment)
}

/// It will not be sent; its pieces may be packed again.
pub async fn cancel(
    deps: &Deps,
    viewer: &Viewer,
    id: ShipmentId,
    expected_version: i32,
) -> Outcome<Shipment> {
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let mut shipment = lock(&mut tx, viewer, id).await?;
    if let Change::Repeat = wanted(&shipment, ShipmentStatus::Canceled)? {
        return Ok(shipment);
    }
    check_version(expected_version, shipment.version)?;
    let event = event(&mut tx, viewer, &shipment, ShipmentStatus::Canceled).await?;
    let items = items(&mut tx, id).await?;
    move_to(&mut tx, &mut shipment, event, items).await?;
    tx.commit().await?;
    Ok(shipment)
}

/// A carrier's scan, in whatever order scans arrive.
pub async fn add_scan(deps: &Deps, viewer: &Viewer, id: ShipmentId, scan: NewScan) -> Outcome<Shipment> {
    if !scan.status.is_scan() {
        return Err(UserError::invalid(&["status"], "a state that carriers report").into());
    }
    let description = optional(scan.description, "description", 500)?;
    let location = optional(scan.location, "location", 200)?;
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    if scan.occurred_at > tx.now().await? + CLOCK_SKEW {
        return Err(UserError::invalid(&["occurredAt"], "in the past").into());
    }
    let mut shipment = lock(&mut tx, viewer, id).await?;
    let (status, occurred_at, source) = (scan.status, scan.occurred_at, source(viewer, &shipment));
    let event = NewEvent {
        status,
        description,
        location,
        occurred_at,
        source,
    };
    match status::scan(shipment.status, shipment.scanned_at, status, occurred_at) {
        Scan::Refused => return Err(refused(&shipment, status).into()),
        Scan::Record if store::events::is_known(&mut *tx, id, &event).await? => return Ok(shipment),
        Scan::Record => {
            store::events::insert(&mut tx, &shipment, &event).await?;
            tx.hint("shipment", shipment.order_id);
        }
        Scan::Move => {
            shipment.scanned_at = shipment.scanned_at.max(Some(occurred_at));
            let items = items(&mut tx, id).await?;
            move_to(&mut tx, &mut shipment, event, items).await?;
        }
    }
    tx.commit().await?;
    Ok(shipment)
}

async fn lock(tx: &mut Tx, viewer: &Viewer, id: ShipmentId) -> Outcome<Shipment> {
    let found = store::shipments::lock(tx, &Scope::managed(viewer), id).await?;
    Ok(found.ok_or_else(|| UserError::not_found(id.to_string()))?)
}

fn wanted(shipment: &Shipment, to: ShipmentStatus) -> Result<Change, UserError> {
    match status::change(shipment.status, to) {
        Change::Refused => Err(refused(shipment, to)),
        change => Ok(change),
    }
}

fn refused(shipment: &Shipment, to: ShipmentStatus) -> UserError {
    UserError::invalid_transition(shipment.status, to, shipment.status.next())
}

fn source(viewer: &Viewer, shipment: &Shipment) -> Source {
    if viewer.is_member(shipment.vendor_id) {
        Source::Vendor
    } else {
        Source::Staff
    }
}

async fn event(
    tx: &mut Tx,
    viewer: &Viewer,
    shipment: &Shipment,
    status: ShipmentStatus,
) -> Result<NewEvent, sqlx::Error> {
    let (occurred_at, source) = (tx.now().await?, source(viewer, shipment));
    Ok(NewEvent {
        status,
        description: None,
        location: None,
        occurred_at,
        source,
    })
}

async fn items(tx: &mut Tx, id: ShipmentId) -> Result<Vec<ShippedItem>, sqlx::Error> {
    let items = store::shipments::items(&mut **tx, &[id.0]).await?;
    Ok(items
        .into_iter()
        .map(|item| ShippedItem {
            line: item.order_line_id,
            quantity: item.quantity,
        })
        .collect())
}

/// The one way in which a shipment's state changes: row, event, fact and hint together.
pub async fn move_to(
    tx: &mut Tx,
    shipment: &mut Shipment,
    event: NewEvent,
    items: Vec<ShippedItem>,
) -> Result<(), Error> {
    let from = std::mem::replace(&mut shipment.status, event.status);
    let left_warehouse = event.status == ShipmentStatus::InTransit && shipment.shipped_at.is_none();
    if left_warehouse {
        shipment.shipped_at = Some(event.occurred_at);
    }
    if event.status == ShipmentStatus::Delivered {
        shipment.delivered_at = Some(event.occurred_at);
    }
    shipment.version += 1;
    store::shipments::update(tx, shipment).await?;
    store::events::insert(tx, shipment, &event).await?;
    tx.emit(&told(shipment, Some(from), left_warehouse, items))
        .await?;
    tx.hint("shipment", shipment.order_id);
    Ok(())
}
