//! Points by hand, for orders, and back.

use crate::{
    App,
    domain::{
        credentials,
        loyalty::{LoyaltyTxKind, earned, reversed},
    },
    store::{
        customers,
        loyalty::{self, Change, Entry, OrderPoints},
        vip,
    },
};
use async_graphql::ID;
use platform::{
    Currency, Error, Money, Outcome, Tx, UserError, UserErrorCode, Viewer,
    error::parse_id,
    idempotency::{self, Claimed},
    ids::{CustomerId, OrderId},
};

/// Most points that one adjustment moves.
const MOST: i32 = 1_000_000;

/// Adds or takes points, with a reason; what is not there cannot be taken.
pub async fn adjust(
    app: &App,
    viewer: &Viewer,
    id: &ID,
    points: i32,
    reason: String,
    key: &str,
) -> Outcome<CustomerId> {
    let id = parse_id::<CustomerId>(id)?;
    let reason = credentials::text(reason, 500, &["reason"])?;
    if points == 0 || points.unsigned_abs() > MOST.unsigned_abs() {
        return Err(UserError::invalid(&["points"], "-1000000..1000000 and not 0").into());
    }
    let mut tx = app.deps.db.begin(platform::Moment::LIVE).await?;
    let input = (id, points, &reason);
    let claim = match idempotency::claim(&mut tx, viewer, "loyaltyAdjust", key, &input).await? {
        Claimed::Replay(id) => return Ok(id),
        Claimed::Fresh(claim) => claim,
    };
    if customers::rows(&mut *tx, &[id]).await?.is_empty() {
        return Err(UserError::not_found(id).into());
    }
    move_points(&mut tx, id, points).await?;
    let actor = viewer.actor();
    let entry = Entry {
        customer: id,
        kind: LoyaltyTxKind::Adjust,
        points,
        order: None,
        reason: Some(&reason),
        actor: Some(&actor),
    };
    loyalty::append(&mut tx, entry).await?;
    claim.store(&mut tx, &id).await?;
    tx.commit().await?;
    Ok(id)
}

async fn move_points(tx: &mut Tx, id: CustomerId, points: i32) -> Outcome<()> {
    if points > 0 {
        loyalty::change(
            tx,
            id,
            Change {
                available: points,
                ..Change::default()
            },
        )
        .await?;
        return Ok(());
    }
    match loyalty::take(tx, id, -points, false).await? {
        Ok(()) => Ok(()),
        Err(available) => {
            let message = format!("only {available} points are available");
            Err(UserError::refused(UserErrorCode::LimitExceeded, message).into())
        }
    }
}

fn entry(customer: CustomerId, kind: LoyaltyTxKind, points: i32, order: OrderId) -> Entry<'static> {
    Entry {
        customer,
        kind,
        points,
        order: Some(order),
        reason: None,
        actor: None,
    }
}

/// Sets points aside. `Err`: so many are available. An order has one hold for good: once released it stays so, also
/// when the release comes first.
pub async fn hold(
    tx: &mut Tx,
    order: OrderId,
    customer: CustomerId,
    points: i32,
) -> Result<Result<(), i32>, Error> {
    if !loyalty::insert_hold(tx, order, Some(customer), points, "HELD").await? {
        let held = loyalty::lock_hold(tx, order).await?;
        let same = held.as_ref().is_some_and(|hold| {
            hold.state != "RELEASED" && hold.customer == Some(customer) && hold.points == points
        });
        return if same { Ok(Ok(())) } else { Ok(Err(0)) };
    }
    if let Err(available) = loyalty::take(tx, customer, points, true).await? {
        return Ok(Err(available));
    }
    loyalty::append(tx, entry(customer, LoyaltyTxKind::Hold, -points, order)).await?;
    Ok(Ok(()))
}

/// Gives held points back; without a hold it makes sure that none comes later.
pub async fn release(tx: &mut Tx, order: OrderId) -> Result<(), Error> {
    if loyalty::insert_hold(tx, order, None, 0, "RELEASED").await? {
        return Ok(());
    }
    let Some(hold) = loyalty::lock_hold(tx, order)
        .await?
        .filter(|hold| hold.state == "HELD")
    else {
        return Ok(());
    };
    loyalty::set_hold(tx, order, "RELEASED").await?;
    if let Some(customer) = hold.customer {
        loyalty::change(
            tx,
            customer,
            Change {
                available: hold.points,
                held: -hold.points,
                lifetime: 0,
            },
        )
        .await?;
        loyalty::append(tx, entry(customer, LoyaltyTxKind::Release, hold.points, order)).await?;
    }
    Ok(())
}

/// Spends held points. An order without a hold had no points.
pub async fn redeem(tx: &mut Tx, order: OrderId) -> Result<(), Error> {
    let Some(hold) = loyalty::lock_hold(tx, order).await? else {
        return Ok(());
    };
    if hold.state == "RELEASED" && hold.points > 0 {
        tracing::error!(%order, "points were to be redeemed after their release");
    }
    let (true, Some(customer)) = (hold.state == "HELD", hold.customer) else {
        return Ok(());
    };
    loyalty::set_hold(tx, order, "REDEEMED").await?;
    loyalty::change(
        tx,
        customer,
        Change {
            available: 0,
            held: -hold.points,
            lifetime: 0,
        },
    )
    .await?;
    loyalty::append(tx, entry(customer, LoyaltyTxKind::Redeem, -hold.points, order)).await?;
    Ok(())
}

/// An order counts as a sale: points for it, less those of refunds that were heard of first.
pub async fn earn(tx: &mut Tx, order: OrderId, customer: CustomerId, total: Money) -> Result<(), Error> {
    let row = loyalty::lock_order(tx, order, customer, total.currency.as_str()).await?;
    let Some(mut row) = row.filter(|row| row.total.is_none()) else {
        return Ok(());
    };
    let points = earned(total, vip::multiplier(&mut **tx, customer).await?);
    (row.total, row.earned) = (Some(total.amount()), points);
    if points > 0 {
        let change = Change {
            available: points,
            held: 0,
            lifetime: points,
        };
        loyalty::change(tx, customer, change).await?;
        loyalty::append(tx, entry(customer, LoyaltyTxKind::Earn, points, order)).await?;
    }
    settle(tx, order, customer, row).await
}

/// Money went back: so does its share of the points.
pub async fn refund(
    tx: &mut Tx,
    order: OrderId,
    customer: CustomerId,
    currency: Currency,
    amount: i64,
) -> Result<(), Error> {
    let Some(mut row) = loyalty::lock_order(tx, order, customer, currency.as_str()).await? else {
        return Ok(());
    };
    row.refunded = row.refunded.saturating_add(amount.max(0));
    settle(tx, order, customer, row).await
}

/// Takes back what the refunds so far take back and has not been taken yet.
async fn settle(
    tx: &mut Tx,
    order: OrderId,
    customer: CustomerId,
    mut row: OrderPoints,
) -> Result<(), Error> {
    let due = reversed(row.earned, row.total.unwrap_or(0), row.refunded) - row.reversed;
    if due > 0 {
        row.reversed += due;
        loyalty::change(
            tx,
            customer,
            Change {
                available: -due,
                held: 0,
                lifetime: -due,
            },
        )
        .await?;
        loyalty::append(tx, entry(customer, LoyaltyTxKind::Reverse, -due, order)).await?;
    }
    loyalty::set_order(tx, order, &row).await?;
    Ok(())
}
