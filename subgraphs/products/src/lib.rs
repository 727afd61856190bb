//! The products service: catalogue, search, approval, prices, reviews and wishlists.

use contracts::{
    events::{OrderConfirmed, StockStateChanged, VendorStatusChanged},
    products::{GetVariants, ImportProducts},
};
use platform::{Deps, Service, Viewer, storage::Storage};
use std::time::Duration;

pub mod actions;
pub mod commands;
pub mod consumers;
pub mod domain;
pub mod schema;
pub mod store;
mod workers;

#[cfg(test)]
mod tests;

use schema::{Node, loaders::Reader, mutation::Mutation, query::Query, subscription::Subscription};

/// Name of the service and of its schema in the database.
pub const NAME: &str = "products";

/// The service's own migrations.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// How often products with a moment of publication are looked for.
const PUBLISH_PERIOD: Duration = Duration::from_secs(5);

pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// The service, ready to run. Pictures and videos are kept in `storage`.
pub fn service(deps: Deps, storage: Storage) -> anyhow::Result<Service> {
    let data = {
        let deps = deps.clone();
        move |viewer: &Viewer, data: &mut async_graphql::Data| insert_data(&deps, viewer, data)
    };
    let variants = (deps.clone(), storage.clone());
    let import = deps.clone();
    let publisher = deps.clone();
    let schema = schema(deps.clone(), storage.clone());
    let service = Service::new(NAME, deps.clone(), schema, data)
        .command::<GetVariants, _, _>(move |_, ask| {
            let (deps, storage) = variants.clone();
            async move { commands::get_variants(&deps, &storage, ask).await }
        })
        .command::<ImportProducts, _, _>(move |call, ask| {
            let deps = import.clone();
            async move {
                commands::learn_vendor(&deps, &ask).await?;
                commands::import_products(&deps, &call, ask).await
            }
        })
        .on::<VendorStatusChanged, _>(|tx, fact| Box::pin(consumers::vendor_status_changed(tx, fact)))
        .on::<OrderConfirmed, _>(|tx, fact| Box::pin(consumers::order_confirmed(tx, fact)))
        .on::<StockStateChanged, _>(|tx, fact| Box::pin(consumers::stock_state_changed(tx, fact)))
        .worker(move |stop| async move {
            let wake = tokio::sync::Notify::new();
            let step = || actions::publishing::publish_due(&publisher);
            platform::worker::run("publisher", &stop, &wake, PUBLISH_PERIOD, step).await;
        });
    Ok(workers::add(service, deps, storage))
}

/// What resolvers need of one request.
fn insert_data(deps: &Deps, viewer: &Viewer, data: &mut async_graphql::Data) {
    let reader = Reader {
        db: deps.db.clone(),
        scope: store::Scope::from(viewer),
    };
    data.insert(platform::loader::batch(reader));
}

/// The GraphQL schema.
pub fn schema(deps: Deps, storage: Storage) -> Schema {
    platform::service::schema(Query, Mutation::default(), Subscription)
        .register_output_type::<Node>()
        .data(deps)
        .data(storage)
        .finish()
}
