//! Runs a chosen set of services in this process.

use crate::{
    database::Databases,
    services::{Entry, SERVICES, find, port_offset},
    settings::ServiceSettings,
};
use anyhow::{Context, Result, ensure};
use clap::Args;
use platform::{
    Commands,
    config::Settings,
    events::bus::Bus,
    service::Deps,
    token::{KeySource, ServiceKey},
};
use std::{collections::HashMap, sync::Arc};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// What every process of an instance must agree on.
#[derive(Debug, Clone, Args)]
pub struct Shared {
    /// Redis, which carries events between processes; needed unless all services run in one
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    pub redis_url: Option<String>,

    /// JWKS file or URL with the public keys of access tokens
    #[arg(
        long,
        env = "AGORA_JWKS",
        default_value = "http://127.0.0.1:4001/.well-known/jwks.json"
    )]
    pub jwks: String,

    /// Secret with which services call each other
    #[arg(long, env = "AGORA_SERVICE_KEY", hide_env_values = true, default_value = "")]
    pub service_key: String,

    /// Secret with which the router tells services the addresses of its clients; without it they do not know
    #[arg(long, env = "AGORA_ROUTER_KEY", hide_env_values = true, default_value = "")]
    pub router_key: String,

    /// Addresses of services that are not at their default, `name=url`, comma-separated
    #[arg(long = "url", env = "AGORA_SERVICE_URLS", value_delimiter = ',')]
    pub urls: Vec<String>,

    /// URL of the router as people reach it
    #[arg(long, env = "AGORA_PUBLIC_URL")]
    pub public_url: Option<String>,

    /// URL of the storefront, for links in mails; without it they lead to GraphiQL
    #[arg(long, env = "AGORA_STOREFRONT_URL")]
    pub storefront_url: Option<String>,

    /// Database connections of each service
    #[arg(long, env = "AGORA_POOL_SIZE", default_value_t = 16)]
    pub pool_size: u32,
}

/// A set of services with their sockets bound: from here on no port can be missing.
pub struct Bound {
    entries: Vec<(&'static Entry, TcpListener)>,
}

/// Binds the sockets of `names` at `base` + 1 … `base` + 8.
pub async fn bind(host: &str, base: u16, names: &[&str]) -> Result<Bound> {
    let mut entries = Vec::new();
    for name in names {
        let entry = find(name).with_context(|| {
            let all: Vec<_> = SERVICES.iter().map(|entry| entry.name).collect();
            format!("there is no service {name:?}; there are {}", all.join(", "))
        })?;
        entries.push((entry, listen(host, base + port_offset(name), name).await?));
    }
    Ok(Bound { entries })
}

/// Binds one socket, or says who needs it and what to do.
pub async fn listen(host: &str, port: u16, what: &str) -> Result<TcpListener> {
    let taken = || format!("port {port}, which {what} needs, is taken; choose another range with --port");
    TcpListener::bind((host, port)).await.with_context(taken)
}

impl Shared {
    /// Connects to the bus and works out where the services are.
    pub async fn settings(&self, base: u16, all_here: bool) -> Result<Settings> {
        ensure!(
            !self.service_key.is_empty(),
            "set AGORA_SERVICE_KEY: services refuse calls without it"
        );
        ensure!(
            all_here || self.redis_url.is_some(),
            "services in several processes need REDIS_URL: events could not reach each other"
        );
        let bus = match &self.redis_url {
            Some(url) => Bus::redis(url).await?,
            None => Bus::local(),
        };
        let keys: KeySource = self
            .jwks
            .parse()
            .unwrap_or_else(|never: std::convert::Infallible| match never {});
        let public_url = self.public_url.clone();
        let public_url = public_url.unwrap_or_else(|| format!("http://127.0.0.1:{base}"));
        let storefront_url = self.storefront_url.clone();
        Ok(Settings {
            urls: Arc::new(self.service_urls(base)?),
            keys,
            service_key: ServiceKey::new(self.service_key.clone()),
            router_key: platform::client::RouterKey::new(&self.router_key),
            bus,
            routes: contracts::ROUTES,
            pool_size: self.pool_size,
            storefront_url: storefront_url
                .unwrap_or_else(|| format!("{}/graphiql#", public_url.trim_end_matches('/'))),
            public_url,
        })
    }

    /// Asks services in the operator's name, who is whoever knows the service key.
    pub fn operator(&self, base: u16) -> Result<Commands> {
        let key = ServiceKey::new(self.service_key.clone());
        Commands::new("agora", key, Arc::new(self.service_urls(base)?))
    }

    fn service_urls(&self, base: u16) -> Result<HashMap<String, String>> {
        let default = |entry: &Entry| {
            (
                entry.name.to_owned(),
                format!("http://127.0.0.1:{}", base + port_offset(entry.name)),
            )
        };
        let mut urls: HashMap<_, _> = SERVICES.iter().map(default).collect();
        for pair in &self.urls {
            let (name, url) = pair
                .split_once('=')
                .with_context(|| format!("{pair:?} is not name=url"))?;
            ensure!(urls.contains_key(name), "there is no service {name:?}");
            urls.insert(name.to_owned(), url.trim_end_matches('/').to_owned());
        }
        Ok(urls)
    }
}

impl Bound {
    /// Connects and runs the services until `stop`. All of them are connected before the first one answers.
    pub async fn run(
        self,
        databases: &Databases,
        settings: Settings,
        services: &ServiceSettings,
        stop: CancellationToken,
    ) -> Result<()> {
        let settings = Arc::new(settings);
        let mut ready = Vec::new();
        for (entry, listener) in self.entries {
            let deps =
                Deps::connect(entry.name, &databases.url(entry.name)?, settings.clone(), &stop).await?;
            ready.push(((entry.build)(deps, services)?, listener));
        }
        let mut running = JoinSet::new();
        for (service, listener) in ready {
            running.spawn(service.run(listener, stop.clone()));
        }
        let mut result = Ok(());
        while let Some(ended) = running.join_next().await {
            let ended = ended.map_err(anyhow::Error::from).and_then(|result| result);
            stop.cancel();
            result = result.and(ended);
        }
        result
    }
}
