//! `agora sandbox`: the payment sandbox as a process of its own, for compose files and Kubernetes.

use anyhow::Result;
use clap::Args;
use std::path::PathBuf;
use tokio_util::sync::CancellationToken;

/// Flags of `agora sandbox`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Address to listen on
    #[arg(long, env = "AGORA_HOST", default_value = "127.0.0.1")]
    pub host: String,
    /// Port to listen on
    #[arg(long, env = "SANDBOX_PORT", default_value_t = 4010)]
    pub port: u16,
    /// Folder for its journal; without it nothing outlives the process
    #[arg(long, env = "SANDBOX_DATA")]
    pub data_dir: Option<PathBuf>,
    /// Secret API key it accepts
    #[arg(long, env = "STRIPE_SECRET_KEY", hide_env_values = true)]
    pub secret_key: String,
    /// Publishable API key it accepts
    #[arg(long, env = "STRIPE_PUBLISHABLE_KEY")]
    pub publishable_key: String,
    /// Where it sends webhooks
    #[arg(long, env = "SANDBOX_WEBHOOK_URL")]
    pub webhook_url: Option<String>,
    /// With what it signs them
    #[arg(long, env = "STRIPE_WEBHOOK_SECRETS", hide_env_values = true)]
    pub webhook_secret: String,
    /// Its address as browsers reach it, for 3-D Secure redirects
    #[arg(long, env = "SANDBOX_PUBLIC_URL", default_value = "http://127.0.0.1:4010")]
    pub public_url: String,
}

/// Serves until `stop`.
pub async fn run(options: Options, stop: CancellationToken) -> Result<()> {
    let listener = crate::serve::listen(&options.host, options.port, "the sandbox payment provider").await?;
    let options = sandbox::Options {
        listener,
        data_dir: options.data_dir,
        secret_key: options.secret_key,
        publishable_key: options.publishable_key,
        webhook_url: options.webhook_url,
        webhook_secret: options.webhook_secret,
        public_url: options.public_url,
    };
    sandbox::serve(options, stop).await
}
