//! Sends files to where an import waits for them.

use anyhow::{Context, Result, ensure};
use std::{path::Path, time::Duration};

/// How long a file may take to travel.
pub const TRANSFER: Duration = Duration::from_secs(3600);

/// Sends a file, of any size, piece by piece.
pub async fn send(url: &str, file: &Path, content_type: &str) -> Result<()> {
    let content = tokio::fs::File::open(file)
        .await
        .with_context(|| file.display().to_string())?;
    // A store takes no file without knowing how long it is.
    let bytes = content.metadata().await?.len();
    let stream = tokio_util::io::ReaderStream::with_capacity(content, 64 * 1024);
    let answer = platform::http::client(TRANSFER)?
        .put(url)
        .header("content-type", content_type)
        .header("content-length", bytes)
        .body(reqwest::Body::wrap_stream(stream))
        .send()
        .await?;
    let status = answer.status();
    ensure!(status.is_success(), "{status}: {}", answer.text().await?);
    Ok(())
}
