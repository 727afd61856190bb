//! What other services may ask.

use crate::{
    Settings,
    actions::{guest_access, imports, merge},
    domain::vendor_order::VendorOrderStatus,
    store,
};
use contracts::{Done, orders::*};
use platform::{Deps, Error, commands::Call};

pub async fn merge_carts(deps: &Deps, call: Call, command: MergeCarts) -> Result<MergeCartsReply, Error> {
    merge::at_login(deps, call.moment, &command).await
}

pub async fn get_vendor_order(
    deps: &Deps,
    _: Call,
    command: GetVendorOrder,
) -> Result<Option<VendorOrderInfo>, Error> {
    let Some(part) = store::vendor_orders::by_ids(deps.db.pool(), &[command.id])
        .await?
        .pop()
    else {
        return Ok(None);
    };
    let Some(order) = store::orders::by_ids(deps.db.pool(), &[part.order_id])
        .await?
        .pop()
    else {
        return Ok(None);
    };
    let lines = store::lines::of_vendor_orders(deps.db.pool(), &[part.id]).await?;
    // A stopped order is not to be shipped, whatever its parts say.
    let held = matches!(order.status, crate::domain::order::OrderStatus::OnHold);
    let status = if held {
        VendorOrderStatus::Pending
    } else {
        part.status
    };
    Ok(Some(VendorOrderInfo {
        id: part.id,
        number: part.number,
        order: order.id,
        customer: order.customer_id,
        vendor: part.vendor_id,
        status: status.as_str().to_owned(),
        method: part.method_id,
        destination: order.shipping_address.0,
        currency: order.currency,
        lines: lines
            .iter()
            .map(|line| VendorOrderLine {
                line: line.id,
                variant: line.variant_id,
                quantity: line.quantity,
                canceled: line.canceled_quantity,
                fulfilled: line.fulfilled_quantity,
            })
            .collect(),
    }))
}

pub async fn count_open_vendor_orders(
    deps: &Deps,
    _: Call,
    command: CountOpenVendorOrders,
) -> Result<i64, Error> {
    Ok(store::vendor_orders::count_open(deps.db.pool(), command.vendor).await?)
}

pub async fn get_orders(deps: &Deps, _: Call, command: GetOrders) -> Result<Vec<OrderInfo>, Error> {
    let orders = store::orders::by_ids(deps.db.pool(), &command.ids).await?;
    let vendors = store::orders::vendors_of(deps.db.pool(), &command.ids).await?;
    Ok(orders
        .into_iter()
        .map(|order| OrderInfo {
            vendors: vendors
                .iter()
                .filter(|(id, _)| *id == order.id)
                .map(|(_, vendor)| *vendor)
                .collect(),
            id: order.id,
            number: order.number,
            customer: order.customer_id,
            status: order.status.as_str().to_owned(),
            currency: order.currency,
            total: order.total,
        })
        .collect())
}

pub async fn get_delivered(deps: &Deps, _: Call, ask: GetDelivered) -> Result<Vec<DeliveredOrder>, Error> {
    if ask.numbers.len() > 10_000 {
        return Err(Error::BadInput("at most 10,000 numbers".to_owned()));
    }
    Ok(store::lines::delivered(deps.db.pool(), &ask.numbers).await?)
}

pub async fn import_order(
    deps: &Deps,
    settings: &Settings,
    _: Call,
    command: ImportOrder,
) -> Result<ImportOrderReply, Error> {
    imports::order(deps, settings, &command).await
}

pub async fn import_refund(deps: &Deps, _: Call, command: ImportRefund) -> Result<ImportRefundReply, Error> {
    imports::refund(deps, &command).await
}

pub async fn import_adjustments(deps: &Deps, _: Call, command: ImportAdjustments) -> Result<Done, Error> {
    store::imports::put_adjustments(deps.db.pool(), &command.source, &command.adjustments).await?;
    Ok(Done {})
}

pub async fn get_guest_access(
    deps: &Deps,
    _: Call,
    command: GetGuestAccess,
) -> Result<Vec<GuestAccess>, Error> {
    let open = store::guests::open_of(deps.db.pool(), &command.orders).await?;
    let access = |order| GuestAccess {
        order,
        token: guest_access::token(deps, order),
    };
    Ok(open.into_iter().map(access).collect())
}
