//! Composes the subgraph schemas named in `supergraph.yaml` into the supergraph that the routers
//! load and the public API schema that clients generate code from.

mod compose;
mod config;
mod output;
mod roots;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;

/// Compose the supergraph. Fails on errors, on hints and, with --check, on drift.
#[derive(Parser)]
struct Arguments {
    /// Composition input in rover's format [default: supergraph.yaml here or one folder up]
    #[arg(long)]
    config: Option<PathBuf>,
    /// Supergraph for the routers [default: router/supergraph.graphql beside the config]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Public API schema for clients [default: router/schema.graphql beside the config]
    #[arg(long)]
    api: Option<PathBuf>,
    /// Write nothing; fail, naming the file, when a committed file differs
    #[arg(long)]
    check: bool,
    /// Replace a subgraph's routing URL, for example users=http://users:4001/graphql
    #[arg(long, value_name = "NAME=URL", conflicts_with = "check")]
    routing_url: Vec<String>,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<String> {
    let config = match arguments.config {
        Some(path) => path,
        None => config::find()?,
    };
    let folder = config.parent().context("the config has no folder")?;
    let mut definitions = config::load(&config)?;
    config::override_urls(&mut definitions, &arguments.routing_url)?;

    let composed = compose::compose(&definitions)?;
    let files = [
        (
            arguments
                .out
                .unwrap_or_else(|| folder.join("router/supergraph.graphql")),
            composed.supergraph,
        ),
        (
            arguments
                .api
                .unwrap_or_else(|| folder.join("router/schema.graphql")),
            composed.api,
        ),
    ];
    for (path, text) in &files {
        if arguments.check {
            output::check(path, text)?;
        } else {
            output::write(path, text)?;
        }
    }

    let names: Vec<&str> = definitions.iter().map(|d| d.name.as_str()).collect();
    let verb = if arguments.check { "up to date" } else { "written" };
    Ok(format!(
        "composed {} ({}): {} and {} {verb}",
        definitions.len(),
        names.join(", "),
        files[0].0.display(),
        files[1].0.display(),
    ))
}
