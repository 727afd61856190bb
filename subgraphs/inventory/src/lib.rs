//! What is in stock, where, and for whom it is held.
//!
//! Stock is counted per variant and warehouse: on hand, reserved for checkouts, allocated to confirmed orders. Every
//! change of a counter is a row of an append-only ledger, written by the same statement ([`store::ledger`]).

use platform::{Error, Service, Viewer, service::Deps};
use std::{future::Future, time::Duration};

mod actions;
mod commands;
mod consumers;
mod domain;
pub mod schema;
mod store;
#[cfg(test)]
mod tests;

use contracts::{
    events::{ProductChanged, ShipmentStatusChanged},
    inventory::{
        CommitStock, DeallocateStock, GetAvailability, ImportStock, ReleaseStock, ReserveStock, RestockLines,
        SecureStock,
    },
};
use platform::commands::Call;

/// Name of the service, its schema in the database and its subgraph.
pub const NAME: &str = "inventory";
/// The service's tables.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// How often reservations are searched whose time has run out.
const EXPIRY_PERIOD: Duration = Duration::from_secs(5);

pub use schema::schema;

/// The service, ready to run.
pub fn service(deps: Deps) -> anyhow::Result<Service> {
    let db = deps.db.clone();
    let data = move |viewer: &Viewer, data: &mut async_graphql::Data| {
        data.insert(schema::loaders::batch(db.clone(), viewer.clone()));
    };
    let service = Service::new(NAME, deps.clone(), schema(deps.clone()), data);
    let service = platform::privacy::keep::<store::privacy::Privacy>(service, &deps)
        .command::<GetAvailability, _, _>(with(&deps, |d, _, c| async move {
            commands::availability(&d, c).await
        }))
        .command::<ReserveStock, _, _>(with(&deps, |d, call, c| async move {
            commands::reserve(&d, call, c).await
        }))
        .command::<ReleaseStock, _, _>(with(&deps, |d, call, c| async move {
            commands::release(&d, call, c).await
        }))
        .command::<SecureStock, _, _>(with(&deps, |d, call, c| async move {
            commands::secure(&d, call, c).await
        }))
        .command::<CommitStock, _, _>(with(&deps, |d, call, c| async move {
            commands::commit(&d, call, c).await
        }))
        .command::<DeallocateStock, _, _>(with(&deps, |d, call, c| async move {
            commands::deallocate(&d, call, c).await
        }))
        .command::<RestockLines, _, _>(with(&deps, |d, call, c| async move {
            commands::restock(&d, call, c).await
        }))
        .command::<ImportStock, _, _>(with(&deps, |d, call, c| async move {
            commands::import(&d, call, c).await
        }))
        .on_many::<ProductChanged, _>(|tx, facts| Box::pin(consumers::products_changed(tx, facts)))
        .on::<ShipmentStatusChanged, _>(|tx, fact| Box::pin(consumers::shipment_status_changed(tx, fact)))
        .worker(move |stop| async move {
            let idle = tokio::sync::Notify::new();
            let step = || actions::expire::expire(&deps);
            platform::worker::run("expiry", &stop, &idle, EXPIRY_PERIOD, step).await;
        });
    Ok(service)
}

/// Gives a command's handler the service's dependencies.
fn with<C, R, F, Fut>(deps: &Deps, handler: F) -> impl Fn(Call, C) -> Fut + Send + Sync + 'static
where
    F: Fn(Deps, Call, C) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<R, Error>> + Send + 'static,
{
    let deps = deps.clone();
    move |call, command| handler(deps.clone(), call, command)
}
