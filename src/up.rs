//! `agora up`: everything on one machine, from an empty folder to a shop that answers.

use crate::{
    database::Databases,
    home::Home,
    media_role::DEFAULT_STORAGE,
    postgres::Cluster,
    router::{self, Kind, Router},
    seed,
    serve::{self, Shared},
    services::{SERVICES, port_offset},
    settings::ServiceSettings,
    state::{self, DataDir, Secrets},
};
use anyhow::{Context, Result};
use clap::Args;
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

/// Ports of the sandbox payment provider and of the media server, counted from the router's.
const SANDBOX_OFFSET: u16 = 10;
const MEDIA_OFFSET: u16 = 11;
const READY_WITHIN: Duration = Duration::from_secs(120);

/// Flags of `agora up`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Port of the router; services use the next eight, the sandbox payment provider the
    /// tenth after it, the media server the eleventh
    #[arg(long, env = "AGORA_PORT", default_value_t = 4000)]
    pub port: u16,

    /// Address to listen on
    #[arg(long, env = "AGORA_HOST", default_value = "127.0.0.1")]
    pub host: String,

    /// Data folder: private database, secrets, logs, mails, media
    #[arg(long, env = "AGORA_DATA", default_value = ".agora")]
    pub data: PathBuf,

    /// The project's folder, if it is not the current one
    #[arg(long, env = "AGORA_HOME")]
    pub home: Option<PathBuf>,

    /// Which router stands in front
    #[arg(long, env = "AGORA_ROUTER", value_enum, default_value = "agora")]
    pub router: Kind,

    /// A router binary instead of the one built from router/
    #[arg(long, env = "AGORA_ROUTER_BIN")]
    pub router_bin: Option<PathBuf>,

    /// Folder with initdb and pg_ctl, if they are not where they usually are
    #[arg(long, env = "AGORA_POSTGRES_BIN")]
    pub postgres_bin: Option<PathBuf>,

    /// Start with an empty shop
    #[arg(long)]
    pub no_seed: bool,

    /// Stop when standard input ends: whoever started this is gone
    #[arg(long, hide = true)]
    pub stop_at_eof: bool,

    #[command(flatten)]
    pub databases: Databases,
    #[command(flatten)]
    pub shared: Shared,
    #[command(flatten)]
    pub services: ServiceSettings,
}

/// Starts everything, prints where it is, and runs until `stop`.
pub async fn run(mut options: Options, stop: CancellationToken) -> Result<()> {
    let started = Instant::now();
    let home = Home::find(options.home.as_deref())?;
    let data = DataDir::open(&options.data)?;
    let secrets = data.secrets()?;
    configure(&mut options, &data, &secrets)?;
    if options.stop_at_eof {
        cancel_at_eof(stop.clone());
    }
    router::end_orphan(&data);

    // Everything that can be taken is taken first, before anything is changed.
    step("ports");
    let names: Vec<&str> = SERVICES.iter().map(|entry| entry.name).collect();
    let bound = serve::bind(&options.host, options.port, &names).await?;
    let media = serve::listen(&options.host, options.port + MEDIA_OFFSET, "the media server").await?;
    let sandbox = serve::listen(
        &options.host,
        options.port + SANDBOX_OFFSET,
        "the sandbox payment provider",
    )
    .await?;
    drop(serve::listen(&options.host, options.port, "the router").await?);

    let router = match options.router {
        Kind::None => None,
        kind => {
            step("router");
            let router_bin = options.router_bin.as_deref();
            let router = Router::prepare(kind, &home, &data, &options.host, options.port, router_bin)?;
            Some(router.with_key(&options.shared.router_key))
        }
    };
    let cluster = database(&mut options, &data, &secrets)?;
    let result = async {
        step("migrations");
        options.databases.migrate(|_| ()).await?;
        let settings = options.shared.settings(options.port, true).await?;
        let storage = options.services.place.open(&settings.service_key)?;
        let stripe = sandbox_options(sandbox, &options, &data, &secrets);
        let everything = CancellationToken::new();
        let services = tokio::spawn(drain(everything.clone(), {
            let (databases, services, stop) = (
                options.databases.clone(),
                options.services.clone(),
                everything.clone(),
            );
            async move { bound.run(&databases, settings, &services, stop).await }
        }));
        let provider = tokio::spawn(drain(
            everything.clone(),
            sandbox::serve(stripe, everything.clone()),
        ));
        let media = tokio::spawn(drain(
            everything.clone(),
            platform::storage::serve(storage, media, everything.clone()),
        ));
        let front = tokio::spawn(drain(everything.clone(), {
            let (router, stop) = (router.clone(), everything.clone());
            async move {
                match router {
                    Some(router) => router.run(stop).await,
                    None => {
                        stop.cancelled().await;
                        Ok(())
                    }
                }
            }
        }));
        let talk = announce(&options, router.as_ref(), started);
        tokio::select! {
            () = stop.cancelled() => {}
            () = everything.cancelled() => {}
            announced = talk => match announced {
                Ok(()) => tokio::select! { () = stop.cancelled() => {}, () = everything.cancelled() => {} },
                Err(error) => {
                    everything.cancel();
                    let _ = tokio::join!(front, services, media, provider);
                    return Err(error);
                }
            }
        }
        eprintln!("\nStopping …");
        everything.cancel();
        let (front, services, media, provider) = tokio::join!(front, services, media, provider);
        front?.and(services?).and(media?).and(provider?)
    }
    .await;
    if let Some(cluster) = cluster {
        cluster.stop()?;
    }
    result
}

/// On a thread of its own: reading standard input cannot be given up, and must not keep the runtime from ending.
fn cancel_at_eof(stop: CancellationToken) {
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        stop.cancel();
    });
}

/// Runs one part; when it ends, for whatever reason, the others end too.
async fn drain(everything: CancellationToken, part: impl Future<Output = Result<()>>) -> Result<()> {
    let result = part.await;
    everything.cancel();
    result
}

/// What an instance on one machine need not be told.
fn configure(options: &mut Options, data: &DataDir, secrets: &Secrets) -> Result<()> {
    let shared = &mut options.shared;
    shared.jwks = router::jwks(options.port);
    if shared.router_key.is_empty() {
        shared.router_key = state::random(32)?;
    }
    if shared.service_key.is_empty() {
        shared.service_key.clone_from(&secrets.service_key);
    }
    let services = &mut options.services;
    services
        .signing_key
        .get_or_insert_with(|| secrets.signing_key_pem.clone());
    if services.stripe_api_base.is_none() {
        services.stripe_api_base = Some(format!("http://127.0.0.1:{}", options.port + SANDBOX_OFFSET));
        services.stripe_secret_key.clone_from(&secrets.stripe_secret_key);
        services
            .stripe_publishable_key
            .clone_from(&secrets.stripe_publishable_key);
        services.stripe_webhook_secrets = vec![secrets.stripe_webhook_secret.clone()];
    }
    services.mail_dir = data.join("mail");
    let place = &mut services.place;
    place
        .media_url
        .get_or_insert_with(|| format!("http://127.0.0.1:{}", options.port + MEDIA_OFFSET));
    if place.storage_url == DEFAULT_STORAGE {
        place.storage_url = data.join("media").display().to_string();
    }
    Ok(())
}

/// The private cluster, unless the services were given databases.
fn database(options: &mut Options, data: &DataDir, secrets: &Secrets) -> Result<Option<Cluster>> {
    if options.databases.database_url.is_some()
        || SERVICES
            .iter()
            .all(|entry| options.databases.url(entry.name).is_ok())
    {
        return Ok(None);
    }
    step("database");
    let cluster = Cluster::prepare(data.path(), &secrets.database, options.postgres_bin.as_deref())?;
    cluster.start()?;
    options.databases.database_url = Some(cluster.url());
    options.databases.role_secret = Some(secrets.database.clone());
    Ok(Some(cluster))
}

fn sandbox_options(
    listener: tokio::net::TcpListener,
    options: &Options,
    data: &DataDir,
    secrets: &Secrets,
) -> sandbox::Options {
    let payments = options.port + port_offset("payments");
    sandbox::Options {
        listener,
        data_dir: Some(data.join("sandbox")),
        secret_key: secrets.stripe_secret_key.clone(),
        publishable_key: secrets.stripe_publishable_key.clone(),
        webhook_url: Some(format!("http://127.0.0.1:{payments}/webhooks/stripe")),
        webhook_secret: secrets.stripe_webhook_secret.clone(),
        public_url: format!("http://127.0.0.1:{}", options.port + SANDBOX_OFFSET),
    }
}

/// Waits until all answer, seeds, and prints where everything is.
async fn announce(options: &Options, router: Option<&Router>, started: Instant) -> Result<()> {
    step("readiness");
    let http = platform::http::client(Duration::from_secs(3))?;
    for entry in &SERVICES {
        let port = options.port + port_offset(entry.name);
        ready(&http, entry.name, &format!("http://127.0.0.1:{port}/readyz")).await?;
    }
    if let Some(router) = router {
        ready(&http, "the router", &router.ready_url()).await?;
        if !options.no_seed {
            step("seed");
            seed::run(&options.shared, options.port)
                .await
                .context("cannot seed the shop")?;
        }
    }
    print_table(options, started.elapsed());
    Ok(())
}

async fn ready(http: &reqwest::Client, what: &str, url: &str) -> Result<()> {
    let deadline = Instant::now() + READY_WITHIN;
    loop {
        let last = match http.get(url).send().await {
            Ok(response) if response.status().is_success() => return Ok(()),
            Ok(response) => response.text().await.unwrap_or_default(),
            Err(error) => error.to_string(),
        };
        anyhow::ensure!(
            Instant::now() < deadline,
            "{what} is not ready: {last}; see the logs in the data folder"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn step(what: &str) {
    eprintln!("  · {what}");
}

/// Where mails can be read.
fn mails(options: &Options) -> String {
    match options.services.smtp_url {
        Some(_) => "sent over SMTP".to_owned(),
        None => options.services.mail_dir.join("*.eml").display().to_string(),
    }
}

fn print_table(options: &Options, elapsed: Duration) {
    let base = format!("http://127.0.0.1:{}", options.port);
    let websocket = format!("ws://127.0.0.1:{}/graphql", options.port);
    let health = format!("{base}/healthz  {base}/readyz");
    let media = format!("http://127.0.0.1:{}/media/…", options.port + MEDIA_OFFSET);
    let sandbox = format!("http://127.0.0.1:{}", options.port + SANDBOX_OFFSET);
    let services = format!(
        "http://127.0.0.1:{}…{}/graphql",
        options.port + 1,
        options.port + 8
    );
    let mut rows = vec![
        ("GraphQL", format!("{base}/graphql")),
        ("GraphiQL", format!("{base}/graphiql")),
        (
            "Subscriptions",
            format!("{websocket}  (SSE and multipart: {base}/graphql)"),
        ),
        ("Health", health),
        (
            "Metrics",
            format!("{base}/metrics  http://127.0.0.1:{}/metrics", options.port + 1),
        ),
        ("Services", services),
        ("Payment sandbox", sandbox),
        ("Media", media),
        ("Mails", mails(options)),
        ("Data", options.data.display().to_string()),
    ];
    if options.router == Kind::Apollo {
        rows[1] = ("GraphiQL", "only with Agora's own router".to_owned());
        rows[2] = (
            "Subscriptions",
            format!(
                "ws://127.0.0.1:{}…{}/ws of the owning service",
                options.port + 1,
                options.port + 8
            ),
        );
    }
    println!("\nAgora is up ({:.1} s)\n", elapsed.as_secs_f64());
    for (name, value) in rows {
        println!("  {name:<16} {value}");
    }
    if !options.no_seed && options.router != Kind::None {
        println!("\n  Logins (password {})", seed::PASSWORD);
        for (role, email) in seed::LOGINS {
            println!("  {role:<16} {email}");
        }
    }
    println!("\nCtrl-C stops everything; the data stays.");
}
