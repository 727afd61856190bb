//! One step of an import: a piece of its file, in one transaction with the checkpoint behind it. After a crash the
//! next process goes on where the last commit was.

use crate::{
    actions::{
        NOW,
        bulk::reviews::{self, Questions, Taken},
        news, tell,
    },
    domain::bulk::{
        catalogue::{Catalogue, Reported},
        csv::Header,
        entry::{Entry, entries},
        job::{Format, Subject},
        records::{Record, split},
        reviews::document,
    },
    domain::catalog::slug_of,
    store::{
        self,
        bulk::{
            jobs::{self, Checkpoint, Claimed, Counts},
            load::Named,
            pieces, report,
        },
    },
};
use platform::{
    Deps, Error, Fault, Outcome, Tx,
    ids::{CatalogImportId, VendorId},
};

/// Hints under this topic say that an import has moved.
pub const TOPIC: &str = "catalog-import";

/// Steps that may fail one after another before the import is given up.
const MAX_FAILURES: i32 = 5;

/// Takes the next step of some import; returns whether there may be more to do.
pub async fn step(deps: &Deps) -> Result<bool, Error> {
    let mut tx = deps.db.begin(NOW).await?;
    let Some(job) = jobs::claim(&mut tx).await? else {
        return Ok(false);
    };
    let id = job.id;
    tx.hint(TOPIC, id);
    let taken = match advance(&mut tx, job).await {
        Ok(None) => tx.commit().await.map_err(Error::from),
        Ok(Some(questions)) => {
            drop(tx);
            reviews::ask(deps, id, &questions).await?;
            return Ok(true);
        }
        Err(Fault::Failed(error)) => Err(error),
        Err(Fault::User(error)) => Err(Error::internal(anyhow::anyhow!("refused: {error:?}"))),
    };
    if let Err(error) = taken {
        failed(deps, id, &error).await?;
    }
    Ok(true)
}

/// Somebody may have taken the same slug or SKU at the same moment: then the next try sees it. What fails again and
/// again would stand in the way of all other imports.
async fn failed(deps: &Deps, id: CatalogImportId, error: &Error) -> Result<(), Error> {
    tracing::warn!(import = %id, error = error.describe(), "a step of an import failed");
    let mut tx = deps.db.begin(NOW).await?;
    if jobs::failed(&mut tx, id).await? >= MAX_FAILURES {
        jobs::finish(&mut tx, id, "FAILED", Some(&error.message())).await?;
        tx.hint(TOPIC, id);
    }
    tx.commit().await?;
    Ok(())
}

/// What a piece says.
enum Said {
    Products(Vec<Entry>),
    Reviews(Vec<document::Line>),
}

/// A piece, read.
struct Reading {
    said: Said,
    header: Option<String>,
    /// Bytes that are done with.
    read: usize,
}

/// Takes one piece, or says what is to be asked before.
async fn advance(tx: &mut Tx, job: Claimed) -> Outcome<Option<Questions>> {
    if let Some(vendor) = job.vendor
        && store::vendors::lock_approved(tx, vendor).await? != Some(true)
    {
        jobs::finish(tx, job.id, "FAILED", Some("the vendor is not approved")).await?;
        return Ok(None);
    }
    let (content, more) = pieces::read(&mut **tx, job.file, job.next_piece)
        .await?
        .unwrap_or_default();
    let mut bytes = job.carry.clone();
    bytes.extend(content);
    let reading = match read(&job, &bytes, !more) {
        Ok(reading) => reading,
        Err(why) => {
            jobs::finish(tx, job.id, "FAILED", Some(&why)).await?;
            return Ok(None);
        }
    };
    let counts = match (reading.said, job.vendor) {
        (Said::Products(entries), Some(vendor)) => take(tx, &job, vendor, entries).await?,
        (Said::Products(_), None) => Counts::default(),
        (Said::Reviews(lines), _) => match reviews::take(tx, &job, lines).await? {
            Taken::Done(counts) => counts,
            Taken::Asks(questions) => return Ok(Some(questions)),
        },
    };
    let (done, rest) = bytes.split_at(reading.read);
    let breaks = done.iter().filter(|byte| **byte == b'\n').count();
    let checkpoint = Checkpoint {
        next_piece: job.next_piece + 1,
        next_line: job.next_line + i32::try_from(breaks).unwrap_or(0),
        carry: rest,
        header: reading.header.as_deref(),
        bytes: i64::try_from(done.len()).unwrap_or(0),
        counts,
    };
    jobs::advance(tx, job.id, &checkpoint).await?;
    if !more {
        jobs::finish(tx, job.id, "COMPLETED", None).await?;
    }
    Ok(None)
}

/// Cuts a piece into what it says. `Err` says why the file cannot be read at all.
fn read(job: &Claimed, bytes: &[u8], ends: bool) -> Result<Reading, String> {
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

/// Gives the entries their effect, and reports.
async fn take(tx: &mut Tx, job: &Claimed, vendor: VendorId, entries: Vec<Entry>) -> Outcome<Counts> {
    if entries.is_empty() {
        return Ok(Counts::default());
    }
    let (skus, lines) = places(&entries);
    let earlier = report::first_lines(tx, job.id, &skus, &lines).await?;
    let named = named(&entries, skus);
    let found = store::bulk::load::load(tx, vendor, &named, job.dry_run).await?;
    let mut catalogue = Catalogue::new(found.items, found.foreign, found.references, job.stage);
    // Arithmetic of some hundred milliseconds: the threads that serve requests have better things to do.
    let work = move || {
        let take = |entry| catalogue.take(entry, &earlier);
        let reported: Vec<Reported> = entries.into_iter().flat_map(take).collect();
        (catalogue.items, reported)
    };
    let (items, reported) = tokio::task::spawn_blocking(work).await.map_err(Error::internal)?;
    if !job.dry_run {
        let before = news::prices(tx, &store::bulk::write::repriced(&items)).await?;
        let ids = store::bulk::write::write(tx, vendor, job.by, &items).await?;
        tell(tx, &ids).await?;
        news::tell_falls(tx, &before).await?;
        if let Some(moved) = items.iter().find(|item| !item.steps.is_empty()) {
            tx.hint("approval", moved.id);
        }
    }
    report::insert(tx, job.id, &reported).await?;
    Ok(Counts::of(reported.iter().map(|line| line.status)))
}

/// All SKUs in lower case, with their lines.
fn places(entries: &[Entry]) -> (Vec<String>, Vec<i32>) {
    let of = |entry: &Entry| {
        let numbers: Vec<i32> = entry.lines.iter().map(|line| line.number).collect();
        let numbers = numbers.into_iter().chain(std::iter::repeat(entry.first_line()));
        entry.skus().into_iter().zip(numbers).collect::<Vec<_>>()
    };
    entries.iter().flat_map(of).unzip()
}

/// What has to be looked up.
fn named(entries: &[Entry], skus: Vec<String>) -> Named {
    let mut named = Named {
        skus,
        ..Named::default()
    };
    for entry in entries {
        let Ok(patch) = &entry.patch else { continue };
        named
            .brands
            .extend(patch["brand"].as_str().map(|name| name.trim().to_owned()));
        match (entry.slug(), patch["name"].as_str()) {
            (Some(slug), _) => named.slugs.push(slug.to_owned()),
            (None, Some(name)) => named.slugs.push(slug_of(name)),
            (None, None) => {}
        }
    }
    named
}
