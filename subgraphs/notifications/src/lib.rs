//! Tells people what happens: messages in the app and mails, made from the facts of other services.
//!
//! - [`consumers`]: which fact tells whom what; [`domain::draft`] has the table
//! - [`actions::notify`]: one message per fact and reader, at the next position of their mailbox
//! - [`actions::crowd`]: the same for many readers at once; [`actions::topics`] finds who has subscribed
//! - [`actions::vendors`]: asks the users service for a vendor's members
//! - [`actions::deliver`]: asks the users service for addresses and sends mails; addresses are not stored
//! - [`commands`]: messages of the account itself, whose secrets are forgotten once they are sent
//! - [`schema`]: the API

pub mod actions;
pub mod commands;
pub mod consumers;
pub mod domain;
pub mod mail;
pub mod schema;
pub mod store;

pub use mail::Mail;

use actions::deliver::PERIOD;
use mail::Mailer;
use platform::{
    Error, Viewer,
    service::{Deps, Service},
    worker,
};
use schema::{Node, loaders::Reader, mutation::Mutation, query::Query, subscription::Subscription};
use std::future::Future;
use tokio::sync::Notify;

pub const NAME: &str = "notifications";
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// What only this service is configured with.
#[derive(Debug, Clone)]
pub struct Settings {
    pub mail: Mail,
    /// Sender of all mails: `Agora <shop@agora.example>`.
    pub from: String,
}

pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// The schema, also for tests and the committed SDL.
pub fn schema(deps: Deps) -> Schema {
    platform::service::schema(Query, Mutation::default(), Subscription)
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

pub fn service(deps: Deps, settings: Settings) -> anyhow::Result<Service> {
    let mailer = Mailer::new(&settings.mail, &settings.from)?;
    let account = deps.clone();
    let (mails, vendors, topics) = (deps.clone(), deps.clone(), deps.clone());
    let service = Service::new(NAME, deps.clone(), schema(deps.clone()), request_data(&deps));
    Ok(platform::privacy::keep::<store::privacy::Privacy>(service, &deps)
        .command(move |call, command| {
            let deps = account.clone();
            async move { commands::send_account_message(&deps, call, command).await }
        })
        .on(|tx, fact| Box::pin(consumers::order(tx, fact)))
        .on(|tx, fact| Box::pin(consumers::vendor_order(tx, fact)))
        .on(|tx, fact| Box::pin(consumers::refund(tx, fact)))
        .on(|tx, fact| Box::pin(consumers::shipment(tx, fact)))
        .on(|tx, fact| Box::pin(consumers::vendor(tx, fact)))
        .on(|tx, fact| Box::pin(consumers::low_stock(tx, fact)))
        .on(|tx, fact| Box::pin(consumers::variant_news(tx, fact)))
        .on(|tx, fact| Box::pin(consumers::wishes(tx, fact)))
        .worker(move |stop| async move {
            work("mails", &mails, "email", &stop, || {
                actions::deliver::deliver(&mails, &mailer)
            })
            .await;
        })
        .worker(move |stop| async move {
            work("messages to vendors", &vendors, "vendor", &stop, || {
                actions::vendors::resolve(&vendors)
            })
            .await;
        })
        .worker(move |stop| async move {
            work("news to subscribers", &topics, "topic", &stop, || {
                actions::topics::step(&topics)
            })
            .await;
        }))
}

/// Runs `step` when something of this kind was committed, and now and then by itself.
async fn work<F, Fut>(
    name: &str,
    deps: &Deps,
    kind: &str,
    stop: &tokio_util::sync::CancellationToken,
    step: F,
) where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<bool, Error>>,
{
    let wake = Notify::new();
    let mut follower = deps.live.follow("outgoing", Some(kind.to_owned()));
    let bridge = async {
        loop {
            follower.changed().await;
            wake.notify_one();
        }
    };
    tokio::select! {
        () = worker::run(name, stop, &wake, PERIOD, step) => {}
        () = bridge => {}
    }
}

#[cfg(test)]
mod tests;
