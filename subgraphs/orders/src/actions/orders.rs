//! Calling an order off, stopping it, writing notes on it.

use crate::{
    Settings,
    actions::{
        on_behalf, refunds, saga,
        tasks::{self, Task},
        transitions::{self, move_order, move_part},
    },
    domain::{
        order::{OrderRow, OrderStatus},
        refund::RefundReason,
        saga::{Refusal, SagaStatus, Step},
        vendor_order::{VendorOrderRow, VendorOrderStatus},
    },
    error::{Outcome, UserError, refused},
    store::{self, history::NewEvent},
};
use async_graphql::ID;
use platform::{
    Deps, Moment, Tx, UserErrorCode, Viewer,
    error::{check_version, parse_id},
    idempotency::{self, Claimed},
    ids::{OrderId, SagaId},
};

type Invalid = platform::UserError;

/// Whether this viewer may still call the order off: customers until a vendor accepts, staff until something is shipped.
pub fn may_cancel(viewer: &Viewer, order: &OrderRow, parts: &[VendorOrderRow]) -> bool {
    let live = || parts.iter().filter(|part| !part.status.is_closed());
    let early = live().all(|part| {
        matches!(
            part.status,
            VendorOrderStatus::Pending | VendorOrderStatus::AwaitingAcceptance
        )
    });
    let unshipped = live().all(|part| part.status.unshipped());
    matches!(
        order.status,
        OrderStatus::PendingPayment | OrderStatus::Confirmed | OrderStatus::OnHold
    ) && (early || (viewer.is_staff() && unshipped))
}

/// Calls an order off; what was paid goes back, stock is free again.
pub async fn cancel(
    deps: &Deps,
    settings: &Settings,
    viewer: &Viewer,
    id: &ID,
    reason: &str,
    expected: i32,
    key: &str,
) -> Outcome<OrderId> {
    let id: OrderId = parse_id(id)?;
    let reason = platform::address::text(reason.to_owned(), 500)
        .ok_or_else(|| Invalid::invalid(&["reason"], "1..500 characters"))?;
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let claim =
        match idempotency::claim::<OrderId, UserError>(&mut tx, viewer, "orderCancel", key, &(id, &reason))
            .await?
        {
            Claimed::Replay(id) => return Ok(id),
            Claimed::Fresh(claim) => claim,
        };
    // The saga before the order, in the order in which its driver locks them.
    let saga = store::sagas::lock_of_order(&mut tx, id).await?;
    let mut order = store::orders::lock(&mut tx, id)
        .await?
        .filter(|order| viewer.acts_for(order.customer_id))
        .ok_or_else(|| Invalid::not_found(id))?;
    if order.status == OrderStatus::Canceled {
        return Ok(id);
    }
    check_version(expected, order.version)?;
    order.status.check(OrderStatus::Canceled)?;
    let mut parts = store::vendor_orders::of_orders(&mut *tx, &[id]).await?;
    if !may_cancel(viewer, &order, &parts) {
        return Err(refused(UserErrorCode::Conflict, "a vendor works on it already"));
    }
    let mut waiting = None;
    match saga {
        Some(mut saga) if saga.status == SagaStatus::AwaitingPayment => {
            // Undoing a checkout is the saga's own work.
            saga.failure = Some(Refusal::Canceled { reason });
            saga.status = SagaStatus::Compensating;
            Step::CreatePayment.name().clone_into(&mut saga.step);
            store::sagas::redirect(&mut tx, &saga).await?;
            waiting = Some(saga.id);
        }
        // The money was never captured: it is let go instead of paid back, and the checkout ends here.
        Some(mut saga)
            if viewer.is_staff()
                && order.status == OrderStatus::OnHold
                && saga.step() == Some(Step::Capture) =>
        {
            saga.status = SagaStatus::Completed;
            store::sagas::redirect(&mut tx, &saga).await?;
            undo(&mut tx, &mut order, &mut parts, &viewer.actor(), &reason, false).await?;
        }
        Some(saga) if saga.status != SagaStatus::Completed => {
            return Err(refused(
                UserErrorCode::Conflict,
                "the order is being confirmed; try again in a moment",
            ));
        }
        _ => undo(&mut tx, &mut order, &mut parts, &viewer.actor(), &reason, true).await?,
    }
    on_behalf::audit(&mut tx, viewer, order.customer_id, "order.cancel", id).await?;
    claim.store(&mut tx, &id).await?;
    tx.commit().await?;
    if let Some(saga) = waiting {
        // Whatever this does not finish, the worker does.
        saga::run(deps, settings, saga).await?;
    }
    Ok(id)
}

async fn undo(
    tx: &mut Tx,
    order: &mut OrderRow,
    parts: &mut [VendorOrderRow],
    actor: &str,
    reason: &str,
    captured: bool,
) -> Outcome<()> {
    let open: Vec<_> = parts
        .iter()
        .filter(|part| !part.status.is_closed())
        .cloned()
        .collect();
    for part in parts.iter_mut().filter(|part| !part.status.is_closed()) {
        move_part(tx, part, VendorOrderStatus::Canceled, actor, Some(reason)).await?;
    }
    let ids: Vec<_> = open.iter().map(|part| part.id).collect();
    let lines = store::lines::cancel(tx, &ids).await?;
    if !lines.is_empty() {
        tasks::later(
            tx,
            order.id,
            &Task::Deallocate {
                order: order.id,
                key: format!("cancel:{}", order.id),
                lines,
            },
        )
        .await?;
    }
    if captured {
        refunds::rest_of(tx, order, &open, RefundReason::CustomerRequest, actor, reason).await?;
        tasks::reverse_unpaid(tx, order.id, &open).await?;
    } else {
        let task = Task::CancelPayment {
            order: order.id,
            reason: reason.to_owned(),
        };
        tasks::later(tx, order.id, &task).await?;
    }
    tasks::reverse_discounts(tx, order).await?;
    move_order(tx, order, OrderStatus::Canceled, actor, Some(reason)).await
}

async fn open(tx: &mut Tx, id: &ID) -> Outcome<OrderRow> {
    let id: OrderId = parse_id(id)?;
    Ok(store::orders::lock(tx, id)
        .await?
        .ok_or_else(|| Invalid::not_found(id))?)
}

/// Stops an order. Staff only; the caller has checked.
pub async fn hold(deps: &Deps, viewer: &Viewer, id: &ID, reason: &str) -> Outcome<OrderId> {
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let mut order = open(&mut tx, id).await?;
    if order.status == OrderStatus::PendingPayment {
        return Err(refused(UserErrorCode::Conflict, "it is not paid yet"));
    }
    move_order(
        &mut tx,
        &mut order,
        OrderStatus::OnHold,
        &viewer.actor(),
        Some(reason),
    )
    .await?;
    tx.commit().await?;
    Ok(order.id)
}

/// Lets a stopped order go on.
pub async fn release(deps: &Deps, viewer: &Viewer, id: &ID) -> Outcome<OrderId> {
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let mut order = open(&mut tx, id).await?;
    if order.status != OrderStatus::OnHold && order.status != OrderStatus::Confirmed {
        return Err(
            Invalid::invalid_transition(order.status, OrderStatus::Confirmed, order.status.next()).into(),
        );
    }
    move_order(&mut tx, &mut order, OrderStatus::Confirmed, &viewer.actor(), None).await?;
    tx.commit().await?;
    Ok(order.id)
}

/// Writes a note into the order's history.
pub async fn note(deps: &Deps, viewer: &Viewer, id: &ID, note: &str, public: bool) -> Outcome<OrderId> {
    let note = &platform::text::lines(note, 2000)
        .filter(|note| !note.is_empty())
        .ok_or_else(|| Invalid::invalid(&["note"], "1..2000 characters"))?;
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let order = open(&mut tx, id).await?;
    let actor = viewer.actor();
    let event = NewEvent {
        order: order.id,
        kind: "NOTE_ADDED",
        vendor_order: None,
        from: None,
        to: None,
        actor: &actor,
        note: Some(note),
        public,
    };
    store::history::append(&mut tx, &event).await?;
    tx.hint(transitions::ORDER, order.id);
    tx.hint(transitions::CUSTOMER_ORDERS, order.customer_id);
    tx.commit().await?;
    Ok(order.id)
}

/// Makes a saga try again now; returns its order, if it exists.
pub async fn retry(deps: &Deps, id: &ID) -> Outcome<OrderId> {
    let id: SagaId = parse_id(id)?;
    let saga = store::sagas::by_id(deps.db.pool(), id)
        .await?
        .ok_or_else(|| Invalid::not_found(id))?;
    store::sagas::wake(deps.db.pool(), id).await?;
    deps.live.hint(transitions::SAGA, &id.to_string());
    Ok(saga.order_id)
}
