//! `agora import online-retail`: a real shop's year, through the same actions as the API, to the penny.
//!
//! Every step is keyed by the source and its own numbers, so an interrupted import is simply run again. Nothing is
//! dropped: a line becomes part of an order or a refund, or an adjustment with its reason, or is reported as malformed.

use crate::{client::Client, seed, serve::Shared};
use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use platform::{Commands, token::ServiceKey};
use std::{io::IsTerminal, path::Path};

mod classify;
mod countries;
mod file;
mod load;
mod matching;
mod report;

/// Names this data set in all keys.
const SOURCE: &str = "online-retail";

/// Imports the first `invoices` invoices of `file`, or all, into the shop behind the router at `port`.
pub async fn run(file: &Path, invoices: Option<usize>, shared: &Shared, port: u16) -> Result<()> {
    let read = file::read(file)?;
    let plan = classify::plan(read, invoices);
    let matched = matching::refunds(&plan);
    let settings = shared.settings(port, true).await?;
    let commands = Commands::new(
        "agora",
        ServiceKey::new(shared.service_key.clone()),
        settings.urls,
    )?;
    let loaded = load::run(&commands, &plan, &matched).await?;
    let graph = Client::new(format!("http://127.0.0.1:{port}/graphql"))?;
    let staff = graph
        .login("staff@agora.example", seed::PASSWORD)
        .await
        .context("cannot log in as staff to reconcile")?;
    report::reconcile(&staff, &plan, &matched, &loaded).await
}

/// A bar on standard error.
fn progress(what: &'static str, steps: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        eprintln!("{what}: {steps}");
    }
    let style = ProgressStyle::with_template("{msg:12} {bar:40} {pos}/{len} {elapsed_precise} eta {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(steps as u64)
        .with_style(style)
        .with_message(what)
}
