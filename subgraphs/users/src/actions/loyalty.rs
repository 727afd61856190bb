//! Points by hand, for checkouts, for orders, and back.

use crate::{
    App,
    actions::{staff, vip},
    domain::{
        credentials,
        loyalty::{earned, reversed},
        points::{Book, merge},
    },
    store::{
        customers,
        loyalty_orders::{self, OrderPoints},
        points::{self, Programme},
        vip as benefits,
    },
};
use async_graphql::ID;
use chrono::{DateTime, Utc};
use contracts::events::{OrderConfirmed, OrderStatusChanged, RefundStatusChanged};
use platform::{
    Error, Moment, Money, Outcome, Tx, UserError, UserErrorCode, Viewer,
    error::parse_id,
    idempotency::{self, Claimed},
    ids::{CustomerId, OrderId, VendorId},
};
use std::collections::BTreeMap;

/// Most points that one adjustment moves.
const MOST: i32 = 1_000_000;
/// Accounts or orders that a worker takes at once.
const BATCH: i64 = 200;

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
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let input = (id, points, &reason);
    let claim = match idempotency::claim(&mut tx, viewer, "loyaltyAdjust", key, &input).await? {
        Claimed::Replay(id) => return Ok(id),
        Claimed::Fresh(claim) => claim,
    };
    let programme = points::programme(&mut *tx).await?;
    let by = (reason, viewer.actor());
    let owner = customers::owner(&mut tx, id).await?;
    let done = with_book(&mut tx, owner, |book| {
        book.adjust(points, programme.expiry(programme.now), by)
    });
    match done.await? {
        None => return Err(UserError::not_found(id).into()),
        Some(Err(most)) => {
            let message = format!("only {most} points can be moved");
            return Err(UserError::refused(UserErrorCode::LimitExceeded, message).into());
        }
        Some(Ok(())) => {}
    }
    staff::acted(&mut tx, viewer, id, "loyalty.adjust", Some(format!("{points:+}"))).await?;
    claim.store(&mut tx, &id).await?;
    tx.commit().await?;
    Ok(id)
}

/// Opens a customer's book, lets `change` work on it and saves it. `None`: there is no such customer.
async fn with_book<T>(
    tx: &mut Tx,
    customer: CustomerId,
    change: impl FnOnce(&mut Book) -> T,
) -> Result<Option<T>, sqlx::Error> {
    let mut books = points::open(tx, &[customer], &[]).await?;
    let Some(book) = books.get_mut(&customer) else {
        return Ok(None);
    };
    let result = change(book);
    points::save(tx, &books).await?;
    Ok(Some(result))
}

/// Sets points aside. `Err`: so many are available. An order has one hold for good: once released it stays so, also
/// when the release comes first.
pub async fn hold(
    tx: &mut Tx,
    order: OrderId,
    customer: CustomerId,
    wanted: i32,
) -> Result<Result<(), i32>, Error> {
    let fresh = points::insert_hold(tx, order, Some(customer), wanted, "HELD").await?;
    // The checkout may have begun before its guest became part of an account, which has the points now.
    let owner = customers::owner(tx, customer).await?;
    if !fresh {
        let held = points::lock_hold(tx, order).await?;
        let whose = [Some(customer), Some(owner)];
        let same = held.as_ref().is_some_and(|hold| {
            hold.state != "RELEASED" && whose.contains(&hold.customer) && hold.points == wanted
        });
        return if same { Ok(Ok(())) } else { Ok(Err(0)) };
    }
    if owner != customer {
        points::move_hold(tx, order, owner).await?;
    }
    let customer = owner;
    match with_book(tx, customer, |book| book.hold(wanted, order)).await? {
        Some(Ok(parts)) => points::put_parts(tx, order, &parts).await?,
        Some(Err(available)) => return Ok(Err(available)),
        None => return Ok(Err(0)),
    }
    Ok(Ok(()))
}

/// Gives held points back; without a hold it makes sure that none comes later.
pub async fn release(tx: &mut Tx, order: OrderId) -> Result<(), Error> {
    if points::insert_hold(tx, order, None, 0, "RELEASED").await? {
        return Ok(());
    }
    let hold = points::lock_hold(tx, order).await?;
    let Some(customer) = hold
        .filter(|hold| hold.state == "HELD")
        .and_then(|hold| hold.customer)
    else {
        return Ok(());
    };
    points::set_hold(tx, order, "RELEASED").await?;
    let owner = customers::owner(tx, customer).await?;
    let parts = points::parts(tx, order).await?;
    let lots: Vec<_> = parts.iter().map(|part| part.0).collect();
    let mut books = points::open(tx, &[customer, owner], &lots).await?;
    if let Some(book) = books.get_mut(&customer) {
        book.release(&parts, order);
    }
    // What a guest had set aside is the account's, now that it is free again.
    merge::books(&mut books, customer, owner);
    points::save(tx, &books).await?;
    Ok(())
}

/// Spends held points. An order without a hold had no points.
pub async fn redeem(tx: &mut Tx, order: OrderId) -> Result<(), Error> {
    let Some(hold) = points::lock_hold(tx, order).await? else {
        return Ok(());
    };
    if hold.state == "RELEASED" && hold.points > 0 {
        tracing::error!(%order, "points were to be redeemed after their release");
    }
    let (true, Some(customer)) = (hold.state == "HELD", hold.customer) else {
        return Ok(());
    };
    points::set_hold(tx, order, "REDEEMED").await?;
    with_book(tx, customer, |book| book.redeem(hold.points, order)).await?;
    Ok(())
}

/// The whole order was called off: what was spent on it comes back, what was only held is released.
pub async fn reverse(tx: &mut Tx, order: OrderId) -> Result<(), Error> {
    let hold = points::lock_hold(tx, order).await?;
    let Some(hold) = hold.filter(|hold| hold.state == "REDEEMED") else {
        return release(tx, order).await;
    };
    points::set_hold(tx, order, "REVERSED").await?;
    if let Some(customer) = hold.customer {
        let customer = customers::owner(tx, customer).await?;
        let programme = points::programme(&mut **tx).await?;
        let expiry = programme.expiry(programme.now);
        with_book(tx, customer, |book| book.give_back(hold.points, order, expiry)).await?;
    }
    Ok(())
}

/// An order counts as a sale: points for it, less those of refunds that were heard of first; and spend for the tier.
pub async fn earn(tx: &mut Tx, sale: &OrderConfirmed) -> Result<(), Error> {
    let order = sale.order;
    let row = loyalty_orders::lock(tx, order, sale.customer, sale.currency.as_str()).await?;
    let Some(mut row) = row.filter(|row| row.total.is_none()) else {
        return Ok(());
    };
    let customer = row.customer;
    let vendors: Vec<VendorId> = sale.vendor_orders.iter().map(|part| part.vendor).collect();
    let days = loyalty_orders::return_days(&mut **tx, &vendors).await?;
    let programme = points::programme(&mut **tx).await?;
    let multiplier = benefits::multiplier(&mut **tx, customer).await?;
    row.total = Some(sale.total);
    row.return_days = Some(days.unwrap_or(programme.return_days));
    let most = earned(Money::new(sale.total, sale.currency), multiplier);
    let mut books = points::open(tx, &[customer], &[]).await?;
    if let Some(book) = books.get_mut(&customer) {
        row.earned = book.promise(most, order);
        settle(book, order, &mut row);
    }
    points::save(tx, &books).await?;
    loyalty_orders::store(tx, order, &row).await?;
    vip::rise(tx, customer).await
}

/// Takes back what the refunds so far take back and has not been taken yet.
fn settle(book: &mut Book, order: OrderId, row: &mut OrderPoints) {
    let due = reversed(row.earned, row.total.unwrap_or(0), row.given_back()) - row.reversed;
    if due > 0 {
        row.reversed += due;
        match row.matured_at {
            Some(_) => book.take_back(due, order),
            None => book.break_promise(due, order),
        }
    }
}

/// Money went back: so does its share of the points.
pub async fn refund(tx: &mut Tx, news: &RefundStatusChanged) -> Result<(), Error> {
    let of = (news.order, news.customer, news.currency.as_str());
    change(tx, of, |row| {
        row.refunded = row.refunded.saturating_add(news.total.max(0))
    })
    .await
}

/// The return window begins with the delivery and is over with the completion; an order that is called off counts for
/// nothing.
pub async fn progress(tx: &mut Tx, news: &OrderStatusChanged, at: DateTime<Utc>) -> Result<(), Error> {
    let unpaid = matches!(news.from.as_deref(), None | Some("PENDING_PAYMENT" | "EXPIRED"));
    let of = (news.order, news.customer, news.currency.as_str());
    match news.to.as_str() {
        "DELIVERED" => change(tx, of, |row| row.delivered_at = row.delivered_at.or(Some(at))).await,
        "COMPLETED" => change(tx, of, |row| row.completed_at = row.completed_at.or(Some(at))).await,
        "CANCELED" if !unpaid => change(tx, of, |row| row.canceled = true).await,
        _ => Ok(()),
    }
}

async fn change(
    tx: &mut Tx,
    (order, customer, currency): (OrderId, CustomerId, &str),
    change: impl FnOnce(&mut OrderPoints),
) -> Result<(), Error> {
    let Some(mut row) = loyalty_orders::lock(tx, order, customer, currency).await? else {
        return Ok(());
    };
    change(&mut row);
    with_book(tx, row.customer, |book| settle(book, order, &mut row)).await?;
    loyalty_orders::store(tx, order, &row).await?;
    Ok(())
}

/// A guest has become part of an account: so have its points and its spend.
pub async fn merge(tx: &mut Tx, guest: CustomerId, account: CustomerId) -> Result<(), Error> {
    // Like everybody: customers before their books.
    customers::owner(tx, guest).await?;
    let mut books = points::open(tx, &[guest, account], &[]).await?;
    merge::books(&mut books, guest, account);
    points::save(tx, &books).await?;
    loyalty_orders::hand_over(tx, guest, account).await?;
    vip::rise(tx, account).await
}

/// Pending points whose return window is over can be spent. True: there may be more.
pub async fn mature(app: &App) -> Result<bool, Error> {
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let ripe = loyalty_orders::claim_ripe(&mut tx, BATCH).await?;
    if ripe.is_empty() {
        return Ok(false);
    }
    let programme: Programme = points::programme(&mut *tx).await?;
    let customers: Vec<_> = ripe.iter().map(|row| row.customer).collect();
    let mut books: BTreeMap<_, _> = points::open(&mut tx, &customers, &[]).await?;
    for row in &ripe {
        if let Some(book) = books.get_mut(&row.customer) {
            book.mature(row.points, row.order, row.at, programme.expiry(row.at));
        }
    }
    points::save(&mut tx, &books).await?;
    tx.commit().await?;
    Ok(true)
}

/// Points that are too old are worth nothing. True: there may be more.
pub async fn expire(app: &App) -> Result<bool, Error> {
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let due = points::claim_expired(&mut tx, BATCH).await?;
    if due.is_empty() {
        return Ok(false);
    }
    let now = points::programme(&mut *tx).await?.now;
    let mut books = points::open(&mut tx, &due, &[]).await?;
    for book in books.values_mut() {
        book.expire(now);
    }
    points::save(&mut tx, &books).await?;
    tx.commit().await?;
    Ok(true)
}
