//! Two carts become one: at login, and when a checkout is undone after the customer started another cart. What else a
//! guest had becomes the account's, too.

use crate::{
    actions::{carts::merged, transitions::CUSTOMER_ORDERS},
    domain::cart::{CartRow, CartStatus},
    store,
};
use contracts::{
    events::OrdersReassigned,
    orders::{MergeCarts, MergeCartsReply, MergeStrategy},
};
use platform::{
    Deps, Error, Moment, Tx,
    ids::{CustomerId, OrderId},
};

/// Orders in one event.
const CHUNK: usize = 500;

/// The guest's cart goes into the customer's; both are locked in the order of their IDs.
pub async fn at_login(deps: &Deps, moment: Moment, command: &MergeCarts) -> Result<MergeCartsReply, Error> {
    let mut tx = deps.db.begin(moment).await?;
    let merged = carts(&mut tx, command).await?;
    tx.commit().await?;
    Ok(MergeCartsReply { merged })
}

/// True if the guest had a cart with lines.
async fn carts(tx: &mut Tx, command: &MergeCarts) -> Result<bool, Error> {
    if command.guest == command.customer {
        return Ok(false);
    }
    let carts = store::carts::lock_active(tx, &[command.guest, command.customer]).await?;
    let of = |customer: CustomerId| carts.iter().find(|cart| cart.customer_id == customer);
    let Some(guest) = of(command.guest) else {
        return Ok(false);
    };
    let filled = !store::carts::lines(&mut **tx, &[guest.id]).await?.is_empty();
    match (of(command.customer), command.strategy) {
        (None, _) => give(tx, guest, command.customer).await?,
        (Some(account), MergeStrategy::KeepGuest) => {
            store::carts::set_status(tx, account.id, CartStatus::Merged).await?;
            give(tx, guest, command.customer).await?;
        }
        (Some(account), strategy) => {
            // Amounts of different currencies do not mix; the account's cart stays as it is.
            if strategy == MergeStrategy::Merge && account.currency == guest.currency {
                pour(tx, guest, account).await?;
            }
            store::carts::set_status(tx, guest.id, CartStatus::Merged).await?;
        }
    }
    Ok(filled)
}

/// The event of the same login: whatever the command could not do, and all that the guest has ordered.
pub async fn customers(tx: &mut Tx, command: &MergeCarts) -> Result<(), Error> {
    carts(tx, command).await?;
    let orders = store::guests::adopt(tx, command.guest, command.customer).await?;
    reassigned(tx, command.customer, &orders).await
}

/// Orders that guests placed, for whoever has shown that the mailbox is theirs.
pub async fn claim(tx: &mut Tx, customer: CustomerId, orders: &[OrderId]) -> Result<(), Error> {
    let orders = store::guests::claim(tx, customer, orders).await?;
    reassigned(tx, customer, &orders).await
}

/// Tells those who keep the customer of an order.
pub async fn reassigned(tx: &mut Tx, customer: CustomerId, orders: &[OrderId]) -> Result<(), Error> {
    for orders in orders.chunks(CHUNK) {
        let orders = orders.to_vec();
        tx.emit(&OrdersReassigned { customer, orders }).await?;
    }
    tx.hint(CUSTOMER_ORDERS, customer);
    Ok(())
}

/// Adds the lines and coupons of one cart to another.
async fn pour(tx: &mut Tx, from: &CartRow, into: &CartRow) -> Result<(), sqlx::Error> {
    let kept = store::carts::lines(&mut **tx, &[into.id]).await?;
    let added = store::carts::lines(&mut **tx, &[from.id]).await?;
    store::carts::put_lines(tx, into.id, &merged(&kept, added, into.id)).await?;
    let mut cart = into.clone();
    for (code, id) in from.coupon_codes.iter().zip(&from.coupon_ids) {
        if !cart.coupon_ids.contains(id) && cart.coupon_ids.len() < crate::domain::cart::MAX_COUPONS {
            cart.coupon_codes.push(code.clone());
            cart.coupon_ids.push(*id);
        }
    }
    cart.shipping_address = cart.shipping_address.or_else(|| from.shipping_address.clone());
    cart.billing_address = cart.billing_address.or_else(|| from.billing_address.clone());
    store::carts::save(tx, &cart).await
}

async fn give(tx: &mut Tx, cart: &CartRow, customer: CustomerId) -> Result<(), sqlx::Error> {
    store::carts::set_customer(tx, cart.id, customer).await
}

/// A locked cart can be changed again. If the customer has started another one, its lines go there.
pub async fn unlock(tx: &mut Tx, cart: &CartRow) -> Result<(), sqlx::Error> {
    match store::carts::lock_active(tx, &[cart.customer_id]).await?.pop() {
        Some(newer) if newer.id != cart.id => {
            if newer.currency == cart.currency {
                pour(tx, cart, &newer).await?;
            }
            store::carts::set_status(tx, cart.id, CartStatus::Merged).await
        }
        _ => store::carts::set_status(tx, cart.id, CartStatus::Active).await,
    }
}
