//! The shipping service: where parcels can go and at what price, and what happens to them on their way.
//!
//! - [`domain`]: rules without I/O
//! - `store`: SQL
//! - `actions`: what people and imports do
//! - `commands`: what other services ask
//! - `schema`: GraphQL

mod actions;
mod commands;
pub mod domain;
mod schema;
mod store;
#[cfg(test)]
mod tests;

use contracts::shipping::{ImportDelivery, QuoteDelivery};
use platform::{Deps, Service, Viewer};

/// Name of the service, its schema in the database and its subgraph.
pub const NAME: &str = "shipping";
/// The service's tables.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

pub use schema::schema;

/// The service, ready to run.
pub fn service(deps: Deps) -> anyhow::Result<Service> {
    let db = deps.db.clone();
    let data = move |viewer: &Viewer, data: &mut async_graphql::Data| {
        data.insert(schema::loaders::batch(&db, viewer));
    };
    let (quotes, imports) = (deps.clone(), deps.clone());
    let service = Service::new(NAME, deps.clone(), schema(deps.clone()), data);
    Ok(platform::privacy::keep::<store::privacy::Privacy>(service, &deps)
        .command::<QuoteDelivery, _, _>(move |_, quote| {
            let deps = quotes.clone();
            async move { commands::quote_delivery(&deps, quote).await }
        })
        .command::<ImportDelivery, _, _>(move |_, delivery| {
            let deps = imports.clone();
            async move { commands::import_delivery(&deps, delivery).await }
        })
        .on::<contracts::events::OrdersReassigned, _>(|tx, received| {
            Box::pin(store::owners::reassigned(tx, received))
        }))
}
