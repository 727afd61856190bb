//! One step of an import: what a piece of its file does, in one transaction with the checkpoint behind the piece. After
//! a crash the next process goes on where the last commit was.

use crate::{
    actions::{
        NOW,
        bulk::{
            reading::{Said, read},
            reviews::{self, Questions},
        },
        media::unnamed,
        news, tell,
    },
    domain::bulk::{
        catalogue::{Catalogue, Reported},
        entry::Entry,
        files,
        job::Counts,
    },
    domain::catalog::slug_of,
    store::{
        self,
        bulk::{
            jobs::{self, Checkpoint, Claimed},
            load::Named,
            report,
        },
    },
};
use platform::{
    Deps, Error, Fault, Outcome, Tx,
    ids::{CatalogImportId, VendorId},
    storage::{Piece, Storage},
};

/// Hints under this topic say that an import has moved.
pub const TOPIC: &str = "catalog-import";

/// Bytes of a file that a step reads.
const PIECE: i64 = 192 * 1024;
/// Steps that may fail one after another before the import is given up.
const MAX_FAILURES: i32 = 5;

/// Takes the next step of some import; returns whether there may be more to do. The store is asked before the
/// transaction begins.
pub async fn step(deps: &Deps, storage: &Storage) -> Result<bool, Error> {
    let Some(job) = jobs::claim(deps.db.pool()).await? else {
        return Ok(false);
    };
    let id = job.id;
    let content = match read_piece(storage, &job).await {
        Ok(content) => content,
        // The import cannot help it, and waits.
        Err(error) => {
            jobs::release(deps.db.pool(), id).await?;
            return Err(error);
        }
    };
    match advance(deps, job, content).await {
        Ok(Taken::Piece) => {}
        Ok(Taken::End) => super::uploads::discard(storage, id).await,
        Ok(Taken::Asks(questions)) => reviews::ask(deps, id, &questions).await?,
        Err(Fault::Failed(error)) => failed(deps, storage, id, &error).await?,
        Err(Fault::User(error)) => {
            let error = Error::internal(anyhow::anyhow!("refused: {error:?}"));
            failed(deps, storage, id, &error).await?;
        }
    }
    Ok(true)
}

/// The bytes behind those that were read. `Err` inside says why there are none.
async fn read_piece(storage: &Storage, job: &Claimed) -> Result<Result<Vec<u8>, &'static str>, Error> {
    let from = job.bytes_read();
    let to = job.file_bytes.min(from.saturating_add(PIECE));
    if from >= to {
        return Ok(Ok(Vec::new()));
    }
    let key = files::reading(job.id).ok_or_else(unnamed)?;
    let range = from.unsigned_abs()..to.unsigned_abs();
    Ok(match storage.piece(&key, range, job.file_tag.as_deref()).await? {
        Piece::Bytes(bytes) => Ok(bytes.to_vec()),
        Piece::Gone => Err("the file is gone"),
        Piece::Changed => Err("the file was changed while it was read"),
    })
}

/// Somebody may have taken the same slug or SKU at the same moment: then the next try sees it. What fails again and
/// again would stand in the way of all other imports.
async fn failed(deps: &Deps, storage: &Storage, id: CatalogImportId, error: &Error) -> Result<(), Error> {
    tracing::warn!(import = %id, error = error.describe(), "a step of an import failed");
    let mut tx = deps.db.begin(NOW).await?;
    let ends = jobs::failed(&mut tx, id).await? >= MAX_FAILURES;
    if ends {
        jobs::finish(&mut tx, id, "FAILED", Some(&error.message())).await?;
        tx.hint(TOPIC, id);
    }
    tx.commit().await?;
    if ends {
        super::uploads::discard(storage, id).await;
    }
    Ok(())
}

/// What a step came to.
enum Taken {
    /// There is more of the file.
    Piece,
    /// The import has ended.
    End,
    /// Nothing happened: this is to be asked first.
    Asks(Questions),
}

/// What a piece came to: how the import ends, if it does.
enum Applied {
    Piece(Option<Result<(), String>>),
    Asks(Questions),
}

/// Takes the step, unless somebody else has.
async fn advance(deps: &Deps, job: Claimed, content: Result<Vec<u8>, &'static str>) -> Outcome<Taken> {
    let mut tx = deps.db.begin(NOW).await?;
    if !jobs::lock(&mut tx, &job).await? {
        return Ok(Taken::Piece);
    }
    let end = match content {
        Ok(content) => match apply(&mut tx, &job, content).await? {
            Applied::Piece(end) => end,
            Applied::Asks(questions) => return Ok(Taken::Asks(questions)),
        },
        Err(why) => Some(Err(why.to_owned())),
    };
    match &end {
        Some(Ok(())) => drop(jobs::finish(&mut tx, job.id, "COMPLETED", None).await?),
        Some(Err(why)) => drop(jobs::finish(&mut tx, job.id, "FAILED", Some(why)).await?),
        None => {}
    }
    tx.hint(TOPIC, job.id);
    tx.commit().await?;
    Ok(if end.is_some() { Taken::End } else { Taken::Piece })
}

/// Gives a piece its effect, and moves the checkpoint behind it.
async fn apply(tx: &mut Tx, job: &Claimed, content: Vec<u8>) -> Outcome<Applied> {
    if let Some(vendor) = job.vendor
        && store::vendors::lock_approved(tx, vendor).await? != Some(true)
    {
        return Ok(Applied::Piece(Some(Err("the vendor is not approved".to_owned()))));
    }
    let mut bytes = job.carry.clone();
    bytes.extend(content);
    let unread = job.file_bytes - job.bytes_done;
    let is_last = i64::try_from(bytes.len()).map_err(Error::internal)? >= unread;
    let reading = match read(job, &bytes, is_last) {
        Ok(reading) => reading,
        Err(why) => return Ok(Applied::Piece(Some(Err(why)))),
    };
    let counts = match (reading.said, job.vendor) {
        (Said::Products(entries), Some(vendor)) => take(tx, job, vendor, entries).await?,
        (Said::Products(_), None) => Counts::default(),
        (Said::Reviews(lines), _) => match reviews::take(tx, job, lines).await? {
            Ok(counts) => counts,
            Err(questions) => return Ok(Applied::Asks(questions)),
        },
    };
    let (done, rest) = bytes.split_at(reading.read);
    let breaks = done.iter().filter(|byte| **byte == b'\n').count();
    let checkpoint = Checkpoint {
        next_line: job.next_line + i32::try_from(breaks).unwrap_or(0),
        carry: rest,
        header: reading.header.as_deref(),
        bytes: i64::try_from(done.len()).unwrap_or(0),
        counts,
    };
    jobs::advance(tx, job.id, &checkpoint).await?;
    Ok(Applied::Piece(is_last.then_some(Ok(()))))
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
