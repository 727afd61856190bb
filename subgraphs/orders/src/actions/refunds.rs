//! Refunds: asked for, decided, paid. Amounts come from the frozen lines; counters are taken when a refund is
//! approved, under the order's lock, so that no two refunds can give the same piece back.

use crate::{
    actions::{
        tasks::{self, RefundShare, Task},
        transitions::{SYSTEM, move_refund, tell_refund},
    },
    domain::{
        order::{OrderRow, OrderStatus},
        refund::{Part, RefundLineRow, RefundReason, RefundRow, RefundStatus, amount},
        vendor_order::VendorOrderRow,
    },
    error::{Outcome, UserError, refused},
    store,
};
use async_graphql::ID;
use platform::{
    Deps, Moment, Tx, UserErrorCode, Viewer,
    error::{check_version, parse_id},
    idempotency::{self, Claimed},
    ids::{OrderId, OrderLineId, RefundId, VendorOrderId},
};
use std::collections::BTreeMap;

type Invalid = platform::UserError;

/// Pieces to be refunded.
#[derive(Clone, Copy, Debug)]
pub struct Pieces {
    pub line: OrderLineId,
    pub quantity: i32,
    pub restock: bool,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Wish {
    pub lines: Vec<Pieces>,
    /// Shipping fees; `None` with vendor orders given: all of theirs.
    pub shipping: i64,
    pub reason: RefundReason,
    pub note: Option<String>,
    pub by: String,
}

/// What a wish amounts to now.
struct Worth {
    lines: Vec<RefundLineRow>,
    parts: Vec<Part>,
    shipping: i64,
    total: i64,
}

/// Asks for a refund as a customer, vendor or employee.
pub async fn request(deps: &Deps, viewer: &Viewer, order: &ID, wish: Wish, key: &str) -> Outcome<RefundId> {
    let id: OrderId = parse_id(order)?;
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let input = (
        id,
        wish.shipping,
        wish.lines
            .iter()
            .map(|l| (l.line, l.quantity, l.restock))
            .collect::<Vec<_>>(),
    );
    let claim = match idempotency::claim::<RefundId, UserError>(&mut tx, viewer, "refundRequest", key, &input)
        .await?
    {
        Claimed::Replay(id) => return Ok(id),
        Claimed::Fresh(claim) => claim,
    };
    let order = store::orders::lock(&mut tx, id)
        .await?
        .ok_or_else(|| Invalid::not_found(id))?;
    let parts = store::vendor_orders::of_orders(&mut *tx, &[id]).await?;
    if !viewer.acts_for(order.customer_id) {
        let lines = store::lines::of_orders(&mut *tx, &[id]).await?;
        let own = wish.shipping == 0
            && !wish.lines.is_empty()
            && wish.lines.iter().all(|wanted| {
                lines
                    .iter()
                    .any(|line| line.id == wanted.line && viewer.is_member(line.vendor_id))
            });
        if !own || parts.iter().all(|part| !viewer.is_member(part.vendor_id)) {
            return Err(Invalid::not_found(id).into());
        }
    }
    if matches!(order.status, OrderStatus::PendingPayment | OrderStatus::Expired) {
        return Err(refused(UserErrorCode::Conflict, "nothing was paid"));
    }
    let refund = insert(&mut tx, &order, &parts, &wish, RefundStatus::Requested, None).await?;
    claim.store(&mut tx, &refund.id).await?;
    tx.commit().await?;
    Ok(refund.id)
}

/// Writes a refund in its first state.
async fn insert(
    tx: &mut Tx,
    order: &OrderRow,
    parts: &[VendorOrderRow],
    wish: &Wish,
    status: RefundStatus,
    import: Option<(&str, &str)>,
) -> Outcome<RefundRow> {
    let id = RefundId::new();
    let worth = worth(tx, order, parts, id, wish).await?;
    if worth.total == 0 && worth.lines.is_empty() {
        return Err(Invalid::invalid(&["input", "lines"], "something to refund").into());
    }
    let refund = RefundRow {
        id,
        order_id: order.id,
        vendor_order_id: if worth.parts.len() == 1 {
            Some(worth.parts[0].vendor_order)
        } else {
            None
        },
        status,
        reason: wish.reason,
        shipping: worth.shipping,
        total: worth.total,
        currency: order.currency,
        requested_by: wish.by.clone(),
        note: wish.note.clone(),
        version: 1,
        created_at: order.placed_at,
    };
    store::refunds::insert(tx, &refund, import).await?;
    store::refunds::put_details(tx, &refund, &worth.lines, &worth.parts).await?;
    tell_refund(tx, order, &refund, None, &wish.by).await?;
    Ok(refund)
}

async fn worth(
    tx: &mut Tx,
    order: &OrderRow,
    parts: &[VendorOrderRow],
    id: RefundId,
    wish: &Wish,
) -> Outcome<Worth> {
    let ids: Vec<_> = wish.lines.iter().map(|line| line.line).collect();
    let sold = store::lines::by_ids(&mut **tx, &ids).await?;
    let mut split: BTreeMap<VendorOrderId, i64> = BTreeMap::new();
    let mut lines: Vec<RefundLineRow> = Vec::new();
    for wanted in &wish.lines {
        let line = sold
            .iter()
            .find(|line| line.id == wanted.line && line.order_id == order.id)
            .ok_or_else(|| Invalid::not_found(wanted.line))?;
        let left = line.quantity - line.refunded_quantity;
        if wanted.quantity < 1
            || wanted.quantity > left
            || lines.iter().any(|row| row.order_line_id == line.id)
        {
            return Err(Invalid::invalid(&["input", "lines", "quantity"], &format!("1..{left}")).into());
        }
        let money = amount(
            line.total,
            line.quantity,
            line.refunded_quantity,
            line.refunded_amount,
            wanted.quantity,
        );
        *split.entry(line.vendor_order_id).or_default() += money;
        lines.push(RefundLineRow {
            refund_id: id,
            order_line_id: line.id,
            quantity: wanted.quantity,
            amount: money,
            restock: wanted.restock,
        });
    }
    let fees: Vec<i64> = parts
        .iter()
        .map(|part| {
            let concerned = split.is_empty() || split.contains_key(&part.id);
            if concerned {
                part.shipping - part.shipping_refunded
            } else {
                0
            }
        })
        .collect();
    let most: i64 = fees.iter().sum();
    if wish.shipping < 0 || wish.shipping > most {
        return Err(Invalid::invalid(&["input", "shipping"], &format!("0..{most}")).into());
    }
    let shipping: Vec<i64> = platform::Money::new(wish.shipping, order.currency)
        .split(&fees)
        .into_iter()
        .map(|m| m.amount())
        .collect();
    let rows: Vec<Part> = parts
        .iter()
        .zip(&shipping)
        .map(|(part, fee)| Part {
            vendor_order: part.id,
            vendor: part.vendor_id,
            amount: split.get(&part.id).copied().unwrap_or(0) + fee,
            shipping: *fee,
        })
        .filter(|part| part.amount > 0 || split.contains_key(&part.vendor_order))
        .collect();
    let total = rows.iter().map(|part| part.amount).sum();
    Ok(Worth {
        lines,
        parts: rows,
        shipping: wish.shipping,
        total,
    })
}

/// Staff may decide every refund, vendors those of their own lines only.
async fn may_decide(tx: &mut Tx, viewer: &Viewer, id: RefundId) -> Outcome<bool> {
    let parts = store::refunds::parts(&mut **tx, id).await?;
    Ok(viewer.is_staff() || (!parts.is_empty() && parts.iter().all(|part| viewer.is_member(part.vendor))))
}

async fn open(tx: &mut Tx, viewer: &Viewer, id: &ID) -> Outcome<(OrderRow, RefundRow)> {
    let id: RefundId = parse_id(id)?;
    let order = store::refunds::order_of(&mut **tx, id)
        .await?
        .ok_or_else(|| Invalid::not_found(id))?;
    // The order first: everything that changes an order's refunds holds its lock.
    let order = store::orders::lock(tx, order)
        .await?
        .ok_or_else(|| Invalid::not_found(id))?;
    let refund = store::refunds::lock(tx, id)
        .await?
        .ok_or_else(|| Invalid::not_found(id))?;
    if !may_decide(tx, viewer, id).await? {
        return Err(Invalid::not_found(id).into());
    }
    Ok((order, refund))
}

/// Grants a refund, or tries a failed one again; the money is sent after the commit.
pub async fn approve(deps: &Deps, viewer: &Viewer, id: &ID, expected: i32) -> Outcome<RefundId> {
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let (mut order, mut refund) = open(&mut tx, viewer, id).await?;
    if matches!(
        refund.status,
        RefundStatus::Approved | RefundStatus::Processing | RefundStatus::Succeeded
    ) {
        return Ok(refund.id);
    }
    check_version(expected, refund.version)?;
    let actor = viewer.actor();
    if refund.status == RefundStatus::Failed {
        send(&mut tx, &order, &mut refund, &actor).await?;
    } else {
        grant(&mut tx, &mut order, &mut refund, &actor).await?;
    }
    tx.commit().await?;
    Ok(refund.id)
}

/// Refuses a refund.
pub async fn reject(deps: &Deps, viewer: &Viewer, id: &ID, reason: &str) -> Outcome<RefundId> {
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let (order, mut refund) = open(&mut tx, viewer, id).await?;
    move_refund(
        &mut tx,
        &order,
        &mut refund,
        RefundStatus::Rejected,
        &viewer.actor(),
        Some(reason),
    )
    .await?;
    tx.commit().await?;
    Ok(refund.id)
}

/// Takes pieces and money off the lines and starts the payment.
async fn grant(tx: &mut Tx, order: &mut OrderRow, refund: &mut RefundRow, actor: &str) -> Outcome<()> {
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
async fn send(tx: &mut Tx, order: &OrderRow, refund: &mut RefundRow, actor: &str) -> Outcome<()> {
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
