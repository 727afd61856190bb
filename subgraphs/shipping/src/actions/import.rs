//! Deliveries of another system: packed, shipped and delivered at their own dates, in one transaction.

use super::{
    advance::move_to,
    create::{blank, open},
};
use crate::domain::{
    shipment::Source,
    status::{ShipmentStatus, remaining},
};
use crate::store::{self, events::NewEvent};
use chrono::{DateTime, Utc};
use contracts::{
    events::ShippedItem,
    orders::{GetVendorOrder, VendorOrderInfo},
    shipping::ImportDelivery,
};
use platform::{Deps, Error, Moment, Tx};

/// Happens once per vendor order.
pub async fn import(deps: &Deps, delivery: &ImportDelivery) -> Result<(), Error> {
    if delivery.delivered_at < delivery.shipped_at {
        return Err(Error::BadInput("delivered before it was shipped".to_owned()));
    }
    if store::shipments::is_imported(deps.db.pool(), delivery.vendor_order).await? {
        return Ok(());
    }
    let info = deps
        .commands
        .call(&GetVendorOrder {
            id: delivery.vendor_order,
        })
        .await?;
    let info = info.ok_or_else(|| Error::BadInput(format!("there is no {}", delivery.vendor_order)))?;
    if matches!(info.status.as_str(), "PENDING" | "REJECTED" | "CANCELED") {
        return Err(Error::BadInput(format!("{} is {}", info.id, info.status)));
    }
    import_from(deps, &info, delivery).await
}

/// The same when the vendor order is known.
pub async fn import_from(
    deps: &Deps,
    info: &VendorOrderInfo,
    delivery: &ImportDelivery,
) -> Result<(), Error> {
    let mut tx = deps.db.begin(Moment::imported(delivery.shipped_at)).await?;
    store::shipments::lock_order(&mut tx, info.order, info.customer).await?;
    if store::shipments::is_imported(&mut *tx, info.id).await? {
        return Ok(());
    }
    let items = left(&mut tx, info).await?;
    if items.is_empty() {
        return Ok(());
    }
    let mut shipment = blank(info);
    shipment.method_id = known_method(&mut tx, info).await?;
    open(&mut tx, &mut shipment, &items, Source::Import).await?;
    let shipped = event(ShipmentStatus::InTransit, delivery.shipped_at);
    move_to(&mut tx, &mut shipment, shipped, items.clone()).await?;
    store::shipments::set_clock(&mut tx, delivery.delivered_at).await?;
    let delivered = event(ShipmentStatus::Delivered, delivery.delivered_at);
    move_to(&mut tx, &mut shipment, delivered, items).await?;
    tx.commit().await?;
    Ok(())
}

/// All pieces that are in no shipment yet.
async fn left(tx: &mut Tx, info: &VendorOrderInfo) -> Result<Vec<ShippedItem>, Error> {
    let packed = store::shipments::packed(&mut **tx, info.id).await?;
    let left = info.lines.iter().filter_map(|line| {
        let packed = packed.get(&line.line).copied().unwrap_or(0);
        let quantity = i32::try_from(remaining(line.quantity, line.canceled, packed)).ok()?;
        (quantity > 0).then_some(ShippedItem {
            line: line.line,
            quantity,
        })
    });
    Ok(left.collect())
}

async fn known_method(
    tx: &mut Tx,
    info: &VendorOrderInfo,
) -> Result<Option<platform::ids::ShippingMethodId>, sqlx::Error> {
    let Some(id) = info.method else { return Ok(None) };
    Ok(store::methods::by_ids(&mut **tx, &[id.0])
        .await?
        .pop()
        .map(|method| method.id))
}

fn event(status: ShipmentStatus, occurred_at: DateTime<Utc>) -> NewEvent {
    NewEvent {
        status,
        description: None,
        location: None,
        occurred_at,
        source: Source::Import,
    }
}
