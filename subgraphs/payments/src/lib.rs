//! Payments: money in, money back, and who earned what of it; and the coupons that make it less.
//!
//! - [`provider`]: Stripe's API, its objects and its signatures
//! - [`domain::fold`]: a payment's status from the facts about it, whatever their order
//! - [`domain::ledger`]: how captured money is divided, and how a refund takes it back
//! - [`actions::record`]: the only place where a payment changes
//! - [`actions`]: what orders, providers, staff and time do to payments, refunds and coupons
//! - [`webhooks`]: `POST /webhooks/stripe`
//! - [`schema`]: the API

pub mod actions;
pub mod commands;
pub mod domain;
pub mod error;
pub mod provider;
pub mod schema;
pub mod store;
pub mod webhooks;

use platform::{
    Error, Viewer,
    service::{Deps, Service},
    worker,
};
use provider::Stripe;
use schema::{Node, loaders::Reader, mutation::Mutation, query::Query, subscription::Subscription};
use std::{future::Future, time::Duration};
use tokio::sync::Notify;

pub const NAME: &str = "payments";
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// What only this service is configured with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Without it no card is accepted.
    pub stripe: Option<StripeSettings>,
    /// The platform's commission, in hundredths of a percent.
    pub commission_basis_points: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            stripe: None,
            commission_basis_points: 1_000,
        }
    }
}

/// Where Stripe, or something that speaks its API, is found.
#[derive(Clone)]
pub struct StripeSettings {
    /// `https://api.stripe.com`, or the sandbox.
    pub base_url: String,
    pub secret_key: String,
    pub publishable_key: String,
    /// Signing secrets of the webhook endpoint; two during a rotation.
    pub webhook_secrets: Vec<String>,
}

impl std::fmt::Debug for StripeSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StripeSettings")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

/// What actions work with.
#[derive(Clone)]
pub struct App {
    pub deps: Deps,
    pub stripe: Option<Stripe>,
}

impl App {
    pub fn new(deps: Deps, settings: &Settings) -> anyhow::Result<Self> {
        let stripe = settings.stripe.as_ref().map(Stripe::new).transpose()?;
        Ok(Self { deps, stripe })
    }

    /// The provider of a card payment; it may have been taken out of the configuration since.
    pub fn stripe(&self) -> Result<&Stripe, Error> {
        self.stripe
            .as_ref()
            .ok_or_else(|| Error::unavailable(anyhow::anyhow!("Stripe is not configured")))
    }
}

pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// The schema, also for tests and the committed SDL.
pub fn schema(app: App) -> Schema {
    platform::service::schema(Query, Mutation, Subscription)
        .register_output_type::<Node>()
        .register_output_type::<error::UserError>()
        .data(app)
        .finish()
}

/// Loaders of one request.
pub fn request_data(app: &App) -> impl Fn(&Viewer, &mut async_graphql::Data) + Send + Sync + 'static {
    let db = app.deps.db.clone();
    move |viewer, data| {
        data.insert(platform::loader::batch(Reader {
            db: db.clone(),
            viewer: viewer.clone(),
        }));
    }
}

pub fn service(deps: Deps, settings: Settings) -> anyhow::Result<Service> {
    let rate = i32::try_from(settings.commission_basis_points)
        .ok()
        .filter(|rate| (0..=10_000).contains(rate));
    let rate =
        rate.ok_or_else(|| anyhow::anyhow!("payments: the commission must be 0 to 10000 basis points"))?;
    let app = App::new(deps.clone(), &settings)?;
    let service = Service::new(NAME, deps, schema(app.clone()), request_data(&app))
        .routes(webhooks::routes(app.clone()))
        .command(on(&app, commands::check_coupons))
        .command(on(&app, commands::hold_coupons))
        .command(on(&app, commands::release_coupons))
        .command(on(&app, commands::redeem_coupons))
        .command(on(&app, commands::reverse_coupons))
        .command(on(&app, commands::create_payment))
        .command(on(&app, commands::sync_payment))
        .command(on(&app, commands::cancel_payment))
        .command(on(&app, commands::capture_payment))
        .command(on(&app, commands::refund_payment))
        .command(on(&app, commands::reverse_shares))
        .on::<contracts::events::OrdersReassigned, _>(|tx, received| {
            Box::pin(store::owners::reassigned(tx, received))
        });
    let service = platform::privacy::keep::<store::privacy::Privacy>(service, &app.deps);
    let (parked, open, refunds) = (app.clone(), app.clone(), app.clone());
    Ok(service
        .worker(move |stop| async move {
            if let Err(error) = store::shares::set_platform_rate(app.deps.db.pool(), rate).await {
                tracing::error!(%error, "cannot set the platform's commission");
            }
            every("webhooks", &stop, Duration::from_secs(2), || {
                actions::webhook::work(&parked)
            })
            .await;
        })
        .worker(move |stop| async move {
            every("open payments", &stop, Duration::from_secs(5), || {
                actions::sync::poll(&open)
            })
            .await;
        })
        .worker(move |stop| async move {
            every("refunds", &stop, Duration::from_secs(5), || {
                actions::refund::poll(&refunds)
            })
            .await;
        }))
}

/// Gives a command handler the app.
fn on<C, R, Fut>(
    app: &App,
    handler: fn(App, platform::commands::Call, C) -> Fut,
) -> impl Fn(platform::commands::Call, C) -> Fut + Send + Sync + 'static
where
    C: 'static,
    Fut: Future<Output = Result<R, Error>> + Send + 'static,
{
    let app = app.clone();
    move |call, command| handler(app.clone(), call, command)
}

async fn every<F, Fut>(name: &str, stop: &tokio_util::sync::CancellationToken, period: Duration, step: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<bool, Error>>,
{
    worker::run(name, stop, &Notify::new(), period, step).await;
}

#[cfg(test)]
mod tests;
