//! Shipments move the counters of lines, counters move vendor orders, vendor orders move the order.

use crate::{
    actions::{
        tasks,
        transitions::{SYSTEM, move_order, move_part},
    },
    domain::{
        delivery::{self, Counters},
        order::{OrderLineRow, OrderRow, OrderStatus, fulfilment, path},
        vendor_order::{self, VendorOrderRow, VendorOrderStatus},
    },
    error::Outcome,
    store,
};
use contracts::events::{DeliveredLine, LinesDelivered, ShipmentStatusChanged, ShippedItem};
use platform::{
    Tx,
    ids::{OrderId, VendorOrderId},
};

/// News of a shipment. News of what is known already changes nothing.
pub async fn shipment(tx: &mut Tx, news: &ShipmentStatusChanged) -> Outcome<()> {
    let arrived = news.to == "DELIVERED";
    if news.to == "CANCELED" {
        return Ok(());
    }
    count(
        tx,
        news.order,
        news.vendor_order,
        &news.items,
        news.left_warehouse,
        arrived,
    )
    .await
}

/// The whole vendor order left or arrived.
pub async fn whole(tx: &mut Tx, order: OrderId, part: VendorOrderId, arrived: bool) -> Outcome<()> {
    let lines = store::lines::of_vendor_orders(&mut **tx, &[part]).await?;
    let items: Vec<_> = lines
        .iter()
        .map(|line| ShippedItem {
            line: line.id,
            quantity: line.quantity,
        })
        .collect();
    count(tx, order, part, &items, true, arrived).await
}

async fn count(
    tx: &mut Tx,
    order: OrderId,
    part: VendorOrderId,
    items: &[ShippedItem],
    left: bool,
    arrived: bool,
) -> Outcome<()> {
    let Some(mut order) = store::orders::lock(tx, order).await? else {
        return Ok(());
    };
    let Some(mut part) = store::vendor_orders::by_ids(&mut **tx, &[part]).await?.pop() else {
        return Ok(());
    };
    use VendorOrderStatus as V;
    if part.status.is_closed() || matches!(part.status, V::Pending | V::Delivered | V::Completed) {
        return Ok(());
    }
    let lines = store::lines::of_vendor_orders(&mut **tx, &[part.id]).await?;
    let counters = delivery::count(&lines, items, left, arrived);
    if left || arrived {
        store::lines::set_counters(tx, &counters).await?;
    }
    tell_delivered(tx, &order, &lines, &counters).await?;
    for next in vendor_order::path(part.status, delivery::state(&lines, &counters)) {
        move_part(tx, &mut part, next, SYSTEM, None).await?;
    }
    derive(tx, &mut order).await
}

/// Tells of lines of which more pieces have arrived than before.
async fn tell_delivered(
    tx: &mut Tx,
    order: &OrderRow,
    lines: &[OrderLineRow],
    counters: &[Counters],
) -> Outcome<()> {
    let arrived = lines
        .iter()
        .zip(counters)
        .filter(|(line, now)| now.delivered > line.delivered_quantity);
    let lines: Vec<_> = arrived
        .map(|(line, now)| DeliveredLine {
            line: line.id,
            product: line.product_id,
            variant: line.variant_id,
            delivered: now.delivered,
        })
        .collect();
    if lines.is_empty() {
        return Ok(());
    }
    let (order, customer) = (order.id, order.customer_id);
    tx.emit(&LinesDelivered {
        order,
        customer,
        lines,
    })
    .await?;
    Ok(())
}

/// Brings an order's status up to that of its parts.
pub async fn derive(tx: &mut Tx, order: &mut OrderRow) -> Outcome<()> {
    let parts = store::vendor_orders::of_orders(&mut **tx, &[order.id]).await?;
    let states: Vec<_> = parts.iter().map(|part: &VendorOrderRow| part.status).collect();
    match fulfilment(&states) {
        None if matches!(
            order.status,
            OrderStatus::Confirmed | OrderStatus::OnHold | OrderStatus::PartiallyFulfilled
        ) =>
        {
            tasks::reverse_discounts(tx, order).await?;
            move_order(
                tx,
                order,
                OrderStatus::Canceled,
                SYSTEM,
                Some("no vendor delivers"),
            )
            .await
        }
        None => Ok(()),
        Some(target) => {
            for next in path(order.status, target) {
                move_order(tx, order, *next, SYSTEM, None).await?;
            }
            Ok(())
        }
    }
}
