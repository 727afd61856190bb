//! `agora reviews`: the reviews of a whole shop as a file, over the public API like everybody else.

use crate::catalog::{Access, bring};
use anyhow::Result;
use clap::Subcommand;
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Bring in the reviews of another shop; exit 1 if a line was refused
    Import {
        /// CSV or JSONL; docs/review-import.md says how it is written
        file: PathBuf,
        /// Only report what would happen
        #[arg(long)]
        dry_run: bool,
        /// Publish reviews whose line names no status; otherwise they wait for staff
        #[arg(long)]
        publish: bool,
        #[command(flatten)]
        access: Access,
    },
}

pub async fn run(command: Command) -> Result<()> {
    let Command::Import {
        file,
        dry_run,
        publish,
        access,
    } = command;
    import(&file, (dry_run, publish), &access).await
}

async fn import(file: &Path, (dry_run, publish): (bool, bool), access: &Access) -> Result<()> {
    let client = access.login().await?;
    let query = "mutation($format: CatalogFormat!, $publish: Boolean!, $dryRun: Boolean!, $key: ID!) {
        reviewImportCreate(format: $format, publish: $publish, dryRun: $dryRun, idempotencyKey: $key) {
            catalogImport { id format uploadUrl } userErrors { code message } } }";
    let variables = json!({ "format": access.format(Some(file)), "publish": publish, "dryRun": dry_run,
        "key": uuid::Uuid::now_v7().to_string() });
    let made = client.run(query, variables).await?["reviewImportCreate"]["catalogImport"].take();
    bring(&client, file, &made).await
}
