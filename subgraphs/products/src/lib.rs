//! The products service: catalogue, search, approval, prices, reviews and wishlists.

use contracts::{
    events::{
        CustomersMerged, LinesDelivered, OrderConfirmed, OrdersReassigned, StockReturned, StockStateChanged,
        VendorStatusChanged,
    },
    products::{GetCategories, GetSearchStatus, GetVariants, ImportProducts, RebuildSearch, SetSynonyms},
};
use platform::{Deps, Service, Viewer, storage::Storage};
use std::time::Duration;

pub mod actions;
pub mod commands;
pub mod consumers;
pub mod domain;
mod imports;
pub mod schema;
pub mod search;
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
    let (rebuilder, indexed) = (deps.clone(), deps.clone());
    let synonyms = deps.clone();
    let status = deps.clone();
    let news = deps.clone();
    let categories = deps.clone();
    let schema = schema(deps.clone(), storage.clone());
    let service = Service::new(NAME, deps.clone(), schema, data);
    let service = platform::privacy::keep::<store::privacy::Privacy>(service, &deps)
        .command::<GetCategories, _, _>(move |_, ask| {
            let deps = categories.clone();
            async move { commands::get_categories(&deps, ask).await }
        })
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
        .on_many::<StockStateChanged, _>(|tx, facts| Box::pin(consumers::stock_states_changed(tx, facts)))
        .on::<CustomersMerged, _>(|tx, fact| Box::pin(consumers::customers_merged(tx, fact)))
        .on::<OrdersReassigned, _>(|tx, fact| Box::pin(consumers::orders_reassigned(tx, fact)))
        .on::<LinesDelivered, _>(|tx, fact| Box::pin(consumers::lines_delivered(tx, fact)))
        .on_many::<StockReturned, _>(|tx, facts| Box::pin(consumers::stock_returned(tx, facts)))
        .worker(move |stop| async move { actions::news::run(&news, &stop).await })
        .worker(move |stop| async move {
            let wake = tokio::sync::Notify::new();
            let step = || actions::publishing::publish_due(&publisher);
            platform::worker::run("publisher", &stop, &wake, PUBLISH_PERIOD, step).await;
        })
        .worker(move |stop| async move {
            let backend = search::backend(&indexed);
            search::indexer::run(indexed, backend, stop).await;
        })
        .command::<RebuildSearch, _, _>(move |_, ask| {
            let deps = rebuilder.clone();
            async move { commands::search::rebuild(&deps, ask).await }
        })
        .command::<SetSynonyms, _, _>(move |call, ask| {
            let deps = synonyms.clone();
            async move { commands::search::set_synonyms(&deps, call.moment, ask).await }
        })
        .command::<GetSearchStatus, _, _>(move |_, _| {
            let deps = status.clone();
            async move { commands::search::status(&deps).await }
        });
    let service = imports::add(service, deps.clone(), storage.clone());
    Ok(workers::add(service, deps, storage))
}

/// What resolvers need of one request.
pub fn insert_data(deps: &Deps, viewer: &Viewer, data: &mut async_graphql::Data) {
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
        .data(search::backend(&deps))
        .data(deps)
        .data(storage)
        .finish()
}
