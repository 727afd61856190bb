//! A change of state: the row, its event in the order's history, the fact for other services, the hint for
//! subscriptions; all in the caller's transaction.

use crate::{
    domain::{
        order::{OrderRow, OrderStatus},
        refund::{RefundRow, RefundStatus},
        vendor_order::{VendorOrderRow, VendorOrderStatus},
    },
    error::Outcome,
    store::{self, history::NewEvent},
};
use contracts::events::{
    OrderStatusChanged, RefundStatusChanged, RefundedLine, RefundedVendor, VendorOrderStatusChanged,
};
use platform::Tx;

/// Topics of hints.
pub const ORDER: &str = "order";
pub const CUSTOMER_ORDERS: &str = "customer_orders";
pub const VENDOR_ORDERS: &str = "vendor_orders";
pub const SAGA: &str = "saga";

/// Who did it when no person did.
pub const SYSTEM: &str = "system";

fn hint(tx: &mut Tx, order: &OrderRow) {
    tx.hint(ORDER, order.id);
    tx.hint(CUSTOMER_ORDERS, order.customer_id);
}

/// Tells that an order was placed.
pub async fn placed(tx: &mut Tx, order: &OrderRow, actor: &str) -> Outcome<()> {
    tell_order(tx, order, "PLACED", None, order.status, actor, None).await
}

async fn tell_order(
    tx: &mut Tx,
    order: &OrderRow,
    kind: &str,
    from: Option<OrderStatus>,
    to: OrderStatus,
    actor: &str,
    note: Option<&str>,
) -> Outcome<()> {
    let event = NewEvent {
        order: order.id,
        kind,
        vendor_order: None,
        from: from.map(OrderStatus::as_str),
        to: Some(to.as_str()),
        actor,
        note,
        public: true,
    };
    let seq = store::history::append(tx, &event).await?;
    tx.emit(&OrderStatusChanged {
        order: order.id,
        number: order.number.clone(),
        customer: order.customer_id,
        from: from.map(|s| s.as_str().to_owned()),
        to: to.as_str().to_owned(),
        currency: order.currency,
        total: order.total,
        seq,
    })
    .await?;
    hint(tx, order);
    Ok(())
}

/// Moves a locked order. The state it is in already is a success without an event.
pub async fn move_order(
    tx: &mut Tx,
    order: &mut OrderRow,
    to: OrderStatus,
    actor: &str,
    note: Option<&str>,
) -> Outcome<()> {
    if order.status == to {
        return Ok(());
    }
    order.status.check(to)?;
    store::orders::set_status(tx, order.id, to, note).await?;
    let from = std::mem::replace(&mut order.status, to);
    order.version += 1;
    tell_order(tx, order, "STATUS_CHANGED", Some(from), to, actor, note).await
}

/// Moves a vendor order whose order is locked.
pub async fn move_part(
    tx: &mut Tx,
    part: &mut VendorOrderRow,
    to: VendorOrderStatus,
    actor: &str,
    note: Option<&str>,
) -> Outcome<()> {
    if part.status == to {
        return Ok(());
    }
    part.status.check(to)?;
    store::vendor_orders::set_status(tx, part.id, to).await?;
    let from = std::mem::replace(&mut part.status, to);
    part.version += 1;
    tell_part(tx, part, from, actor, note).await
}

/// Tells that a vendor order is not in `from` any more.
pub async fn tell_part(
    tx: &mut Tx,
    part: &VendorOrderRow,
    from: VendorOrderStatus,
    actor: &str,
    note: Option<&str>,
) -> Outcome<()> {
    let event = NewEvent {
        order: part.order_id,
        kind: "VENDOR_ORDER_STATUS_CHANGED",
        vendor_order: Some(part.id),
        from: Some(from.as_str()),
        to: Some(part.status.as_str()),
        actor,
        note,
        public: true,
    };
    store::history::append(tx, &event).await?;
    tx.emit(&VendorOrderStatusChanged {
        vendor_order: part.id,
        order: part.order_id,
        number: part.number.clone(),
        vendor: part.vendor_id,
        customer: part.customer_id,
        from: from.as_str().to_owned(),
        to: part.status.as_str().to_owned(),
    })
    .await?;
    tx.hint(ORDER, part.order_id);
    tx.hint(CUSTOMER_ORDERS, part.customer_id);
    tx.hint(VENDOR_ORDERS, part.vendor_id);
    Ok(())
}

/// Moves a refund whose order is locked.
pub async fn move_refund(
    tx: &mut Tx,
    order: &OrderRow,
    refund: &mut RefundRow,
    to: RefundStatus,
    actor: &str,
    note: Option<&str>,
) -> Outcome<()> {
    if refund.status == to {
        return Ok(());
    }
    refund.status.check(to)?;
    store::refunds::set_status(tx, refund.id, to, note).await?;
    let from = std::mem::replace(&mut refund.status, to);
    refund.version += 1;
    tell_refund(tx, order, refund, Some(from), actor).await
}

/// Tells the state of a refund.
pub async fn tell_refund(
    tx: &mut Tx,
    order: &OrderRow,
    refund: &RefundRow,
    from: Option<RefundStatus>,
    actor: &str,
) -> Outcome<()> {
    let event = NewEvent {
        order: order.id,
        kind: "REFUND_STATUS_CHANGED",
        vendor_order: refund.vendor_order_id,
        from: from.map(RefundStatus::as_str),
        to: Some(refund.status.as_str()),
        actor,
        note: None,
        public: true,
    };
    store::history::append(tx, &event).await?;
    let lines = store::refunds::lines(&mut **tx, &[refund.id]).await?;
    let ids: Vec<_> = lines.iter().map(|line| line.order_line_id).collect();
    let sold = store::lines::by_ids(&mut **tx, &ids).await?;
    let parts = store::refunds::parts(&mut **tx, refund.id).await?;
    let lines = lines
        .iter()
        .filter_map(|line| {
            let sold = sold.iter().find(|sold| sold.id == line.order_line_id)?;
            Some(RefundedLine {
                line: sold.id,
                product: sold.product_id,
                variant: sold.variant_id,
                quantity: line.quantity,
                amount: line.amount,
            })
        })
        .collect();
    tx.emit(&RefundStatusChanged {
        refund: refund.id,
        order: order.id,
        number: order.number.clone(),
        customer: order.customer_id,
        from: from.map(|s| s.as_str().to_owned()),
        to: refund.status.as_str().to_owned(),
        currency: order.currency,
        total: refund.total,
        parts: parts
            .iter()
            .map(|p| RefundedVendor {
                vendor_order: p.vendor_order,
                vendor: p.vendor,
                amount: p.amount,
            })
            .collect(),
        lines,
    })
    .await?;
    hint(tx, order);
    Ok(())
}
