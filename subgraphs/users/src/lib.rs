//! The users service: logins, shopping personas, vendors, VIPs and their points.
//!
//! - [`domain`]: rules without I/O
//! - `store`: SQL
//! - `actions`: what people do
//! - `commands`, `consumers`: what other services ask and tell
//! - `schema`: GraphQL

mod actions;
mod auth;
mod commands;
mod consumers;
pub mod domain;
mod schema;
mod store;
#[cfg(test)]
mod tests;

use async_graphql::{Context, EmptySubscription};
use auth::Auth;
use axum::{Json, Router, routing::get};
use contracts::{
    events::{OrderConfirmed, RefundStatusChanged},
    users::{
        EnsureUser, EnsureVendor, GetContacts, GetVendors, HoldPoints, ImportCustomers, RedeemPoints,
        ReleasePoints,
    },
};
use jsonwebtoken::jwk::JwkSet;
use platform::{Deps, Service, Viewer};
use schema::{loaders::Reader, mutation::Mutation, query::Query};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub const NAME: &str = "users";
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// What this service alone is told.
#[derive(Clone)]
pub struct Settings {
    /// Ed25519 private key for access tokens, PKCS#8 PEM.
    pub signing_key_pem: String,
}

/// What actions work with.
#[derive(Clone)]
pub(crate) struct App {
    pub deps: Deps,
    pub auth: Auth,
}

/// The app of this request.
pub(crate) fn app<'a>(ctx: &Context<'a>) -> &'a App {
    ctx.data_unchecked::<App>()
}

type Schema = async_graphql::Schema<Query, Mutation, EmptySubscription>;

fn schema(app: App) -> Schema {
    builder().data(app).finish()
}

fn builder() -> async_graphql::SchemaBuilder<Query, Mutation, EmptySubscription> {
    platform::service::schema(Query, Mutation::default(), EmptySubscription)
        .register_output_type::<schema::node::Node>()
}

/// The federation SDL of this service.
pub fn sdl() -> String {
    platform::service::sdl(&builder().finish())
}

/// Once an hour, what can no longer be used goes away.
const CLEANING: Duration = Duration::from_secs(3600);

/// How often work is looked for that nobody has announced.
const LOOKING: Duration = Duration::from_secs(5);

pub fn service(deps: Deps, settings: Settings) -> anyhow::Result<Service> {
    let auth = Auth::new(&settings.signing_key_pem, deps.verifier.clone())?;
    let app = App {
        deps: deps.clone(),
        auth,
    };
    let keys = JwkSet {
        keys: vec![app.auth.jwk().clone()],
    };
    let jwks = Router::new().route(
        "/.well-known/jwks.json",
        get(move || std::future::ready(Json(keys.clone()))),
    );
    let db = deps.db.clone();
    let data = move |viewer: &Viewer, data: &mut async_graphql::Data| {
        data.insert(platform::loader::batch(Reader {
            db: db.clone(),
            viewer: viewer.clone(),
        }));
    };
    macro_rules! answer {
        ($service:expr, $($command:ty => $handler:path),* $(,)?) => {
            $service$(.command::<$command, _, _>({
                let app = app.clone();
                move |call, command| {
                    let app = app.clone();
                    async move { $handler(&app, call, command).await }
                }
            }))*
        };
    }
    let service = Service::new(NAME, deps.clone(), schema(app.clone()), data);
    let service = answer!(service,
        GetVendors => commands::get_vendors,
        GetContacts => commands::get_contacts,
        HoldPoints => commands::hold_points,
        ReleasePoints => commands::release_points,
        RedeemPoints => commands::redeem_points,
        EnsureUser => commands::ensure_user,
        EnsureVendor => commands::ensure_vendor,
        ImportCustomers => commands::import_customers,
    );
    let service = platform::privacy::keep::<store::privacy::Privacy>(service, &deps);
    let service = privacy_workers(service, &app);
    Ok(service
        .on::<OrderConfirmed, _>(|tx, received| Box::pin(consumers::order_confirmed(tx, received)))
        .on::<RefundStatusChanged, _>(|tx, received| Box::pin(consumers::refund_status_changed(tx, received)))
        .routes(jwks)
        .worker(move |stop| async move {
            let step = || async {
                store::sessions::clean(deps.db.pool()).await?;
                Ok(false)
            };
            platform::worker::run("clean", &stop, &tokio::sync::Notify::new(), CLEANING, step).await;
        }))
}

/// Copies of data and erasures, made in the background.
fn privacy_workers(service: Service, app: &App) -> Service {
    let (exports, erasures) = (app.clone(), app.clone());
    service
        .worker(move |stop| async move {
            work("export", &exports, &stop, || actions::export::work(&exports)).await;
        })
        .worker(move |stop| async move {
            work("erasure", &erasures, &stop, || actions::erasure::work(&erasures)).await;
        })
}

/// Runs `step` when something of this topic was committed, and now and then by itself.
async fn work<F, Fut>(topic: &'static str, app: &App, stop: &CancellationToken, step: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<bool, platform::Error>>,
{
    let wake = tokio::sync::Notify::new();
    let mut follower = app.deps.live.follow(topic, None);
    let bridge = async {
        loop {
            follower.changed().await;
            wake.notify_one();
        }
    };
    tokio::select! {
        () = platform::worker::run(topic, stop, &wake, LOOKING, step) => {}
        () = bridge => {}
    }
}
