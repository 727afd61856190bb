//! The append-only journal: one JSON line per request, many lines per fsync.
//!
//! A line is an array of records and is applied whole or not at all, so a line torn by a crash is a request that
//! never happened: nobody was told of it, because replies and webhooks wait for the fsync.

use crate::state::{Record, State};
use anyhow::{Context as _, bail};
use std::{
    fs::File,
    io::{BufRead as _, BufReader, Seek as _, SeekFrom, Write as _},
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

const FILE: &str = "journal.jsonl";
const BATCH: usize = 1_024;

/// Opens the journal of a data directory, replays it into `state` and leaves it ready for appending.
pub fn open(data_dir: &Path, state: &mut State) -> anyhow::Result<File> {
    std::fs::create_dir_all(data_dir).with_context(|| format!("cannot create {}", data_dir.display()))?;
    let path = data_dir.join(FILE);
    let mut file = File::options()
        .read(true)
        .append(true)
        .create(true)
        .open(&path)
        .with_context(|| format!("cannot open {}", path.display()))?;
    if file.try_lock().is_err() {
        bail!("{} is in use by another sandbox", path.display());
    }
    let whole = replay(&file, state).with_context(|| format!("cannot replay {}", path.display()))?;
    file.set_len(whole)?;
    file.seek(SeekFrom::End(0))?;
    // The directory entry itself must survive too.
    File::open(data_dir)?.sync_all()?;
    Ok(file)
}

/// Applies every complete line and returns their length in bytes.
fn replay(file: &File, state: &mut State) -> anyhow::Result<u64> {
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    let (mut whole, mut number) = (0, 0);
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line)?;
        if !line.ends_with(b"\n") {
            return Ok(whole);
        }
        number += 1;
        let records: Vec<Record> = serde_json::from_slice(&line).with_context(|| format!("line {number}"))?;
        records.into_iter().for_each(|record| state.apply(record));
        whole += read as u64;
    }
}

/// The handle through which requests submit lines and wait until they are on disk.
pub struct Journal {
    lines: Option<mpsc::UnboundedSender<String>>,
    submitted: AtomicU64,
    durable: watch::Receiver<u64>,
}

impl Journal {
    /// Without a file nothing is kept and everything counts as durable.
    pub fn new(file: Option<File>) -> (Self, Option<Writer>) {
        let (progress, durable) = watch::channel(0);
        let (sender, lines) = mpsc::unbounded_channel();
        let writer = file.map(|file| Writer {
            file,
            lines,
            progress,
        });
        let lines = writer.is_some().then_some(sender);
        (
            Self {
                lines,
                submitted: AtomicU64::new(0),
                durable,
            },
            writer,
        )
    }

    /// Call it under the state lock, so that lines are written in the order in which they were applied.
    pub fn submit(&self, records: &[Record]) {
        let Some(lines) = self.lines.as_ref().filter(|_| !records.is_empty()) else {
            return;
        };
        let line = serde_json::to_string(records).unwrap_or_else(|error| {
            tracing::error!(%error, "records cannot be written as JSON");
            "[]".to_owned()
        });
        // A stopped writer makes `settle` fail, since this position will never be written.
        lines.send(line).ok();
        self.submitted.fetch_add(1, Ordering::Relaxed);
    }

    /// Everything submitted so far.
    pub fn position(&self) -> u64 {
        self.submitted.load(Ordering::Relaxed)
    }

    /// Waits until `position` is on disk. Readers wait as well: what they saw must not disappear in a crash.
    pub async fn settle(&self, position: u64) -> anyhow::Result<()> {
        if self.lines.is_none() {
            return Ok(());
        }
        let mut durable = self.durable.clone();
        durable
            .wait_for(|written| *written >= position)
            .await
            .context("the journal is closed")?;
        Ok(())
    }
}

pub struct Writer {
    file: File,
    lines: mpsc::UnboundedReceiver<String>,
    progress: watch::Sender<u64>,
}

impl Writer {
    /// Writes until `stop`, then drains what is left.
    pub async fn run(mut self, stop: CancellationToken) -> anyhow::Result<()> {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled(), if !self.lines.is_closed() => self.lines.close(),
                read = self.lines.recv_many(&mut batch, BATCH) => {
                    if read == 0 {
                        return Ok(());
                    }
                }
            }
            if !batch.is_empty() {
                self = self.write(std::mem::take(&mut batch)).await?;
            }
        }
    }

    async fn write(mut self, batch: Vec<String>) -> anyhow::Result<Self> {
        tokio::task::spawn_blocking(move || {
            let written = batch.len() as u64;
            let mut block = batch.join("\n");
            block.push('\n');
            self.file
                .write_all(block.as_bytes())
                .context("cannot write the journal")?;
            self.file.sync_data().context("cannot sync the journal")?;
            self.progress.send_modify(|durable| *durable += written);
            Ok(self)
        })
        .await
        .context("the journal writer died")?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(seq: u64) -> String {
        serde_json::to_string(&[Record::Sent(seq)]).unwrap()
    }

    #[test]
    fn a_torn_last_line_is_cut_off_and_a_broken_one_is_refused() {
        let dir = std::env::temp_dir().join(crate::ids::id("journal"));
        std::fs::create_dir_all(&dir).unwrap();
        let path = dir.join(FILE);
        std::fs::write(&path, format!("{}\n[{{\"t\":\"se", sent(1))).unwrap();
        let file = open(&dir, &mut State::default()).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{}\n", sent(1)));
        assert!(open(&dir, &mut State::default()).is_err(), "locked");
        drop(file);
        std::fs::write(&path, "nonsense\n").unwrap();
        assert!(open(&dir, &mut State::default()).is_err());
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
