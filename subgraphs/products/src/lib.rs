//! The products service: catalogue, search, approval, prices, reviews and wishlists.

use contracts::{
    events::{OrderConfirmed, StockStateChanged, VendorStatusChanged},
    products::{GetVariants, ImportProducts},
};
use platform::{Deps, Service, Viewer};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub mod actions;
pub mod commands;
pub mod consumers;
pub mod domain;
pub mod files;
pub mod schema;
pub mod store;

#[cfg(test)]
mod tests;

use schema::{Node, loaders::Reader, mutation::Mutation, query::Query, subscription::Subscription};

/// Name of the service and of its schema in the database.
pub const NAME: &str = "products";

/// The service's own migrations.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// How often products with a moment of publication are looked for.
const PUBLISH_PERIOD: Duration = Duration::from_secs(5);

/// How often imports are looked for that nobody gave a hint of, and how often what is left of old ones is cleared away.
const IMPORT_PERIOD: Duration = Duration::from_secs(5);
const IMPORT_CLEANING: Duration = Duration::from_secs(3600);

pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// The service, ready to run.
pub fn service(deps: Deps) -> anyhow::Result<Service> {
    let data = {
        let deps = deps.clone();
        move |viewer: &Viewer, data: &mut async_graphql::Data| insert_data(&deps, viewer, data)
    };
    let variants = deps.clone();
    let import = deps.clone();
    let publisher = deps.clone();
    let (importer, cleaner) = (deps.clone(), deps.clone());
    let files = files::routes(deps.clone());
    Ok(Service::new(NAME, deps.clone(), schema(deps), data)
        .command::<GetVariants, _, _>(move |_, ask| {
            let deps = variants.clone();
            async move { commands::get_variants(&deps, ask).await }
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
        })
        .routes(files)
        .worker(move |stop| run_imports(importer, stop))
        .worker(move |stop| async move {
            let step = || actions::bulk::jobs::clean(&cleaner);
            platform::worker::run("import cleaning", &stop, &Notify::new(), IMPORT_CLEANING, step).await;
        }))
}

/// Takes imports forward, at once when a hint says that there is one.
async fn run_imports(deps: Deps, stop: CancellationToken) {
    let wake = Notify::new();
    let mut follower = deps.live.follow(actions::bulk::step::TOPIC, None);
    let hints = async {
        loop {
            follower.changed().await;
            wake.notify_one();
        }
    };
    let step = || actions::bulk::step::step(&deps);
    let work = platform::worker::run("imports", &stop, &wake, IMPORT_PERIOD, step);
    tokio::select! {
        () = work => {}
        () = hints => {}
    }
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
pub fn schema(deps: Deps) -> Schema {
    platform::service::schema(Query, Mutation::default(), Subscription)
        .register_output_type::<Node>()
        .data(deps)
        .finish()
}
