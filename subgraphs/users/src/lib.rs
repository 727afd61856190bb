//! The users service: logins, shopping personas, vendors, VIPs and their points.
//!
//! - [`domain`]: rules without I/O
//! - `store`: SQL
//! - `actions`: what people do
//! - `commands`, `consumers`: what other services ask and tell
//! - `auth`, `keys`: passwords, and the keys of access tokens
//! - `schema`: GraphQL

mod actions;
mod auth;
mod commands;
mod consumers;
pub mod domain;
mod keys;
mod schema;
mod store;
#[cfg(test)]
mod tests;

use async_graphql::{Context, EmptySubscription};
use auth::Auth;
use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use contracts::{
    events::{CustomerRegistered, OrderConfirmed, OrderStatusChanged, RefundStatusChanged},
    users::{
        CreateUser, EnsureBenefits, EnsureUser, EnsureVendor, GetContacts, GetVendors, HoldPoints,
        ImportCustomers, ListKeys, RedeemPoints, ReleasePoints, RetireKey, ReversePoints, RotateKey,
        SetGuestContact,
    },
};
use jsonwebtoken::jwk::JwkSet;
use platform::{Deps, Error, Service, Viewer, revocation::GetRevocations};
use schema::{loaders::Reader, mutation::Mutation, query::Query};
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

pub const NAME: &str = "users";
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// What this service alone is told.
#[derive(Clone)]
pub struct Settings {
    /// Ed25519 private key for access tokens, PKCS#8 PEM.
    pub signing_key_pem: String,
    /// Nobody logs in before their mailbox is verified, and a registration does not tell whether an address has an
    /// account already.
    pub verify_email_first: bool,
}

/// What actions work with.
#[derive(Clone)]
pub(crate) struct App {
    pub deps: Deps,
    pub auth: Auth,
    pub verify_email_first: bool,
}

/// The app of this request.
pub(crate) fn app<'a>(ctx: &Context<'a>) -> &'a App {
    ctx.data_unchecked::<App>()
}

/// Whether this operation has tried a password or a mail yet.
#[derive(Default)]
pub(crate) struct Tried(AtomicBool);

/// One try per operation: a hundred aliases of `login` would be a hundred guesses in one request.
pub(crate) fn once(ctx: &Context<'_>) -> Result<(), Error> {
    match ctx.data_unchecked::<Tried>().0.swap(true, Ordering::Relaxed) {
        false => Ok(()),
        true => Err(Error::BadInput(
            "one login, registration or mail per operation".to_owned(),
        )),
    }
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

async fn jwks(State(app): State<App>) -> Result<Json<JwkSet>, StatusCode> {
    keys::ready(&app).await.map_err(|error| {
        tracing::error!(error = error.describe(), "cannot read the keys");
        StatusCode::SERVICE_UNAVAILABLE
    })?;
    Ok(Json(app.auth.keys()))
}

/// How often the keys are looked at, because another process may have changed them.
const KEYS: Duration = Duration::from_secs(10);
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

/// How often work is looked for that nobody has announced.
const LOOKING: Duration = Duration::from_secs(5);

pub fn service(deps: Deps, settings: Settings) -> anyhow::Result<Service> {
    let auth = Auth::new(&settings.signing_key_pem, deps.verifier.clone())?;
    let app = App {
        deps: deps.clone(),
        auth,
        verify_email_first: settings.verify_email_first,
    };
    let jwks = Router::new()
        .route("/.well-known/jwks.json", get(jwks))
        .with_state(app.clone());
    let loyal = app.clone();
    let db = deps.db.clone();
    let data = move |viewer: &Viewer, data: &mut async_graphql::Data| {
        data.insert(platform::loader::batch(Reader {
            db: db.clone(),
            viewer: viewer.clone(),
        }));
        data.insert(Tried::default());
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
        SetGuestContact => commands::accounts::set_guest_contact,
        CreateUser => commands::accounts::create_user,
        GetRevocations => commands::accounts::get_revocations,
        ListKeys => commands::accounts::list_keys,
        RotateKey => commands::accounts::rotate_key,
        RetireKey => commands::accounts::retire_key,
    );
    let service = platform::privacy::keep::<store::privacy::Privacy>(service, &deps);
    let service = background(service, &app);
    Ok(service
        .on::<OrderConfirmed, _>(|tx, received| Box::pin(consumers::order_confirmed(tx, received)))
        .on::<CustomerRegistered, _>(|tx, received| Box::pin(consumers::customer_registered(tx, received)))
        .on::<OrderStatusChanged, _>(|tx, received| Box::pin(consumers::order_status_changed(tx, received)))
        .on::<RefundStatusChanged, _>(|tx, received| Box::pin(consumers::refund_status_changed(tx, received)))
        .routes(jwks)
        .worker(move |stop| loyalty_clock(loyal, stop))
        .worker(move |stop| async move {
            let step = || async { keys::refresh(&app).await.map(|()| false) };
            platform::worker::run("keys", &stop, &tokio::sync::Notify::new(), KEYS, step).await;
        })
        .worker(move |stop| async move {
            let step = || async {
                store::sessions::clean(deps.db.pool()).await?;
                Ok(false)
            };
            platform::worker::run("clean", &stop, &tokio::sync::Notify::new(), CLEANING, step).await;
        }))
}

/// Copies of data, erasures and mails about accounts, made in the background.
fn background(service: Service, app: &App) -> Service {
    let (exports, erasures, notices) = (app.clone(), app.clone(), app.clone());
    service
        .worker(move |stop| async move {
            work("notice", &notices, &stop, || actions::notice::work(&notices)).await;
        })
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
