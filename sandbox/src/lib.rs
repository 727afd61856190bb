//! The sandbox payment provider: an HTTP server that speaks the part of Stripe's public API that a shop needs, with
//! test cards, signed webhooks, a durable ledger of its own, and faults on demand.
//!
//! An adapter written for Stripe works against it with only the base URL changed. What differs is said in the module
//! that differs. Beyond Stripe there are `/sandbox/...` (faults, outcomes, ledger, flush) and `/3ds/...` (the bank).

mod api;
mod app;
mod auth;
mod cards;
mod control;
mod cut;
mod deliver;
mod error;
mod faults;
mod http;
mod idempotency;
mod ids;
mod journal;
mod ledger;
mod money;
mod objects;
mod params;
mod pipeline;
mod queue;
mod sign;
mod state;
mod table;
mod threeds;
mod tx;

use anyhow::{Context as _, ensure};
use app::{App, Config};
use std::{future::IntoFuture as _, path::PathBuf, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// How long open connections may take to finish after a shutdown was asked for.
const GRACE: Duration = Duration::from_secs(5);

pub struct Options {
    pub listener: tokio::net::TcpListener,
    /// Where the journal lives. Without it everything is forgotten at the end.
    pub data_dir: Option<PathBuf>,
    /// `sk_test_...`
    pub secret_key: String,
    /// `pk_test_...`
    pub publishable_key: String,
    /// Where events are delivered. Without it they can only be read.
    pub webhook_url: Option<String>,
    /// `whsec_...`
    pub webhook_secret: String,
    /// The address under which browsers reach this server, for the 3-D Secure page.
    pub public_url: String,
}

/// Serves until `shutdown`, then finishes open requests and writes the journal to its end.
pub async fn serve(options: Options, shutdown: CancellationToken) -> anyhow::Result<()> {
    let Options {
        listener,
        data_dir,
        secret_key,
        publishable_key,
        webhook_url,
        webhook_secret,
        public_url,
    } = options;
    ensure!(
        !secret_key.is_empty() && secret_key != publishable_key,
        "the secret key must be set and be secret"
    );
    if let Some(url) = &webhook_url {
        reqwest::Url::parse(url).context("the webhook URL is not a URL")?;
    }
    let (state, file) = tokio::task::spawn_blocking(move || load(data_dir)).await??;
    tracing::info!(
        intents = state.intents.len(),
        pending = state.queue.len(),
        "sandbox provider ready"
    );
    let (journal, writer) = journal::Journal::new(file);
    let public_url = public_url.trim_end_matches('/').to_owned();
    let config = Config {
        secret_key,
        publishable_key,
        webhook_url,
        webhook_secret,
        public_url,
    };
    let app = Arc::new(App::new(config, journal, deliver::client()?, state));

    // A journal that can no longer be written stops the server: it must not promise what it cannot keep.
    let stop = shutdown.child_token();
    let written = CancellationToken::new();
    let writing = tokio::spawn(write(writer, written.clone(), stop.clone()));
    let postman = tokio::spawn(deliver::run(app.clone(), stop.clone()));
    let served = listen(listener, app, stop.clone()).await;
    stop.cancel();
    postman.await.context("the webhook worker died")?;
    written.cancel();
    writing.await.context("the journal writer died")??;
    served
}

fn load(data_dir: Option<PathBuf>) -> anyhow::Result<(state::State, Option<std::fs::File>)> {
    let mut state = state::State::default();
    let file = data_dir.map(|dir| journal::open(&dir, &mut state)).transpose()?;
    state.queue.release();
    Ok((state, file))
}

async fn write(
    writer: Option<journal::Writer>,
    written: CancellationToken,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let Some(writer) = writer else { return Ok(()) };
    let result = writer.run(written).await;
    if let Err(error) = &result {
        tracing::error!(%error, "the journal failed, stopping");
        stop.cancel();
    }
    result
}

async fn listen(
    listener: tokio::net::TcpListener,
    app: Arc<App>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let service = http::router(app).into_make_service_with_connect_info::<cut::Cut>();
    let server = axum::serve(cut::CuttableListener(listener), service)
        .with_graceful_shutdown(stop.clone().cancelled_owned())
        .into_future();
    let overdue = async {
        stop.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        result = server => result.context("the server failed"),
        () = overdue => {
            tracing::warn!("some connections did not finish in time");
            Ok(())
        }
    }
}
