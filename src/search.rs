//! `agora search`: care of the search index of a running shop.

use crate::serve::Shared;
use anyhow::{Context, Result, bail};
use contracts::products::{GetSearchStatus, RebuildSearch, SearchStatus, SetSynonyms};
use indicatif::{ProgressBar, ProgressStyle};
use platform::{Commands, token::ServiceKey};
use std::{path::Path, time::Duration};

/// How often the state of a rebuild is asked for.
const PERIOD: Duration = Duration::from_millis(500);

/// Builds a new index beside the one in use and waits until it has taken its place. If it is interrupted, the shop
/// goes on building; the next call joins it.
pub async fn rebuild(shared: &Shared, port: u16, language: Option<String>) -> Result<()> {
    let commands = commands(shared, port).await?;
    if !commands.call(&RebuildSearch { language }).await? {
        println!("A rebuild is under way already.");
    }
    let bar = ProgressBar::new(status(&commands).await?.documents.unsigned_abs());
    bar.set_style(ProgressStyle::with_template(
        "{bar:40} {pos}/{len} documents, {eta} left",
    )?);
    while let Some(documents) = status(&commands).await?.rebuilding {
        bar.set_position(documents.unsigned_abs());
        tokio::time::sleep(PERIOD).await;
    }
    bar.finish_and_clear();
    show(shared, port).await
}

/// Says what the index is like.
pub async fn show(shared: &Shared, port: u16) -> Result<()> {
    let SearchStatus {
        language,
        documents,
        queued,
        rebuilding,
    } = status(&commands(shared, port).await?).await?;
    println!("{documents} documents, language {language}, {queued} changes not indexed yet");
    if let Some(documents) = rebuilding {
        println!("A rebuild has written {documents} documents.");
    }
    Ok(())
}

/// Replaces all synonyms by those of a file: on each line words that mean the same, separated by commas.
pub async fn synonyms(shared: &Shared, port: u16, file: &Path) -> Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let groups = groups(&text)?;
    let pairs = commands(shared, port)
        .await?
        .call(&SetSynonyms { groups })
        .await?;
    println!("{pairs} pairs of synonyms");
    Ok(())
}

fn groups(text: &str) -> Result<Vec<Vec<String>>> {
    let mut groups = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let line = line.split('#').next().unwrap_or_default().trim();
        let words: Vec<String> = line.split(',').map(|word| word.trim().to_owned()).collect();
        match words.as_slice() {
            [only] if only.is_empty() => {}
            [_] => bail!("line {number}: one word alone has no synonym"),
            words if words.iter().any(String::is_empty) => bail!("line {number}: nothing between two commas"),
            _ => groups.push(words),
        }
    }
    Ok(groups)
}

async fn status(commands: &Commands) -> Result<SearchStatus> {
    Ok(commands.call(&GetSearchStatus {}).await?)
}

async fn commands(shared: &Shared, port: u16) -> Result<Commands> {
    let urls = shared.settings(port, true).await?.urls;
    Commands::new("agora", ServiceKey::new(shared.service_key.clone()), urls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_group() {
        let read = groups("tv, television # both\n\n# nothing\ncell phone,mobile\n").unwrap();
        assert_eq!(read, [["tv", "television"], ["cell phone", "mobile"]]);
        assert!(groups("alone").is_err());
        assert!(groups("a,,b").is_err());
    }
}
