//! Refunds: asked for, decided, paid. Amounts come from the frozen lines; counters are taken when a refund is
//! approved, under the order's lock, so that no two refunds can give the same piece back.

mod grant;
mod worth;

pub use grant::{now, rest_of, settled};

use crate::{
    actions::transitions::{move_refund, tell_refund},
    domain::{
        order::{OrderRow, OrderStatus},
        refund::{RefundReason, RefundRow, RefundStatus},
        vendor_order::VendorOrderRow,
    },
    error::{Outcome, UserError, refused},
    store,
};
use async_graphql::ID;
use grant::{grant, send};
use platform::{
    Deps, Moment, Tx, UserErrorCode, Viewer,
    error::{check_version, parse_id},
    idempotency::{self, Claimed},
    ids::{OrderId, OrderLineId, RefundId},
};
use worth::worth;

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
