//! Commands that follow from a committed decision. They are rows of the same transaction, sent afterwards until they
//! are answered, so that no network call ever waits inside a transaction and none is forgotten.

use crate::{
    actions::refunds,
    domain::{order::OrderRow, vendor_order::VendorOrderRow},
    error::infallible,
    store,
};
use contracts::{
    inventory::{DeallocateStock, LineQuantity, RestockLines},
    payments::{CancelPayment, RefundPart, RefundPayment, RefundReply, ReverseCoupons, ReverseShares},
    users::{ReversePoints, SetGuestContact},
};
use platform::{
    Currency, Deps, Error, Moment, Tx,
    ids::{CustomerId, OrderId, OrderLineId, RefundId, VendorId, VendorOrderId},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Seconds a process has for a task before another one may take it.
const LEASE_SECONDS: i32 = 15;

/// Topic of hints.
const TASK: &str = "task";
/// Tasks of processes that died, and those that failed, are found after this at the latest.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// A command to be sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Task {
    Deallocate {
        order: OrderId,
        key: String,
        lines: Vec<(OrderLineId, i32)>,
    },
    Restock {
        order: OrderId,
        key: String,
        lines: Vec<(OrderLineId, i32)>,
    },
    Refund {
        order: OrderId,
        refund: RefundId,
        amount: i64,
        currency: Currency,
        parts: Vec<RefundShare>,
    },
    CancelPayment {
        order: OrderId,
        reason: String,
    },
    /// Only until it is sent: addresses of people are kept by the users service.
    GuestContact {
        order: OrderId,
        customer: CustomerId,
        email: String,
    },
    ReverseShares {
        order: OrderId,
        vendor_orders: Vec<VendorOrderId>,
    },
    ReverseCoupons {
        order: OrderId,
    },
    ReversePoints {
        order: OrderId,
    },
}

/// A vendor order's part of a refund.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RefundShare {
    pub vendor_order: VendorOrderId,
    pub vendor: VendorId,
    pub amount: i64,
    pub lines: Vec<OrderLineId>,
}

/// Keeps a command until after the commit.
pub async fn later(tx: &mut Tx, order: OrderId, task: &Task) -> Result<(), sqlx::Error> {
    let at = tx.moment().at();
    store::tasks::insert(tx, order, task, at).await?;
    tx.hint(TASK, order);
    Ok(())
}

/// Parts that were called off as a whole. No refund tells payments of those that cost nothing.
pub async fn reverse_unpaid(
    tx: &mut Tx,
    order: OrderId,
    parts: &[VendorOrderRow],
) -> Result<(), sqlx::Error> {
    let free = parts.iter().filter(|part| part.total == 0);
    let vendor_orders: Vec<_> = free.map(|part| part.id).collect();
    if vendor_orders.is_empty() {
        return Ok(());
    }
    later(tx, order, &Task::ReverseShares { order, vendor_orders }).await
}

/// A confirmed order was called off as a whole: the coupons and points it was paid with count no more.
pub async fn reverse_discounts(tx: &mut Tx, order: &OrderRow) -> Result<(), sqlx::Error> {
    if !order.coupon_ids.is_empty() {
        later(tx, order.id, &Task::ReverseCoupons { order: order.id }).await?;
    }
    if order.loyalty_points > 0 {
        later(tx, order.id, &Task::ReversePoints { order: order.id }).await?;
    }
    Ok(())
}

/// Sends one task that is due. True: there may be more.
pub async fn step(deps: &Deps) -> Result<bool, Error> {
    let Some(row) = store::tasks::claim(deps.db.pool(), LEASE_SECONDS).await? else {
        return Ok(false);
    };
    run(deps, row).await?;
    Ok(true)
}

/// Sends a task; if nobody answers it stays.
pub async fn run(deps: &Deps, row: store::tasks::TaskRow) -> Result<bool, Error> {
    let moment = row.origin_at.map_or(Moment::LIVE, Moment::imported);
    let sent = tokio::time::timeout(Duration::from_secs(10), send(deps, moment, &row.body)).await;
    let error = match sent {
        Ok(Ok(())) => {
            store::tasks::delete(deps.db.pool(), row.id).await?;
            return Ok(true);
        }
        Ok(Err(error)) => error.describe(),
        Err(_) => "no answer in time".to_owned(),
    };
    tracing::warn!(task = %row.id, error, attempts = row.attempts, "task failed");
    store::tasks::failed(
        deps.db.pool(),
        row.id,
        crate::domain::saga::backoff_seconds(row.attempts),
        &error,
    )
    .await?;
    Ok(false)
}

async fn send(deps: &Deps, moment: Moment, task: &Task) -> Result<(), Error> {
    let pieces = |lines: &[(OrderLineId, i32)]| {
        lines
            .iter()
            .map(|(line, quantity)| LineQuantity {
                line: *line,
                quantity: *quantity,
            })
            .collect()
    };
    match task {
        Task::Deallocate { order, key, lines } => {
            let command = DeallocateStock {
                order: *order,
                key: key.clone(),
                lines: pieces(lines),
            };
            deps.commands.call_at(moment, &command).await?;
        }
        Task::Restock { order, key, lines } => {
            let command = RestockLines {
                order: *order,
                key: key.clone(),
                lines: pieces(lines),
            };
            deps.commands.call_at(moment, &command).await?;
        }
        Task::ReverseShares { order, vendor_orders } => {
            let command = ReverseShares {
                order: *order,
                vendor_orders: vendor_orders.clone(),
            };
            deps.commands.call_at(moment, &command).await?;
        }
        Task::ReverseCoupons { order } => {
            deps.commands
                .call_at(moment, &ReverseCoupons { order: *order })
                .await?;
        }
        Task::ReversePoints { order } => {
            deps.commands
                .call_at(moment, &ReversePoints { order: *order })
                .await?;
        }
        Task::CancelPayment { order, reason } => {
            deps.commands
                .call_at(
                    moment,
                    &CancelPayment {
                        order: *order,
                        reason: reason.clone(),
                    },
                )
                .await?;
        }
        Task::GuestContact {
            order,
            customer,
            email,
        } => {
            let command = SetGuestContact {
                order: *order,
                customer: *customer,
                email: email.clone(),
            };
            deps.commands.call_at(moment, &command).await?;
        }
        Task::Refund {
            order,
            refund,
            amount,
            currency,
            parts,
        } => {
            let parts = parts
                .iter()
                .map(|part| RefundPart {
                    vendor_order: part.vendor_order,
                    vendor: part.vendor,
                    amount: part.amount,
                    lines: part.lines.clone(),
                })
                .collect();
            let command = RefundPayment {
                order: *order,
                refund: *refund,
                amount: *amount,
                currency: *currency,
                parts,
            };
            let result = match deps.commands.call_at(moment, &command).await? {
                RefundReply::Submitted => return Ok(()),
                RefundReply::Succeeded => Ok(()),
                RefundReply::Refused { reason } => Err(reason),
            };
            let mut tx = deps.db.begin(moment).await?;
            refunds::settled(&mut tx, *refund, result)
                .await
                .map_err(infallible)?;
            tx.commit().await?;
        }
    }
    Ok(())
}

/// Sends what is due, woken by commits of this service.
pub async fn worker(deps: Deps, stop: CancellationToken) {
    let wake = Notify::new();
    let listen = async {
        let mut follower = deps.live.follow(TASK, None);
        loop {
            follower.changed().await;
            wake.notify_one();
        }
    };
    let work = platform::worker::run("tasks", &stop, &wake, LOOK_EVERY, || step(&deps));
    tokio::select! {
        () = listen => {}
        () = work => {}
    }
}
