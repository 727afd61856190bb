//! Granting a refund, sending its money, and hearing what became of it.

use super::{Pieces, Wish, insert, worth::worth};
use crate::{
    actions::{
        tasks::{self, RefundShare, Task},
        transitions::{SYSTEM, move_refund},
    },
    domain::{
        order::OrderRow,
        refund::{RefundReason, RefundRow, RefundStatus},
        vendor_order::VendorOrderRow,
    },
    error::{Outcome, refused},
    store,
};
use platform::{Tx, UserErrorCode, ids::RefundId};

/// Takes pieces and money off the lines and starts the payment.
pub(super) async fn grant(
    tx: &mut Tx,
    order: &mut OrderRow,
    refund: &mut RefundRow,
    actor: &str,
) -> Outcome<()> {
    let asked = store::refunds::lines(&mut **tx, &[refund.id]).await?;
    let wish = Wish {
        lines: asked
            .iter()
            .map(|l| Pieces {
                line: l.order_line_id,
                quantity: l.quantity,
                restock: l.restock,
            })
            .collect(),
        shipping: refund.shipping,
        reason: refund.reason,
        note: None,
        by: refund.requested_by.clone(),
    };
    let parts = store::vendor_orders::of_orders(&mut **tx, &[order.id]).await?;
    // Other refunds may have been granted since it was asked for.
    let worth = worth(tx, order, &parts, refund.id, &wish).await?;
    (refund.total, refund.shipping) = (worth.total, worth.shipping);
    if order.refund_approved + refund.total > order.total {
        return Err(refused(UserErrorCode::LimitExceeded, "more than was paid"));
    }
    store::refunds::put_details(tx, refund, &worth.lines, &worth.parts).await?;
    let counters: Vec<_> = worth
        .lines
        .iter()
        .map(|line| {
            (
                line.order_line_id,
                line.quantity,
                line.amount,
                if line.restock { line.quantity } else { 0 },
            )
        })
        .collect();
    store::lines::add_refunds(tx, &counters).await?;
    for part in worth.parts.iter().filter(|part| part.shipping > 0) {
        store::vendor_orders::add_shipping_refund(tx, part.vendor_order, part.shipping).await?;
    }
    store::orders::add_refund(tx, order.id, refund.total, 0).await?;
    order.refund_approved += refund.total;
    move_refund(tx, order, refund, RefundStatus::Approved, actor, None).await?;
    let sold = store::lines::by_ids(
        &mut **tx,
        &worth.lines.iter().map(|l| l.order_line_id).collect::<Vec<_>>(),
    )
    .await?;
    let back: Vec<_> = worth
        .lines
        .iter()
        .filter(|line| line.restock)
        .filter_map(|line| {
            // Only what was shipped comes back; the rest was never gone.
            let shipped = sold
                .iter()
                .find(|sold| sold.id == line.order_line_id)
                .map_or(0, |sold| sold.fulfilled_quantity);
            let pieces = line.quantity.min(shipped);
            (pieces > 0).then_some((line.order_line_id, pieces))
        })
        .collect();
    if !back.is_empty() {
        tasks::later(
            tx,
            order.id,
            &Task::Restock {
                order: order.id,
                key: refund.id.to_string(),
                lines: back,
            },
        )
        .await?;
    }
    send(tx, order, refund, actor).await
}

/// The money goes on its way.
pub(super) async fn send(tx: &mut Tx, order: &OrderRow, refund: &mut RefundRow, actor: &str) -> Outcome<()> {
    move_refund(tx, order, refund, RefundStatus::Processing, actor, None).await?;
    if refund.total == 0 {
        return settled(tx, refund.id, Ok(())).await;
    }
    let lines = store::refunds::lines(&mut **tx, &[refund.id]).await?;
    let ids: Vec<_> = lines.iter().map(|line| line.order_line_id).collect();
    let sold = store::lines::by_ids(&mut **tx, &ids).await?;
    let parts = store::refunds::parts(&mut **tx, refund.id).await?;
    let parts = parts
        .iter()
        .map(|part| RefundShare {
            vendor_order: part.vendor_order,
            vendor: part.vendor,
            amount: part.amount,
            lines: sold
                .iter()
                .filter(|line| line.vendor_order_id == part.vendor_order)
                .map(|line| line.id)
                .collect(),
        })
        .collect();
    let task = Task::Refund {
        order: order.id,
        refund: refund.id,
        amount: refund.total,
        currency: refund.currency,
        parts,
    };
    Ok(tasks::later(tx, order.id, &task).await?)
}

/// The money has moved or not. Told twice, it changes nothing.
pub async fn settled(tx: &mut Tx, id: RefundId, result: Result<(), String>) -> Outcome<()> {
    let Some(order) = store::refunds::order_of(&mut **tx, id).await? else {
        return Ok(());
    };
    let Some(order) = store::orders::lock(tx, order).await? else {
        return Ok(());
    };
    let Some(mut refund) = store::refunds::lock(tx, id).await? else {
        return Ok(());
    };
    if refund.status != RefundStatus::Processing {
        return Ok(());
    }
    match result {
        Ok(()) => {
            store::orders::add_refund(tx, order.id, 0, refund.total).await?;
            move_refund(tx, &order, &mut refund, RefundStatus::Succeeded, SYSTEM, None).await
        }
        Err(reason) => {
            move_refund(
                tx,
                &order,
                &mut refund,
                RefundStatus::Failed,
                SYSTEM,
                Some(&reason),
            )
            .await
        }
    }
}

/// Grants a refund of everything that is left of these vendor orders; used where an order or a part is called off.
pub async fn rest_of(
    tx: &mut Tx,
    order: &mut OrderRow,
    parts: &[VendorOrderRow],
    reason: RefundReason,
    actor: &str,
    note: &str,
) -> Outcome<Option<RefundId>> {
    let ids: Vec<_> = parts.iter().map(|part| part.id).collect();
    let lines = store::lines::of_vendor_orders(&mut **tx, &ids).await?;
    let wish = Wish {
        lines: lines
            .iter()
            .filter(|line| line.quantity > line.refunded_quantity)
            .map(|line| Pieces {
                line: line.id,
                quantity: line.quantity - line.refunded_quantity,
                restock: false,
            })
            .collect(),
        shipping: parts
            .iter()
            .map(|part| part.shipping - part.shipping_refunded)
            .sum(),
        reason,
        note: Some(note.to_owned()),
        by: actor.to_owned(),
    };
    if wish.lines.is_empty() && wish.shipping == 0 {
        return Ok(None);
    }
    now(tx, order, parts, wish, actor, None)
        .await
        .map(|refund| Some(refund.id))
}

/// Asks and grants in one go.
pub async fn now(
    tx: &mut Tx,
    order: &mut OrderRow,
    parts: &[VendorOrderRow],
    wish: Wish,
    actor: &str,
    import: Option<(&str, &str)>,
) -> Outcome<RefundRow> {
    let mut refund = insert(tx, order, parts, &wish, RefundStatus::Requested, import).await?;
    grant(tx, order, &mut refund, actor).await?;
    Ok(refund)
}
