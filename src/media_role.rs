//! `agora media`: the media server as a process of its own, and where files are kept.

use anyhow::{Result, ensure};
use clap::Args;
use platform::{
    storage::{self, Storage},
    token::ServiceKey,
};
use tokio_util::sync::CancellationToken;

/// The store where nothing says otherwise; `agora up` has it in its data folder.
pub const DEFAULT_STORAGE: &str = ".agora/media";

/// Where files are kept and how they are reached; the same for products and the media server.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// Store of pictures, videos and catalogues: file:///folder, or s3://bucket?region=…&endpoint=…
    #[arg(
        long,
        env = "AGORA_STORAGE_URL",
        default_value = DEFAULT_STORAGE,
        help_heading = "Services"
    )]
    pub storage_url: String,

    /// URL of the media server as browsers reach it; by default on this machine
    #[arg(long, env = "AGORA_MEDIA_URL", help_heading = "Services")]
    pub media_url: Option<String>,
}

/// The port where nothing says otherwise, that of the router being 4000.
const PORT: u16 = 4011;

impl Place {
    pub fn open(&self, service_key: &ServiceKey) -> Result<Storage> {
        let here = || format!("http://127.0.0.1:{PORT}");
        Storage::open(&storage::Settings {
            url: self.storage_url.clone(),
            public_url: self.media_url.clone().unwrap_or_else(here),
            service_key: service_key.clone(),
        })
    }
}

/// Flags of `agora media`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Address to listen on
    #[arg(long, env = "AGORA_HOST", default_value = "127.0.0.1")]
    pub host: String,
    /// Port to listen on
    #[arg(long, env = "AGORA_MEDIA_PORT", default_value_t = PORT)]
    pub port: u16,
    /// Secret with which services call each other; signs URLs of uploads
    #[arg(long, env = "AGORA_SERVICE_KEY", hide_env_values = true, default_value = "")]
    pub service_key: String,
    #[command(flatten)]
    pub place: Place,
}

/// Serves until `stop`.
pub async fn run(options: Options, stop: CancellationToken) -> Result<()> {
    ensure!(
        !options.service_key.is_empty(),
        "set AGORA_SERVICE_KEY: URLs of uploads are signed with it"
    );
    let storage = options
        .place
        .open(&ServiceKey::new(options.service_key.clone()))?;
    let listener = crate::serve::listen(&options.host, options.port, "the media server").await?;
    storage::serve(storage, listener, stop).await
}
