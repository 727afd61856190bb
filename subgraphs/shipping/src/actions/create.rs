//! Packing: a new shipment of pieces that are in no other.

use super::{refused_at, require_approved};
use crate::domain::{
    shipment::{Shipment, Source, is_shippable},
    status::{ShipmentStatus, remaining},
};
use crate::store::{self, Scope, events::NewEvent};
use contracts::{
    events::{ShipmentStatusChanged, ShippedItem},
    orders::{GetVendorOrder, VendorOrderInfo},
};
use platform::{
    Deps, Error, Moment, Outcome, Tx, UserError, UserErrorCode, Viewer,
    idempotency::{self, Claimed},
    ids::{OrderLineId, ShipmentId, ShippingMethodId, VendorOrderId},
};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// What shall be packed.
#[derive(Clone, Debug, Serialize)]
pub struct Packing {
    pub vendor_order: VendorOrderId,
    pub items: Vec<ShippedItem>,
    pub method: Option<ShippingMethodId>,
}

/// Creates a shipment; the same key again is the same shipment.
pub async fn create(deps: &Deps, viewer: &Viewer, packing: &Packing, key: &str) -> Outcome<Shipment> {
    let info = deps
        .commands
        .call(&GetVendorOrder {
            id: packing.vendor_order,
        })
        .await?
        .filter(|info| viewer.manages(info.vendor))
        .ok_or_else(|| UserError::not_found(packing.vendor_order.to_string()))?;
    require_approved(deps, viewer, info.vendor).await?;
    create_from(deps, viewer, &info, packing, key).await
}

/// The same when the vendor order is known and is the caller's.
pub async fn create_from(
    deps: &Deps,
    viewer: &Viewer,
    info: &VendorOrderInfo,
    packing: &Packing,
    key: &str,
) -> Outcome<Shipment> {
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let claim =
        match idempotency::claim::<ShipmentId, UserError>(&mut tx, viewer, "shipmentCreate", key, packing)
            .await?
        {
            Claimed::Fresh(claim) => claim,
            Claimed::Replay(id) => return Ok(replayed(&mut tx, viewer, id).await?),
        };
    if !is_shippable(&info.status) {
        let message = format!("the vendor order is {}", info.status);
        return Err(UserError::refused(UserErrorCode::Conflict, message).into());
    }
    store::shipments::lock_order(&mut tx, info.order, info.customer).await?;
    let packed = store::shipments::packed(&mut *tx, info.id).await?;
    let items = check_items(info, &packed, &packing.items)?;
    let mut shipment = blank(info);
    choose_method(&mut tx, info, packing.method, &mut shipment).await?;
    let source = if viewer.is_member(info.vendor) {
        Source::Vendor
    } else {
        Source::Staff
    };
    open(&mut tx, &mut shipment, &items, source).await?;
    tx.emit(&told(&shipment, None, false, items)).await?;
    tx.hint("shipment", shipment.order_id);
    claim.store(&mut tx, &shipment.id).await?;
    tx.commit().await?;
    Ok(shipment)
}

async fn replayed(tx: &mut Tx, viewer: &Viewer, id: ShipmentId) -> Result<Shipment, Error> {
    let scope = Scope::from(viewer);
    let found = store::shipments::by_ids(&mut **tx, &scope, &[id.0]).await?.pop();
    found.ok_or_else(|| Error::internal(sqlx::Error::RowNotFound))
}

/// The asked pieces by line, if so many are left.
fn check_items(
    info: &VendorOrderInfo,
    packed: &HashMap<OrderLineId, i64>,
    asked: &[ShippedItem],
) -> Result<Vec<ShippedItem>, UserError> {
    if !(1..=100).contains(&asked.len()) {
        return Err(UserError::invalid(&["items"], "1..100 items"));
    }
    let mut sums: BTreeMap<OrderLineId, i64> = BTreeMap::new();
    for (index, item) in asked.iter().enumerate() {
        if !(1..=9999).contains(&item.quantity) {
            return Err(UserError::invalid(
                &["items", &index.to_string(), "quantity"],
                "1..9999",
            ));
        }
        *sums.entry(item.line).or_default() += i64::from(item.quantity);
    }
    sums.into_iter()
        .map(|(line, wanted)| {
            let known = info.lines.iter().find(|known| known.line == line);
            let known = known.ok_or_else(|| UserError::not_found(line.to_string()))?;
            let left = remaining(
                known.quantity,
                known.canceled,
                packed.get(&line).copied().unwrap_or(0),
            );
            match i32::try_from(wanted) {
                Ok(quantity) if wanted <= left => Ok(ShippedItem { line, quantity }),
                _ => {
                    let message = format!("{left} pieces of {line} are left to be shipped");
                    Err(refused_at(UserErrorCode::Conflict, &["items"], message))
                }
            }
        })
        .collect()
}

/// A shipment of this vendor order, without pieces. The number counts on when it is stored.
pub fn blank(info: &VendorOrderInfo) -> Shipment {
    Shipment {
        id: ShipmentId::new(),
        number: info.number.clone(),
        status: ShipmentStatus::Ready,
        carrier: None,
        tracking_number: None,
        shipped_at: None,
        delivered_at: None,
        version: 1,
        order_id: info.order,
        vendor_order_id: info.id,
        vendor_id: info.vendor,
        customer_id: info.customer,
        method_id: None,
        scanned_at: None,
        until: None,
    }
}

/// The method asked for, else the one the customer chose.
async fn choose_method(
    tx: &mut Tx,
    info: &VendorOrderInfo,
    asked: Option<ShippingMethodId>,
    shipment: &mut Shipment,
) -> Outcome<()> {
    let Some(id) = asked.or(info.method) else {
        return Ok(());
    };
    let found = store::methods::by_ids(&mut **tx, &[id.0]).await?.pop();
    let usable = found.filter(|method| method.vendor_id.is_none_or(|vendor| vendor == info.vendor));
    match usable {
        Some(method) => {
            shipment.method_id = Some(method.id);
            shipment.carrier = method.carrier;
            Ok(())
        }
        // A chosen method that is gone is no reason not to ship.
        None if asked.is_none() => Ok(()),
        None => Err(UserError::not_found(id.to_string()).into()),
    }
}

/// Stores a new shipment and its first event. Needs the order's lock.
pub async fn open(
    tx: &mut Tx,
    shipment: &mut Shipment,
    items: &[ShippedItem],
    source: Source,
) -> Result<(), Error> {
    store::shipments::insert(tx, shipment, items, source == Source::Import).await?;
    let event = NewEvent {
        status: shipment.status,
        description: None,
        location: None,
        occurred_at: tx.now().await?,
        source,
    };
    store::events::insert(tx, shipment, &event).await?;
    Ok(())
}

/// The fact for other services.
pub fn told(
    shipment: &Shipment,
    from: Option<ShipmentStatus>,
    left_warehouse: bool,
    items: Vec<ShippedItem>,
) -> ShipmentStatusChanged {
    ShipmentStatusChanged {
        shipment: shipment.id,
        number: shipment.number.clone(),
        order: shipment.order_id,
        vendor_order: shipment.vendor_order_id,
        vendor: shipment.vendor_id,
        customer: shipment.customer_id,
        warehouse: None,
        from: from.map(|from| from.to_string()),
        to: shipment.status.to_string(),
        left_warehouse,
        items,
    }
}
