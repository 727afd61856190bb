//! Files that are made up line by line and brought in like everybody's: nothing of them is kept in memory.

use crate::{client::Client, upload};
use anyhow::{Context, Result, bail, ensure};
use indicatif::ProgressBar;
use serde_json::{Value, json};
use std::{
    io::{BufWriter, Write},
    path::PathBuf,
    time::Duration,
};

/// How often the state of an import is read.
const LOOK: Duration = Duration::from_millis(200);

/// A file that goes when it is done with.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Sends the lines as JSON Lines to where an import waits for them, and follows it to its end. The same lines again
/// change nothing.
pub(super) async fn bring(
    staff: &Client,
    import: &Value,
    lines: impl Iterator<Item = Value>,
    bar: &ProgressBar,
) -> Result<()> {
    let name = format!("agora-seed-{}.jsonl", uuid::Uuid::now_v7());
    let file = Scratch(std::env::temp_dir().join(name));
    let mut out = BufWriter::new(std::fs::File::create_new(&file.0)?);
    for line in lines {
        writeln!(out, "{line}")?;
    }
    out.into_inner()?.sync_all()?;
    let url = import["uploadUrl"]
        .as_str()
        .context("nowhere to send the file to")?;
    upload::send(url, &file.0, "application/jsonl").await?;
    drop(file);
    follow(staff, &import["id"], bar).await
}

async fn follow(staff: &Client, id: &Value, bar: &ProgressBar) -> Result<()> {
    let query = "query($id: ID!) { catalogImport(id: $id) { status error lineCount refusedCount
        lines(first: 1, status: [REFUSED]) { nodes { line errors { code message path } } } } }";
    loop {
        let import = staff.run(query, json!({ "id": id })).await?["catalogImport"].take();
        bar.set_position(import["lineCount"].as_u64().unwrap_or(0));
        match import["status"].as_str() {
            Some("COMPLETED") => {
                ensure!(import["refusedCount"] == 0, "{import}");
                return Ok(());
            }
            Some("AWAITING_UPLOAD" | "QUEUED" | "RUNNING") => tokio::time::sleep(LOOK).await,
            _ => bail!("an import ended: {import}"),
        }
    }
}

/// Brings the products of a vendor in, approved and published.
pub(super) async fn products(
    staff: &Client,
    vendor: &Value,
    lines: impl Iterator<Item = Value>,
    count: usize,
) -> Result<()> {
    let bar = super::progress("products", count);
    let create = "mutation($vendor: ID!, $key: ID!) {
        catalogImportCreate(vendorId: $vendor, format: JSONL, stage: PUBLISH, idempotencyKey: $key) {
            catalogImport { id uploadUrl } userErrors { code message path } } }";
    let variables = json!({ "vendor": vendor, "key": uuid::Uuid::now_v7() });
    // The approval of the vendor may still be on its way to the catalogue.
    let made = staff.eventually(create, variables).await?["catalogImportCreate"]["catalogImport"].take();
    bring(staff, &made, lines, &bar).await?;
    bar.finish();
    Ok(())
}

/// Brings reviews in.
pub(super) async fn reviews(staff: &Client, lines: impl Iterator<Item = Value>, count: usize) -> Result<()> {
    let bar = super::progress("reviews", count);
    let create = "mutation($key: ID!) {
        reviewImportCreate(format: JSONL, publish: true, idempotencyKey: $key) {
            catalogImport { id uploadUrl } userErrors { code message path } } }";
    let key = uuid::Uuid::now_v7();
    let made = staff.run(create, json!({ "key": key })).await?["reviewImportCreate"]["catalogImport"].take();
    bring(staff, &made, lines, &bar).await?;
    bar.finish();
    Ok(())
}
