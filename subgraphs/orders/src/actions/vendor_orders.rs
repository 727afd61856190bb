//! A vendor accepts or refuses its part. No answer in time is a refusal.

use crate::{
    actions::{
        fulfilment, refunds,
        tasks::{self, Task},
        transitions::{SYSTEM, move_part},
    },
    domain::{
        order::OrderRow,
        refund::RefundReason,
        vendor_order::{VendorOrderRow, VendorOrderStatus},
    },
    error::{Outcome, UserError, infallible, refused},
    store,
};
use async_graphql::ID;
use contracts::users::GetVendors;
use platform::{
    Deps, Error, Moment, Tx, UserErrorCode, Viewer,
    error::{check_version, parse_id},
    idempotency::{self, Claimed},
    ids::VendorOrderId,
};

type Invalid = platform::UserError;

/// The part, its order locked, if the viewer may work on it.
async fn open(
    tx: &mut Tx,
    viewer: Option<&Viewer>,
    id: VendorOrderId,
) -> Outcome<(OrderRow, VendorOrderRow)> {
    let part = store::vendor_orders::by_ids(&mut **tx, &[id])
        .await?
        .pop()
        .ok_or_else(|| Invalid::not_found(id))?;
    if viewer.is_some_and(|viewer| !viewer.manages(part.vendor_id)) {
        return Err(Invalid::not_found(id).into());
    }
    let order = store::orders::lock(tx, part.order_id)
        .await?
        .ok_or_else(|| Invalid::not_found(id))?;
    let part = store::vendor_orders::by_ids(&mut **tx, &[id])
        .await?
        .pop()
        .ok_or_else(|| Invalid::not_found(id))?;
    Ok((order, part))
}

/// The vendor will deliver.
pub async fn accept(deps: &Deps, viewer: &Viewer, id: &ID, expected: i32) -> Outcome<VendorOrderId> {
    let id: VendorOrderId = parse_id(id)?;
    let selling = may_sell(deps, id).await?;
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let (order, mut part) = open(&mut tx, Some(viewer), id).await?;
    if part.status == VendorOrderStatus::Accepted {
        return Ok(id);
    }
    if !selling {
        return Err(refused(
            UserErrorCode::Conflict,
            "the vendor may not sell at present",
        ));
    }
    check_version(expected, part.version)?;
    if !order.status.in_fulfilment() {
        return Err(refused(
            UserErrorCode::Conflict,
            format!("the order is {}", order.status),
        ));
    }
    move_part(
        &mut tx,
        &mut part,
        VendorOrderStatus::Accepted,
        &viewer.actor(),
        None,
    )
    .await?;
    tx.commit().await?;
    Ok(id)
}

/// A suspended or closed vendor takes on nothing new. What it does not answer is refused in time.
async fn may_sell(deps: &Deps, id: VendorOrderId) -> Outcome<bool> {
    let part = store::vendor_orders::by_ids(deps.db.pool(), &[id]).await?.pop();
    let ids = part.map(|part| part.vendor_id).into_iter().collect();
    let vendors = deps.commands.call(&GetVendors { ids }).await?;
    Ok(vendors.iter().all(|vendor| vendor.approved))
}

/// The vendor will not deliver: its part is paid back, others go on.
pub async fn reject(
    deps: &Deps,
    viewer: &Viewer,
    id: &ID,
    reason: &str,
    expected: i32,
    key: &str,
) -> Outcome<VendorOrderId> {
    let id: VendorOrderId = parse_id(id)?;
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let claim = match idempotency::claim::<VendorOrderId, UserError>(
        &mut tx,
        viewer,
        "vendorOrderReject",
        key,
        &(id, reason),
    )
    .await?
    {
        Claimed::Replay(id) => return Ok(id),
        Claimed::Fresh(claim) => claim,
    };
    let (mut order, mut part) = open(&mut tx, Some(viewer), id).await?;
    check_version(expected, part.version)?;
    refuse(&mut tx, &mut order, &mut part, &viewer.actor(), reason).await?;
    claim.store(&mut tx, &id).await?;
    tx.commit().await?;
    Ok(id)
}

async fn refuse(
    tx: &mut Tx,
    order: &mut OrderRow,
    part: &mut VendorOrderRow,
    actor: &str,
    reason: &str,
) -> Outcome<()> {
    move_part(tx, part, VendorOrderStatus::Rejected, actor, Some(reason)).await?;
    let canceled = store::lines::cancel(tx, &[part.id]).await?;
    if !canceled.is_empty() {
        let task = Task::Deallocate {
            order: order.id,
            key: format!("reject:{}", part.id),
            lines: canceled,
        };
        tasks::later(tx, order.id, &task).await?;
    }
    refunds::rest_of(
        tx,
        order,
        std::slice::from_ref(part),
        RefundReason::VendorRejected,
        actor,
        reason,
    )
    .await?;
    tasks::reverse_unpaid(tx, order.id, std::slice::from_ref(part)).await?;
    fulfilment::derive(tx, order).await
}

/// Refuses for vendors that did not answer in time. True: there may be more.
pub async fn timeouts(deps: &Deps) -> Result<bool, Error> {
    let late = store::vendor_orders::unanswered(deps.db.pool()).await?;
    let more = !late.is_empty();
    for id in late {
        let mut tx = deps.db.begin(Moment::LIVE).await?;
        let (mut order, mut part) = open(&mut tx, None, id).await.map_err(infallible)?;
        if part.status == VendorOrderStatus::AwaitingAcceptance {
            refuse(
                &mut tx,
                &mut order,
                &mut part,
                SYSTEM,
                "the vendor did not answer in time",
            )
            .await
            .map_err(infallible)?;
            tx.commit().await?;
        }
    }
    Ok(more)
}
