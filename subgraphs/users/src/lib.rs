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
    events::{CustomerRegistered, OrderConfirmed, OrderStatusChanged, RefundStatusChanged},
    users::{
        EnsureBenefits, EnsureUser, EnsureVendor, GetContacts, GetVendors, HoldPoints, ImportCustomers,
        RedeemPoints, ReleasePoints, ReversePoints,
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

/// Return windows, points and memberships end by the day; a minute is early enough.
const LOYALTY: Duration = Duration::from_secs(60);

/// What the loyalty programme does when time has passed. Each step claims its rows, so any process may do it.
async fn loyalty_clock(app: App, stop: CancellationToken) {
    let step = || async {
        let matured = actions::loyalty::mature(&app).await?;
        let expired = actions::loyalty::expire(&app).await?;
        let renewed = actions::vip::renew(&app).await?;
        Ok(matured || expired || renewed)
    };
    platform::worker::run("loyalty", &stop, &tokio::sync::Notify::new(), LOYALTY, step).await;
}

/// Once an hour, what can no longer be used goes away.
const CLEANING: Duration = Duration::from_secs(3600);

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
    let loyal = app.clone();
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
        ReversePoints => commands::reverse_points,
        EnsureBenefits => commands::ensure_benefits,
        EnsureUser => commands::ensure_user,
        EnsureVendor => commands::ensure_vendor,
        ImportCustomers => commands::import_customers,
    );
    Ok(service
        .on::<OrderConfirmed, _>(|tx, received| Box::pin(consumers::order_confirmed(tx, received)))
        .on::<CustomerRegistered, _>(|tx, received| Box::pin(consumers::customer_registered(tx, received)))
        .on::<OrderStatusChanged, _>(|tx, received| Box::pin(consumers::order_status_changed(tx, received)))
        .on::<RefundStatusChanged, _>(|tx, received| Box::pin(consumers::refund_status_changed(tx, received)))
        .routes(jwks)
        .worker(move |stop| loyalty_clock(loyal, stop))
        .worker(move |stop| async move {
            let step = || async {
                store::sessions::clean(deps.db.pool()).await?;
                Ok(false)
            };
            platform::worker::run("clean", &stop, &tokio::sync::Notify::new(), CLEANING, step).await;
        }))
}
