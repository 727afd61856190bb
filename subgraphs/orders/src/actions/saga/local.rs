//! What steps do in this service's own database, in the transaction that records them.

use super::Driver;
use crate::{
    Settings,
    actions::{
        fulfilment, merge,
        transitions::{self, SYSTEM, move_order, move_part, tell_part},
    },
    domain::{
        cart::CartStatus,
        order::{OrderLineRow, OrderRow, OrderStatus},
        quote::Quote,
        saga::{Refusal, Saga, SagaKind, Step},
        vendor_order::VendorOrderStatus,
    },
    error::Outcome,
    store::{self, orders::NewOrder},
};
use chrono::Duration;
use contracts::events::{ConfirmedLine, ConfirmedVendorOrder, OrderConfirmed};
use platform::{Error, Tx};

pub(super) async fn apply(tx: &mut Tx, saga: &mut Saga, step: Step, settings: &Settings) -> Outcome<()> {
    match step {
        Step::CreateOrder => create_order(tx, saga).await,
        Step::Confirm => confirm(tx, saga).await,
        Step::Open => open(tx, saga, settings).await,
        Step::Deliver => deliver(tx, saga).await,
        _ => Ok(()),
    }
}

fn broken(what: &str) -> Error {
    Error::internal(anyhow::anyhow!("{what}"))
}

async fn locked(tx: &mut Tx, saga: &Saga) -> Outcome<OrderRow> {
    Ok(store::orders::lock(tx, saga.order_id)
        .await?
        .ok_or_else(|| broken("the saga's order is missing"))?)
}

async fn create_order(tx: &mut Tx, saga: &mut Saga) -> Outcome<()> {
    let quote = saga
        .plan
        .quote
        .clone()
        .ok_or_else(|| broken("an order without a price"))?;
    let lines = frozen_lines(saga, &quote)?;
    insert_order(tx, saga, &quote, &lines, None).await
}

/// Writes the order, its parts and its lines, and tells that it was placed.
pub async fn insert_order(
    tx: &mut Tx,
    saga: &mut Saga,
    quote: &Quote,
    lines: &[OrderLineRow],
    import: Option<(&str, &str)>,
) -> Outcome<()> {
    let number = store::orders::next_number(&mut **tx).await?;
    let order = NewOrder {
        id: saga.order_id,
        number: &number,
        customer: saga.customer_id,
        cart: saga.cart_id,
        import,
        currency: quote.currency,
        sums: quote.totals,
        shipping_address: &saga.plan.shipping_address,
        billing_address: &saga.plan.billing_address,
        coupons: quote.coupons.iter().map(|used| used.coupon.0).collect(),
        points: quote.points,
    };
    store::orders::insert(tx, &order).await?;
    let parts: Vec<_> = quote
        .vendors
        .iter()
        .filter_map(|part| Some((saga.part(part.vendor)?, part)))
        .collect();
    store::vendor_orders::insert(tx, saga.order_id, &number, quote.currency, &parts).await?;
    store::lines::insert(tx, lines).await?;
    let order = locked(tx, saga).await?;
    transitions::placed(tx, &order, &saga.actor).await?;
    saga.plan.order_number = Some(number);
    Ok(())
}

fn frozen_lines(saga: &Saga, quote: &Quote) -> Result<Vec<OrderLineRow>, Error> {
    saga.plan
        .lines
        .iter()
        .zip(1_i32..)
        .map(|(line, position)| {
            let terms = quote.lines.iter().find(|quoted| quoted.line == line.cart_line);
            let info = saga.plan.variants.iter().find(|info| info.id == line.variant);
            let (Some(terms), Some(info), Some(part)) = (terms, info, saga.vendor_order(line.vendor)) else {
                return Err(broken("a line without a price"));
            };
            Ok(OrderLineRow {
                id: line.order_line,
                order_id: saga.order_id,
                vendor_order_id: part,
                vendor_id: line.vendor,
                currency: quote.currency,
                position,
                product_id: info.product,
                variant_id: line.variant,
                product_name: info.product_name.clone(),
                variant_name: info.variant_name.clone(),
                sku: info.sku.clone(),
                image_url: info.image_url.clone(),
                quantity: line.quantity,
                fulfilled_quantity: 0,
                delivered_quantity: 0,
                returned_quantity: 0,
                refunded_quantity: 0,
                canceled_quantity: 0,
                unit_price: terms.unit_price,
                platform_discount: terms.platform_discount,
                vendor_discount: terms.vendor_discount,
                loyalty: terms.loyalty,
                tax: terms.tax,
                total: terms.total,
                refunded_amount: 0,
            })
        })
        .collect()
}

/// The pivot: the order counts, the cart is used up, both at once.
async fn confirm(tx: &mut Tx, saga: &Saga) -> Outcome<()> {
    let mut order = locked(tx, saga).await?;
    let note = saga.plan.late.then_some("paid after it had expired");
    move_order(tx, &mut order, OrderStatus::Confirmed, SYSTEM, note).await?;
    if let Some(cart) = saga.cart_id {
        store::carts::set_status(tx, cart, CartStatus::Ordered).await?;
    }
    let lines = store::lines::of_orders(&mut **tx, &[order.id]).await?;
    let parts = store::vendor_orders::of_orders(&mut **tx, &[order.id]).await?;
    tx.emit(&OrderConfirmed {
        order: order.id,
        number: order.number,
        customer: order.customer_id,
        currency: order.currency,
        subtotal: order.subtotal,
        discount: order.discount,
        loyalty: order.loyalty,
        shipping: order.shipping,
        tax: order.tax,
        total: order.total,
        lines: lines
            .iter()
            .map(|line| ConfirmedLine {
                line: line.id,
                vendor_order: line.vendor_order_id,
                vendor: line.vendor_id,
                product: line.product_id,
                variant: line.variant_id,
                quantity: line.quantity,
                unit_price: line.unit_price,
                discount: line.platform_discount + line.vendor_discount + line.loyalty,
                tax: line.tax,
                total: line.total,
            })
            .collect(),
        vendor_orders: parts
            .iter()
            .map(|part| ConfirmedVendorOrder {
                vendor_order: part.id,
                vendor: part.vendor_id,
                shipping: part.shipping,
                total: part.total,
            })
            .collect(),
    })
    .await?;
    Ok(())
}

/// Vendors get their parts. Those of an import were accepted long ago.
async fn open(tx: &mut Tx, saga: &Saga, settings: &Settings) -> Outcome<()> {
    let mut order = locked(tx, saga).await?;
    // A hold of the capture step ends with the capture.
    if order.status == OrderStatus::OnHold && saga.plan.held {
        move_order(tx, &mut order, OrderStatus::Confirmed, SYSTEM, Some("captured")).await?;
    }
    for mut part in store::vendor_orders::of_orders(&mut **tx, &[saga.order_id]).await? {
        if part.status != VendorOrderStatus::Pending {
            continue;
        }
        let share = saga
            .plan
            .commissions
            .iter()
            .find(|share| share.vendor_order == part.id);
        let (commission, net) = (share.map(|s| s.commission), share.map(|s| s.vendor_net));
        store::vendor_orders::open(tx, part.id, commission, net, settings.acceptance_hours).await?;
        part.status = VendorOrderStatus::AwaitingAcceptance;
        tell_part(tx, &part, VendorOrderStatus::Pending, SYSTEM, None).await?;
        if saga.kind == SagaKind::Import {
            move_part(tx, &mut part, VendorOrderStatus::Accepted, SYSTEM, None).await?;
        }
    }
    Ok(())
}

/// Shipped a day later and delivered three days later, by the same action as a shipment's news.
async fn deliver(tx: &mut Tx, saga: &Saga) -> Outcome<()> {
    let Some(at) = saga.plan.placed_at else {
        return Ok(());
    };
    for (days, arrived) in [(1, false), (3, true)] {
        store::clock::set(tx, at + Duration::days(days)).await?;
        for part in &saga.plan.vendors {
            fulfilment::whole(tx, saga.order_id, part.vendor_order, arrived).await?;
        }
    }
    Ok(())
}

pub(super) async fn undo(tx: &mut Tx, saga: &Saga, step: Step) -> Outcome<()> {
    match step {
        Step::CreateOrder => undo_order(tx, saga).await,
        Step::LockCart => undo_lock(tx, saga).await,
        _ => Ok(()),
    }
}

async fn undo_order(tx: &mut Tx, saga: &Saga) -> Outcome<()> {
    let Some(mut order) = store::orders::lock(tx, saga.order_id).await? else {
        return Ok(());
    };
    let expired = matches!(saga.failure, Some(Refusal::Expired));
    let to = if expired {
        OrderStatus::Expired
    } else {
        OrderStatus::Canceled
    };
    let reason = saga.failure.as_ref().map(Refusal::reason);
    move_order(tx, &mut order, to, SYSTEM, reason.as_deref()).await?;
    if !expired {
        for mut part in store::vendor_orders::of_orders(&mut **tx, &[order.id]).await? {
            move_part(
                tx,
                &mut part,
                VendorOrderStatus::Canceled,
                SYSTEM,
                reason.as_deref(),
            )
            .await?;
        }
    }
    Ok(())
}

async fn undo_lock(tx: &mut Tx, saga: &Saga) -> Outcome<()> {
    let Some(cart) = saga.cart_id else { return Ok(()) };
    let Some(cart) = store::carts::lock(tx, cart).await? else {
        return Ok(());
    };
    if cart.status == CartStatus::Locked {
        merge::unlock(tx, &cart).await?;
        if let Some(Refusal::PriceChanged { quote, .. }) = saga.failure {
            store::carts::set_quote(tx, cart.id, quote).await?;
        }
    }
    Ok(())
}

impl Driver<'_> {
    /// The money could not be captured: staff can see it, vendors do not start.
    pub(super) async fn hold_order(&self, saga: &mut Saga, reason: &str) -> Result<(), Error> {
        let mut tx = self.deps.db.begin(self.moment).await?;
        if !store::sagas::hold(&mut tx, saga.id, self.owner).await? {
            return Ok(());
        }
        let mut order = store::orders::lock(&mut tx, saga.order_id)
            .await?
            .ok_or_else(|| broken("the saga's order is missing"))?;
        if order.status == OrderStatus::Confirmed {
            move_order(&mut tx, &mut order, OrderStatus::OnHold, SYSTEM, Some(reason))
                .await
                .map_err(crate::error::infallible)?;
            saga.plan.held = true;
            store::sagas::advance(&mut tx, saga, self.owner).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}
