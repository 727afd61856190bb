//! Counts what happens: records every fact, keeps audit chains and sales figures, and takes what storefronts track.
//!
//! - [`consumers`]: every fact is recorded and audited; sales and refunds change the figures
//! - [`domain::audit`]: the hash chain
//! - [`domain::sales`]: what an order and a refund add, and how a span is cut into whole hours and ends
//! - [`actions::track`]: events of storefronts
//! - [`schema`]: the API

pub mod actions;
pub mod consumers;
pub mod domain;
pub mod schema;
pub mod store;

use contracts::events::{
    CatalogueChanged, CustomerRegistered, OrderStatusChanged, PaymentRefundStatusChanged,
    PaymentStatusChanged, ShipmentStatusChanged, StaffActed, VendorOrderStatusChanged, VendorStatusChanged,
};
use platform::{
    Viewer,
    service::{Deps, Service},
};
use schema::{Node, loaders::Reader, mutation::Mutation, query::Query, subscription::Subscription};

pub const NAME: &str = "analytics";
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// The schema, also for tests and the committed SDL.
pub fn schema(deps: Deps) -> Schema {
    platform::service::schema(Query, Mutation, Subscription)
        .register_output_type::<Node>()
        .data(deps)
        .finish()
}

/// Loaders of one request.
pub fn request_data(deps: &Deps) -> impl Fn(&Viewer, &mut async_graphql::Data) + Send + Sync + 'static {
    let db = deps.db.clone();
    move |viewer, data| {
        data.insert(platform::loader::batch(Reader {
            db: db.clone(),
            viewer: viewer.clone(),
        }));
    }
}

pub fn service(deps: Deps) -> anyhow::Result<Service> {
    let service = Service::new(NAME, deps.clone(), schema(deps.clone()), request_data(&deps));
    Ok(platform::privacy::keep::<store::privacy::Privacy>(service, &deps)
        .on(|tx, fact| Box::pin(consumers::order_confirmed(tx, fact)))
        .on(|tx, fact| Box::pin(consumers::refund(tx, fact)))
        .on::<CustomerRegistered, _>(|tx, fact| Box::pin(consumers::fact(tx, fact)))
        .on::<VendorStatusChanged, _>(|tx, fact| Box::pin(consumers::fact(tx, fact)))
        .on::<OrderStatusChanged, _>(|tx, fact| Box::pin(consumers::fact(tx, fact)))
        .on::<VendorOrderStatusChanged, _>(|tx, fact| Box::pin(consumers::fact(tx, fact)))
        .on::<PaymentStatusChanged, _>(|tx, fact| Box::pin(consumers::fact(tx, fact)))
        .on::<PaymentRefundStatusChanged, _>(|tx, fact| Box::pin(consumers::fact(tx, fact)))
        .on::<ShipmentStatusChanged, _>(|tx, fact| Box::pin(consumers::fact(tx, fact)))
        .on::<StaffActed, _>(|tx, fact| Box::pin(consumers::fact(tx, fact)))
        .on::<CatalogueChanged, _>(|tx, fact| Box::pin(consumers::fact(tx, fact))))
}

#[cfg(test)]
mod tests;
