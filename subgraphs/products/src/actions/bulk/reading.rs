//! What a piece of a file says.

use crate::{
    domain::bulk::{
        csv::Header,
        entry::{Entry, entries},
        job::{Format, Subject},
        records::{Record, split},
        reviews::document,
    },
    store::bulk::jobs::Claimed,
};

/// What a piece says.
pub enum Said {
    Products(Vec<Entry>),
    Reviews(Vec<document::Line>),
}

/// A piece, read.
pub struct Reading {
    pub said: Said,
    pub header: Option<String>,
    /// Bytes that are done with.
    pub read: usize,
}

/// Cuts a piece into what it says. `Err` says why the file cannot be read at all.
pub fn read(job: &Claimed, bytes: &[u8], ends: bool) -> Result<Reading, String> {
    let mut records = split(job.format, bytes, job.next_line, ends);
    let mut header = job.header.clone();
    let mut read = 0;
    if job.format == Format::Csv && header.is_none() {
        if records.is_empty() && !ends {
            return Ok(Reading {
                said: Said::Products(Vec::new()),
                header,
                read,
            });
        }
        if records.is_empty() {
            return Err("the file is empty".to_owned());
        }
        let first = records.remove(0);
        let text = std::str::from_utf8(first.bytes).map_err(|_| "the header is not UTF-8".to_owned())?;
        (header, read) = (Some(text.replace('\0', "\u{fffd}")), first.end);
    }
    let (said, count) = said(job, header.as_deref(), &records, ends)?;
    if let Some(last) = count.checked_sub(1).and_then(|last| records.get(last)) {
        read = last.end;
    }
    Ok(Reading { said, header, read })
}

/// What records say, and how many of them were read.
fn said(
    job: &Claimed,
    header: Option<&str>,
    records: &[Record<'_>],
    ends: bool,
) -> Result<(Said, usize), String> {
    match job.subject {
        Subject::Catalog => {
            let columns = header.map(Header::parse).transpose()?;
            let (entries, count) = entries(job.format, columns.as_ref(), records, ends);
            Ok((Said::Products(entries), count))
        }
        Subject::Reviews => {
            let columns = header.map(document::Header::parse).transpose()?;
            let now = chrono::Utc::now();
            let read = |record| document::line(job.format, columns.as_ref(), record, now);
            Ok((Said::Reviews(records.iter().map(read).collect()), records.len()))
        }
    }
}
