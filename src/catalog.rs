//! `agora catalog`: a vendor's whole catalogue as a file, over the public API like everybody else.

use crate::{
    client::Client,
    seed,
    upload::{self, TRANSFER},
};
use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Subcommand, ValueEnum};
use futures::TryStreamExt;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
    time::Duration,
};

/// How often the state of an import or export is read.
const LOOK: Duration = Duration::from_millis(500);
/// Refused lines that are shown.
const SHOWN: usize = 100;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Bring a file into a vendor's catalogue; exit 1 if a line was refused
    Import {
        /// CSV or JSONL; docs/catalog-import.md says how it is written
        file: PathBuf,
        /// Only report what would happen
        #[arg(long)]
        dry_run: bool,
        /// How far products are taken that are new or changed
        #[arg(long, value_enum, default_value = "draft")]
        stage: Stage,
        #[command(flatten)]
        target: Target,
    },
    /// Write a vendor's catalogue to a file, or to standard output
    Export {
        /// Where to; must not exist
        file: Option<PathBuf>,
        #[command(flatten)]
        target: Target,
    },
}

/// Whose catalogue, and who asks.
#[derive(Debug, Args)]
pub struct Target {
    /// Slug of the vendor
    #[arg(long)]
    vendor: String,
    #[command(flatten)]
    access: Access,
}

/// How a file is written, and who brings it where.
#[derive(Debug, Args)]
pub struct Access {
    /// How the file is written; by default as the name of the file says, else CSV
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// GraphQL endpoint of the shop
    #[arg(long, env = "AGORA_URL", default_value = "http://127.0.0.1:4000/graphql")]
    url: String,
    /// Login of a member of the vendor or of staff
    #[arg(long, env = "AGORA_EMAIL", default_value = "staff@agora.example")]
    email: String,
    /// Password of the login
    #[arg(long, env = "AGORA_PASSWORD", hide_env_values = true, hide_default_value = true, default_value = seed::PASSWORD)]
    password: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Format {
    Csv,
    Jsonl,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Stage {
    Draft,
    Submit,
    Approve,
    Publish,
}

/// The name of an enum value in the schema.
fn name(value: &impl ValueEnum) -> String {
    let value = value.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_uppercase())
}

impl Access {
    pub async fn login(&self) -> Result<Client> {
        let client = Client::new(&self.url)?;
        client
            .stay_logged_in(&self.email, &self.password)
            .await
            .context("cannot log in")
    }

    pub fn format(&self, file: Option<&Path>) -> String {
        let extension = file
            .and_then(Path::extension)
            .and_then(|extension| extension.to_str());
        match (self.format, extension) {
            (Some(format), _) => name(&format),
            (None, Some("jsonl" | "ndjson" | "json")) => name(&Format::Jsonl),
            (None, _) => name(&Format::Csv),
        }
    }
}

impl Target {
    async fn vendor(&self, client: &Client) -> Result<Value> {
        let query = "query($slug: String!) { vendor(by: { slug: $slug }) { id } }";
        let data = client.run(query, json!({ "slug": self.vendor })).await?;
        let id = data["vendor"]["id"].clone();
        ensure!(!id.is_null(), "there is no vendor {:?}", self.vendor);
        Ok(id)
    }
}

pub async fn run(command: Command) -> Result<()> {
    match command {
        Command::Import {
            file,
            dry_run,
            stage,
            target,
        } => import(&file, dry_run, stage, &target).await,
        Command::Export { file, target } => export(file.as_deref(), &target).await,
    }
}

async fn import(file: &Path, dry_run: bool, stage: Stage, target: &Target) -> Result<()> {
    let client = target.access.login().await?;
    let query = "mutation($vendor: ID!, $format: CatalogFormat!, $stage: CatalogImportStage!, $dryRun: Boolean!, $key: ID!) {
        catalogImportCreate(vendorId: $vendor, format: $format, stage: $stage, dryRun: $dryRun, idempotencyKey: $key) {
            catalogImport { id format uploadUrl } userErrors { code message } } }";
    let variables = json!({ "vendor": target.vendor(&client).await?, "format": target.access.format(Some(file)),
        "stage": name(&stage), "dryRun": dry_run, "key": uuid::Uuid::now_v7().to_string() });
    let made = client.run(query, variables).await?["catalogImportCreate"]["catalogImport"].take();
    bring(&client, file, &made).await
}

/// Sends the file to where an import waits for it, follows it to its end and says how it went.
pub async fn bring(client: &Client, file: &Path, import: &Value) -> Result<()> {
    let url = import["uploadUrl"]
        .as_str()
        .context("no address to send the file to")?;
    upload::send(url, file, content_type(import)).await?;
    let done = follow(client, &import["id"]).await?;
    report(client, &done).await
}

/// What a file is sent as.
fn content_type(import: &Value) -> &'static str {
    match import["format"] == "CSV" {
        true => "text/csv",
        false => "application/jsonl",
    }
}

/// Where the file of an export is, once it is written.
async fn written(client: &Client, id: &Value) -> Result<String> {
    let query = "query($id: ID!) { catalogExport(id: $id) { status url } }";
    loop {
        let export = client.run(query, json!({ "id": id })).await?["catalogExport"].take();
        match (export["status"].as_str(), export["url"].as_str()) {
            (_, Some(url)) => return Ok(url.to_owned()),
            (Some("QUEUED" | "RUNNING"), None) => tokio::time::sleep(LOOK).await,
            _ => bail!("the export could not be written"),
        }
    }
}

/// Shows the progress until there is none any more.
async fn follow(client: &Client, id: &Value) -> Result<Value> {
    let query = "query($id: ID!) { catalogImport(id: $id) { id status error progress lineCount
        createdCount updatedCount unchangedCount refusedCount } }";
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} % {msg} {elapsed_precise} eta {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(1000).with_style(style);
    loop {
        let import = client.run(query, json!({ "id": id })).await?["catalogImport"].take();
        bar.set_position((import["progress"].as_f64().unwrap_or(0.0) * 1000.0) as u64);
        bar.set_message(format!("{} lines", import["lineCount"]));
        if matches!(
            import["status"].as_str(),
            Some("COMPLETED" | "FAILED" | "CANCELLED") | None
        ) {
            bar.finish();
            return Ok(import);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Says how it went, and which lines had no effect.
async fn report(client: &Client, import: &Value) -> Result<()> {
    println!(
        "{}: {} created, {} updated, {} unchanged, {} refused",
        import["status"].as_str().unwrap_or("gone"),
        import["createdCount"],
        import["updatedCount"],
        import["unchangedCount"],
        import["refusedCount"]
    );
    let query = "query($id: ID!, $first: Int!) { catalogImport(id: $id) {
        lines(first: $first, status: [REFUSED]) { nodes { line sku errors { code message } } } } }";
    let refused = import["refusedCount"].as_u64().unwrap_or(0);
    if refused > 0 {
        let data = client
            .run(query, json!({ "id": import["id"], "first": SHOWN }))
            .await?;
        for line in data["catalogImport"]["lines"]["nodes"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
            let (sku, error) = (text(&line["sku"]), &line["errors"][0]);
            let (code, message) = (text(&error["code"]), text(&error["message"]));
            // Debug output shows control characters instead of sending them to the terminal.
            println!("line {}, {sku:?}: {code} {message:?}", line["line"]);
        }
    }
    ensure!(
        import["status"] == "COMPLETED",
        "{}",
        import["error"].as_str().unwrap_or("the import has ended early")
    );
    ensure!(refused == 0, "{refused} lines were refused");
    Ok(())
}

async fn export(file: Option<&Path>, target: &Target) -> Result<()> {
    let client = target.access.login().await?;
    let query = "mutation($vendor: ID!, $format: CatalogFormat!) {
        catalogExportCreate(vendorId: $vendor, format: $format) {
            catalogExport { id } userErrors { code message } } }";
    let variables = json!({ "vendor": target.vendor(&client).await?, "format": target.access.format(file) });
    let made = client.run(query, variables).await?["catalogExportCreate"]["catalogExport"].take();
    let url = written(&client, &made["id"]).await?;
    let answer = platform::http::client(TRANSFER)?
        .get(url)
        .send()
        .await?
        .error_for_status()?;
    // Blocking writes: this process does nothing else.
    let mut out: Box<dyn std::io::Write> = match file {
        Some(file) => Box::new(std::fs::File::create_new(file).with_context(|| file.display().to_string())?),
        None => Box::new(std::io::stdout()),
    };
    let bar = match std::io::stderr().is_terminal() {
        true => ProgressBar::new_spinner(),
        false => ProgressBar::hidden(),
    };
    let mut pages = answer.bytes_stream();
    // A stream that breaks off is an error here, never a short file that looks complete.
    while let Some(page) = pages.try_next().await.context("the export broke off")? {
        out.write_all(&page)?;
        bar.inc(u64::try_from(page.len())?);
        bar.set_message(format!("{} KB", bar.position() / 1024));
    }
    out.flush()?;
    bar.finish_and_clear();
    Ok(())
}
