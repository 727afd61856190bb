//! `agora`: one binary for every role.

use agora::{
    catalog, database::Databases, doctor, import, operator, reviews, search, serve, services::SERVICES,
    settings::ServiceSettings, up,
};
use anyhow::Result;
use clap::{Parser, Subcommand};
use platform::telemetry::{self, LogFormat};
use std::path::PathBuf;
use tokio_util::sync::CancellationToken;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// An open commerce supergraph: eight services and a federation router.
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// What to log, in RUST_LOG syntax
    #[arg(
        long,
        env = "RUST_LOG",
        default_value = "info,sqlx=warn",
        global = true,
        hide_default_value = true
    )]
    log: String,
    /// How to log
    #[arg(
        long,
        env = "AGORA_LOG_FORMAT",
        value_enum,
        default_value = "json",
        global = true
    )]
    log_format: LogFormat,
    /// Count SQL statements per request, for the metrics
    #[arg(long, env = "AGORA_COUNT_SQL", global = true, hide = true)]
    count_sql: bool,
    #[command(subcommand)]
    role: Role,
}

#[derive(Subcommand)]
enum Role {
    /// Run everything on this machine: database, services, payment sandbox, router
    Up(Box<up::Options>),
    /// Run some services, each at its own port
    Serve(Box<Serve>),
    /// Create and update the databases of all services
    Migrate(Databases),
    /// Fill a running shop with products, people, orders and reviews; repeating it changes nothing
    Seed(Box<Seed>),
    /// Make a login of a running shop, for example its first administrator
    #[command(subcommand)]
    User(User),
    /// Show and change the keys that sign access tokens of a running shop
    #[command(subcommand)]
    Keys(Keys),
    /// Bring data of another shop into a running one
    #[command(subcommand)]
    Import(Import),
    /// Bring a vendor's whole catalogue in or out as a file
    #[command(subcommand)]
    Catalog(catalog::Command),
    /// Bring reviews of another shop in as a file
    #[command(subcommand)]
    Reviews(reviews::Command),
    /// Care of the search index of a running shop
    #[command(subcommand)]
    Search(Search),
    /// Check the invariants over all databases; exit 1 with the rows that break one
    Doctor(Located),
    /// Run the media server alone: it takes uploads and hands out pictures and videos
    Media(agora::media_role::Options),
    /// Run the sandbox payment provider alone
    Sandbox(agora::sandbox_role::Options),
}

#[derive(Subcommand)]
enum Keys {
    /// Show the keys
    List(Target),
    /// Make a new key, which signs a minute later; tokens of the old one stay good until they end
    Rotate(Target),
    /// End a key and all its tokens within a minute, for a key that has leaked
    Retire {
        /// As `agora keys list` shows it
        kid: String,
        #[command(flatten)]
        target: Target,
    },
}

#[derive(Subcommand)]
enum User {
    /// Make a login; one that exists is left as it is
    Create {
        #[command(flatten)]
        new: operator::NewUser,
        #[command(flatten)]
        target: Target,
    },
}

#[derive(Subcommand)]
enum Import {
    /// The "Online Retail" data set (doi:10.24432/C5BW33), CSV, gzipped or not
    OnlineRetail {
        /// The file
        file: PathBuf,
        /// Import only the first N invoices
        #[arg(long)]
        invoices: Option<usize>,
        #[command(flatten)]
        target: Target,
    },
}

#[derive(Subcommand)]
enum Search {
    /// Say what the index is like
    Status(Target),
    /// Build a new index beside the one in use, and then put it in its place
    Rebuild {
        /// Language whose word endings do not matter, such as english or german
        #[arg(long)]
        language: Option<String>,
        #[command(flatten)]
        target: Target,
    },
    /// Replace all synonyms by those of a file: a group of words on each line, separated by commas
    Synonyms {
        /// The file
        file: PathBuf,
        #[command(flatten)]
        target: Target,
    },
}

/// Services in this process.
#[derive(clap::Args)]
struct Serve {
    /// Names of services; none means all
    names: Vec<String>,
    /// Port from which services count: users has the next one, analytics the eighth
    #[arg(long, env = "AGORA_PORT", default_value_t = 4000)]
    port: u16,
    /// Address to listen on
    #[arg(long, env = "AGORA_HOST", default_value = "127.0.0.1")]
    host: String,
    #[command(flatten)]
    databases: Databases,
    #[command(flatten)]
    shared: serve::Shared,
    #[command(flatten)]
    services: ServiceSettings,
}

/// What a shop is filled with.
#[derive(clap::Args)]
struct Seed {
    /// Only the few users, products and rules that `agora up` begins with
    #[arg(long)]
    basic: bool,
    /// The same number makes the same shop
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// 300 products and 3,000 reviews for each unit; customers and orders grow with its square root
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=400))]
    scale: u16,
    /// Where the test cards of the seeded orders are charged; by default the sandbox ten ports above the router's
    #[arg(long, env = "STRIPE_API_BASE")]
    payments: Option<String>,
    /// Publishable key there; by default the one in the data folder
    #[arg(long, env = "STRIPE_PUBLISHABLE_KEY")]
    publishable_key: Option<String>,
    #[command(flatten)]
    target: Target,
}

/// A running shop.
#[derive(clap::Args)]
struct Target {
    /// Port of its router
    #[arg(long, env = "AGORA_PORT", default_value_t = 4000)]
    port: u16,
    /// Its data folder, where the secrets are
    #[arg(long, env = "AGORA_DATA", default_value = ".agora")]
    data: PathBuf,
    #[command(flatten)]
    shared: serve::Shared,
}

/// Databases, given or found in a data folder.
#[derive(clap::Args)]
struct Located {
    #[arg(long, env = "AGORA_DATA", default_value = ".agora")]
    data: PathBuf,
    /// Folder with initdb and pg_ctl, if they are not where they usually are
    #[arg(long, env = "AGORA_POSTGRES_BIN")]
    postgres_bin: Option<PathBuf>,
    #[command(flatten)]
    databases: Databases,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    // Deep selections recurse; debug builds overflow the usual 2 MiB.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(8 << 20)
        .build()?;
    platform::http::use_ring();
    runtime.block_on(run(cli))
}

async fn run(cli: Cli) -> Result<()> {
    let file = match &cli.role {
        Role::Up(options) => Some(agora::state::DataDir::open(&options.data)?.log("agora.log")?),
        _ => None,
    };
    telemetry::init(cli.log_format, &cli.log, cli.count_sql, file);
    telemetry::metrics();
    match cli.role {
        Role::Up(options) => up::run(*options, on_signal()).await,
        Role::Serve(options) => serve(*options).await,
        Role::Migrate(databases) => databases.migrate(|name| eprintln!("  · {name}")).await,
        Role::Seed(options) => seed(*options).await,
        Role::User(User::Create { new, target }) => {
            operator::create_user(&target.shared()?, target.port, new).await
        }
        Role::Keys(what) => keys(what).await,
        Role::Import(Import::OnlineRetail {
            file,
            invoices,
            target,
        }) => import::run(&file, invoices, &target.shared()?, target.port).await,
        Role::Catalog(command) => catalog::run(command).await,
        Role::Reviews(command) => reviews::run(command).await,
        Role::Search(Search::Status(target)) => search::show(&target.shared()?, target.port).await,
        Role::Search(Search::Rebuild { language, target }) => {
            search::rebuild(&target.shared()?, target.port, language).await
        }
        Role::Search(Search::Synonyms { file, target }) => {
            search::synonyms(&target.shared()?, target.port, &file).await
        }
        Role::Doctor(located) => doctor::run(&located.databases()?).await,
        Role::Media(options) => agora::media_role::run(options, on_signal()).await,
        Role::Sandbox(options) => agora::sandbox_role::run(options, on_signal()).await,
    }
}

async fn keys(what: Keys) -> Result<()> {
    let (what, target) = match what {
        Keys::List(target) => (operator::Keys::List, target),
        Keys::Rotate(target) => (operator::Keys::Rotate, target),
        Keys::Retire { kid, target } => (operator::Keys::Retire { kid }, target),
    };
    operator::keys(&target.shared()?, target.port, what).await
}

async fn seed(options: Seed) -> Result<()> {
    let (target, shared) = (&options.target, options.target.shared()?);
    if options.basic {
        return agora::seed::run(&shared, target.port).await;
    }
    let provider = agora::seed::Provider {
        url: options
            .payments
            .unwrap_or_else(|| format!("http://127.0.0.1:{}", target.port + 10)),
        publishable_key: match options.publishable_key {
            Some(key) => key,
            None => {
                agora::state::DataDir::open(&target.data)?
                    .secrets()?
                    .stripe_publishable_key
            }
        },
    };
    let scale = usize::from(options.scale);
    agora::seed::fill(&shared, target.port, &provider, options.seed, scale).await
}

async fn serve(options: Serve) -> Result<()> {
    let all: Vec<&str> = SERVICES.iter().map(|entry| entry.name).collect();
    let names: Vec<&str> = match options.names.is_empty() {
        true => all.clone(),
        false => options.names.iter().map(String::as_str).collect(),
    };
    let bound = serve::bind(&options.host, options.port, &names).await?;
    let settings = options
        .shared
        .settings(options.port, all.iter().all(|name| names.contains(name)))
        .await?;
    bound
        .run(&options.databases, settings, &options.services, on_signal())
        .await
}

impl Target {
    /// The secrets of the data folder, where none are given.
    fn shared(&self) -> Result<serve::Shared> {
        let mut shared = self.shared.clone();
        if shared.service_key.is_empty() {
            shared.service_key = agora::state::DataDir::open(&self.data)?.secrets()?.service_key;
        }
        Ok(shared)
    }
}

impl Located {
    fn databases(&self) -> Result<Databases> {
        let mut databases = self.databases.clone();
        if SERVICES
            .iter()
            .any(|entry| databases.owner_url(entry.name).is_err())
        {
            let data = agora::state::DataDir::open(&self.data)?;
            let secrets = data.secrets()?;
            let bin = self.postgres_bin.as_deref();
            let cluster = agora::postgres::Cluster::prepare(data.path(), &secrets.database, bin)?;
            databases.database_url = Some(cluster.url());
        }
        Ok(databases)
    }
}

/// Cancelled by Ctrl-C or SIGTERM; a second Ctrl-C ends the process at once.
fn on_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        let terminated = async {
            match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
                Ok(mut signal) => {
                    signal.recv().await;
                }
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            () = terminated => {}
        }
        token.cancel();
        let _ = tokio::signal::ctrl_c().await;
        std::process::exit(130);
    });
    stop
}
