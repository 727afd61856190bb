//! Batched reads. Keys that anybody may name carry the permission check; keys that only follow from an object somebody
//! may see do not.

use crate::{
    actions::quoting,
    domain::{
        cart::{CartRow, DeliveryRow, LineRow},
        order::OrderLineRow,
        refund::{RefundLineRow, RefundRow},
        saga::Saga,
        vendor_order::{VendorOrderRow, VendorOrderStatus},
    },
    schema::{
        cart::{Cart, CartLine},
        order::Order,
        order_line::OrderLine,
        refund::Refund,
        vendor_order::VendorOrder,
    },
    store::{self, orders::Eyes, quotes::QuoteRow, sagas::StepRow},
};
use async_graphql::dataloader::Loader;
use contracts::{inventory::GetAvailability, products::VariantInfo};
use platform::{
    Deps, Error, Viewer,
    ids::{
        CartId, CartLineId, CustomerId, OrderId, OrderLineId, QuoteId, RefundId, SagaId, VariantId,
        VendorOrderId, uuids,
    },
};
use sqlx::PgPool;
use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

/// Reads for one viewer in one request.
pub struct Reader {
    deps: Deps,
    viewer: Viewer,
    /// Guests' orders that the viewer has shown the token of.
    shown: Mutex<Vec<OrderId>>,
}

impl Reader {
    pub fn new(deps: Deps, viewer: Viewer) -> Self {
        let shown = Mutex::default();
        Self { deps, viewer, shown }
    }

    /// For the rest of the request this order is shown as its customer sees it.
    pub fn show(&self, order: OrderId) {
        self.shown
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(order);
    }

    fn shown(&self) -> Vec<OrderId> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sees the order as its customer does.
    fn sees_all(&self, order: OrderId, customer: CustomerId) -> bool {
        self.viewer.acts_for(customer) || self.shown().contains(&order)
    }

    fn pool(&self) -> &PgPool {
        self.deps.db.pool()
    }

    fn eyes(&self) -> Eyes {
        Eyes {
            all: self.viewer.is_staff(),
            customer: self.viewer.customer.map(|id| id.0),
            vendors: uuids(&self.viewer.vendors),
            shown: uuids(&self.shown()),
        }
    }

    /// Vendors see their parts once these are theirs to work on.
    fn sees_part(&self, part: &VendorOrderRow) -> bool {
        self.sees_all(part.order_id, part.customer_id)
            || (self.viewer.is_member(part.vendor_id) && part.status != VendorOrderStatus::Pending)
    }
}

/// Rows by key, in their order.
fn group<K: Hash + Eq, V>(rows: Vec<V>, key: impl Fn(&V) -> K) -> HashMap<K, Vec<V>> {
    let mut groups: HashMap<K, Vec<V>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}

/// What other services say about the lines of a cart now.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub variants: HashMap<VariantId, VariantInfo>,
    pub available: HashMap<VariantId, i32>,
}

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident($of:ty) => $value:ty, |$reader:ident, $ids:ident| $load:expr;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq, Hash)]
            pub struct $name(pub $of);

            impl Loader<$name> for Reader {
                type Value = $value;
                type Error = Error;
                async fn load(&self, keys: &[$name]) -> Result<HashMap<$name, $value>, Error> {
                    let $reader = self;
                    let $ids: Vec<$of> = keys.iter().map(|key| key.0.clone()).collect();
                    let rows = $load;
                    Ok(rows.into_iter().map(|(id, value)| ($name(id), value)).collect())
                }
            }
        )*
    };
}

keys! {
    /// A cart of the viewer, or any for staff.
    OwnCart(CartId) => Cart, |r, ids|
        store::carts::by_ids(r.pool(), &ids).await?.into_iter().filter(|row| r.viewer.acts_for(row.customer_id))
            .map(|row| (row.id, Cart(row)));
    /// The active cart; the caller has checked whose it is.
    CartOfCustomer(CustomerId) => Cart, |r, ids|
        store::carts::of_customers(r.pool(), &ids).await?.into_iter().map(|row: CartRow| (row.customer_id, Cart(row)));
    LinesOfCart(CartId) => Vec<LineRow>, |r, ids| group(store::carts::lines(r.pool(), &ids).await?, |row| row.cart_id);
    DeliveriesOfCart(CartId) => Vec<DeliveryRow>, |r, ids|
        group(store::carts::deliveries(r.pool(), &ids).await?, |row| row.cart_id);
    /// A line of a cart of the viewer, or any for staff.
    OwnCartLine(CartLineId) => CartLine, |r, ids| {
        let lines = store::carts::line_carts(r.pool(), &ids).await?;
        let carts: Vec<_> = lines.iter().map(|line| line.cart_id).collect();
        let carts = store::carts::by_ids(r.pool(), &carts).await?;
        let lines: Vec<_> = lines.into_iter().filter_map(|line| {
            let cart = carts.iter().find(|cart| cart.id == line.cart_id && r.viewer.acts_for(cart.customer_id))?;
            Some((line.id, CartLine { currency: cart.currency, row: line }))
        }).collect();
        lines
    };
    /// What the lines of a cart that somebody may see are worth now.
    FactsOfCart(CartId) => Arc<Facts>, |r, ids| facts(r, &ids).await?;
    QuoteById(QuoteId) => QuoteRow, |r, ids|
        store::quotes::by_ids(r.pool(), &ids).await?.into_iter().filter(|row| !row.expired).map(|row| (row.id, row));
    /// An order that the viewer may see.
    VisibleOrder(OrderId) => Order, |r, ids|
        store::orders::visible(r.pool(), &ids, &r.eyes()).await?.into_iter()
            .map(|row| (row.id, Order { full: r.sees_all(row.id, row.customer_id), row }));
    VisibleOrderNumber(String) => Order, |r, ids|
        store::orders::visible_by_number(r.pool(), &ids, &r.eyes()).await?.into_iter()
            .map(|row| (row.number.clone(), Order { full: r.sees_all(row.id, row.customer_id), row }));
    /// The parts of an order that the viewer may see.
    PartsOfOrder(OrderId) => Vec<VendorOrder>, |r, ids|
        group(store::vendor_orders::of_orders(r.pool(), &ids).await?.into_iter().filter(|row| r.sees_part(row))
            .map(VendorOrder).collect(), |part| part.0.order_id);
    VisiblePart(VendorOrderId) => VendorOrder, |r, ids|
        store::vendor_orders::by_ids(r.pool(), &ids).await?.into_iter().filter(|row| r.sees_part(row))
            .map(|row| (row.id, VendorOrder(row)));
    /// All lines of an order that somebody may see.
    LinesOfOrder(OrderId) => Vec<OrderLineRow>, |r, ids| group(store::lines::of_orders(r.pool(), &ids).await?, |row| row.order_id);
    LinesOfPart(VendorOrderId) => Vec<OrderLineRow>, |r, ids|
        group(store::lines::of_vendor_orders(r.pool(), &ids).await?, |row| row.vendor_order_id);
    /// A line whose vendor order the viewer may see.
    VisibleLine(OrderLineId) => OrderLine, |r, ids| {
        let lines = store::lines::by_ids(r.pool(), &ids).await?;
        let parts: Vec<_> = lines.iter().map(|line| line.vendor_order_id).collect();
        let parts = store::vendor_orders::by_ids(r.pool(), &parts).await?;
        let lines: Vec<_> = lines.into_iter()
            .filter(|line| parts.iter().any(|part| part.id == line.vendor_order_id && r.sees_part(part)))
            .map(|line| (line.id, OrderLine(line))).collect();
        lines
    };
    VisibleRefund(RefundId) => Refund, |r, ids| {
        let rows = store::refunds::by_ids(r.pool(), &ids).await?;
        let rows = visible_refunds(r, rows).await?;
        rows.into_iter().map(|row| (row.id, Refund(row)))
    };
    RefundsOfOrder(OrderId) => Vec<Refund>, |r, ids| {
        let rows = store::refunds::of_orders(r.pool(), &ids).await?;
        let rows: Vec<Refund> = visible_refunds(r, rows).await?.into_iter().map(Refund).collect();
        group(rows, |row| row.0.order_id)
    };
    LinesOfRefund(RefundId) => Vec<RefundLineRow>, |r, ids| group(store::refunds::lines(r.pool(), &ids).await?, |row| row.refund_id);
    SagaOfOrder(OrderId) => Saga, |r, ids| store::sagas::by_orders(r.pool(), &ids).await?.into_iter().map(|row| (row.order_id, row));
    StepsOfSaga(SagaId) => Vec<StepRow>, |r, ids| group(store::sagas::steps(r.pool(), &ids).await?, |row| row.saga_id);
}

/// Refunds of the customer's orders, of vendors' own lines only, or all for staff.
async fn visible_refunds(r: &Reader, rows: Vec<RefundRow>) -> Result<Vec<RefundRow>, Error> {
    if r.viewer.is_staff() || rows.is_empty() {
        return Ok(rows);
    }
    let orders: Vec<_> = rows.iter().map(|row| row.order_id).collect();
    let orders = store::orders::by_ids(r.pool(), &orders).await?;
    let vendors =
        store::refunds::vendors_of(r.pool(), &rows.iter().map(|row| row.id).collect::<Vec<_>>()).await?;
    let own = |row: &RefundRow| {
        orders
            .iter()
            .any(|order| order.id == row.order_id && r.sees_all(order.id, order.customer_id))
    };
    let sold = |row: &RefundRow| {
        let mut parts = vendors.iter().filter(|(id, _)| *id == row.id).peekable();
        parts.peek().is_some() && parts.all(|(_, vendor)| r.viewer.is_member(*vendor))
    };
    Ok(rows.into_iter().filter(|row| own(row) || sold(row)).collect())
}

async fn facts(r: &Reader, ids: &[CartId]) -> Result<HashMap<CartId, Arc<Facts>>, Error> {
    let carts = store::carts::by_ids(r.pool(), ids).await?;
    let lines = group(store::carts::lines(r.pool(), ids).await?, |row| row.cart_id);
    let mut all = HashMap::new();
    for cart in carts {
        let ids: Vec<VariantId> = lines
            .get(&cart.id)
            .into_iter()
            .flatten()
            .map(|line| line.variant_id)
            .collect();
        if ids.is_empty() {
            all.insert(cart.id, Arc::default());
            continue;
        }
        let stock = GetAvailability {
            variants: ids.clone(),
        };
        let (variants, available) = tokio::join!(
            quoting::variants(&r.deps, ids, cart.currency, cart.tier.as_deref()),
            r.deps.commands.call(&stock)
        );
        let available = available?
            .into_iter()
            .map(|row| (row.variant, row.quantity))
            .collect();
        all.insert(
            cart.id,
            Arc::new(Facts {
                variants: variants?,
                available,
            }),
        );
    }
    Ok(all)
}
