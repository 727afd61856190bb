//! The orders service: carts, quotes, the checkout saga, orders, vendor orders and refunds.
//!
//! Contents: `domain` (rules), `actions` (verbs, the saga in `actions::saga`), `store` (SQL), `schema` (GraphQL),
//! `commands` (what services ask), `consumers` (what services tell).

pub mod actions;
pub mod commands;
pub mod consumers;
pub mod domain;
pub mod error;
pub mod schema;
pub mod store;

use actions::{completion, saga, tasks, vendor_orders};
use contracts::{
    events::{
        CustomersMerged, GuestOrdersClaimed, PaymentRefundStatusChanged, PaymentStatusChanged,
        ShipmentStatusChanged,
    },
    orders::*,
};
use platform::{Deps, Service, Viewer};
use schema::loaders::Reader;
use std::time::Duration;
use tokio::sync::Notify;

pub const NAME: &str = "orders";
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// What an operator may choose.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Name of the point at which the process kills itself, for tests of recovery.
    pub crash_at: Option<String>,
    /// How long an order waits for its payment.
    pub payment_deadline_seconds: i64,
    /// How long a vendor may think about an order.
    pub acceptance_hours: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            crash_at: None,
            payment_deadline_seconds: 30 * 60,
            acceptance_hours: 48,
        }
    }
}

/// The service.
pub fn service(deps: Deps, settings: Settings) -> anyhow::Result<Service> {
    let reader = deps.clone();
    let data = move |viewer: &Viewer, data: &mut async_graphql::Data| {
        data.insert(platform::loader::batch(Reader::new(
            reader.clone(),
            viewer.clone(),
        )));
    };
    macro_rules! command {
        ($service:expr, $($command:ty => $handler:ident),* $(,)?) => {
            $service$(.command::<$command, _, _>({
                let deps = deps.clone();
                move |call, command| {
                    let deps = deps.clone();
                    async move { commands::$handler(&deps, call, command).await }
                }
            }))*
        };
    }
    let service = Service::new(
        NAME,
        deps.clone(),
        schema::schema(deps.clone(), settings.clone()),
        data,
    );
    let service = command!(
        service,
        MergeCarts => merge_carts,
        GetVendorOrder => get_vendor_order,
        GetOrders => get_orders,
        GetGuestAccess => get_guest_access,
        GetDelivered => get_delivered,
        CountOpenVendorOrders => count_open_vendor_orders,
        ImportRefund => import_refund,
        ImportAdjustments => import_adjustments,
    );
    let (import_deps, import_settings) = (deps.clone(), settings.clone());
    let service = service
        .command::<ImportOrder, _, _>(move |call, command| {
            let (deps, settings) = (import_deps.clone(), import_settings.clone());
            async move { commands::import_order(&deps, &settings, call, command).await }
        })
        .on::<CustomersMerged, _>(|tx, received| Box::pin(consumers::customers_merged(tx, received)))
        .on::<GuestOrdersClaimed, _>(|tx, received| Box::pin(consumers::guest_orders_claimed(tx, received)))
        .on::<PaymentStatusChanged, _>(|tx, received| Box::pin(consumers::payment(tx, received)))
        .on::<PaymentRefundStatusChanged, _>(|tx, received| Box::pin(consumers::refund(tx, received)))
        .on::<ShipmentStatusChanged, _>(|tx, received| Box::pin(consumers::shipment(tx, received)));
    let service = platform::privacy::keep::<store::privacy::Privacy>(service, &deps);
    Ok(workers(service, deps, settings))
}

fn workers(service: Service, deps: Deps, settings: Settings) -> Service {
    let (sagas, sender, windows, clock) = (deps.clone(), deps.clone(), deps.clone(), deps);
    service
        .worker(move |stop| saga::worker(sagas, settings, stop))
        .worker(move |stop| tasks::worker(sender, stop))
        .worker(move |stop| async move {
            let step = || completion::step(&windows);
            platform::worker::run("completion", &stop, &Notify::new(), completion::PERIOD, step).await;
        })
        .worker(move |stop| async move {
            let never = Notify::new();
            let step = || async {
                store::carts::abandon(clock.db.pool()).await?;
                vendor_orders::timeouts(&clock).await
            };
            platform::worker::run("timeouts", &stop, &never, Duration::from_secs(10), step).await;
        })
}

#[cfg(test)]
mod tests;
