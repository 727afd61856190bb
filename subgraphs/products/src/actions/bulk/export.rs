//! The catalogue of a vendor as a stream: nothing is stored, and never more than a page of it is in memory.

use crate::{
    actions::NOW,
    domain::bulk::{csv::Header, item::Item, job::Format},
    store,
};
use platform::{Deps, Error, Tx, ids::VendorId};
use std::time::Duration;
use tokio::sync::mpsc;
use uuid::Uuid;

/// Products read at once.
const PAGE: i64 = 500;
/// How long a reader may pause: a snapshot of the database is open for it.
const PATIENCE: Duration = Duration::from_secs(60);

type Sender = mpsc::Sender<Result<Vec<u8>, Error>>;

/// Starts an export. The stream ends with an error if it is not complete.
pub fn start(deps: Deps, vendor: VendorId, format: Format) -> mpsc::Receiver<Result<Vec<u8>, Error>> {
    let (sender, receiver) = mpsc::channel(2);
    tokio::spawn(async move {
        if let Err(error) = write(&deps, vendor, format, &sender).await {
            tracing::warn!(%vendor, error = error.describe(), "an export broke off");
            // The reader may be gone, which is no news to it.
            let _ = sender.send(Err(error)).await;
        }
    });
    receiver
}

async fn write(deps: &Deps, vendor: VendorId, format: Format, to: &Sender) -> Result<(), Error> {
    let mut tx = deps.db.begin(NOW).await?;
    store::bulk::export::freeze(&mut tx).await?;
    let header = match format {
        Format::Csv => {
            let used = store::bulk::export::used(&mut tx, vendor).await?;
            let header = Header::of(&used).map_err(|why| Error::internal(anyhow::anyhow!(why)))?;
            send(to, csv(&[header.names().map(str::to_owned).collect()])?).await?;
            Some(header)
        }
        Format::Jsonl => None,
    };
    let mut after = Uuid::nil();
    while let Some((last, items)) = page(&mut tx, vendor, after).await? {
        send(to, text(&mut tx, &items, header.as_ref()).await?).await?;
        after = last;
    }
    Ok(())
}

async fn page(tx: &mut Tx, vendor: VendorId, after: Uuid) -> Result<Option<(Uuid, Vec<Item>)>, Error> {
    let products = store::bulk::export::page(tx, vendor, after, PAGE).await?;
    let Some(last) = products.last().map(|product| product.id.0) else {
        return Ok(None);
    };
    Ok(Some((last, store::bulk::load::items(tx, products).await?)))
}

async fn text(tx: &mut Tx, items: &[Item], header: Option<&Header>) -> Result<Vec<u8>, Error> {
    let brands: Vec<Uuid> = items
        .iter()
        .filter_map(|item| item.content.brand_id.map(Uuid::from))
        .collect();
    let references = store::bulk::load::references(tx, &[], &brands).await?;
    let documents = items.iter().map(|item| item.document(&references));
    match header {
        Some(header) => csv(&documents
            .flat_map(|document| header.lines(&document))
            .collect::<Vec<_>>()),
        None => {
            let mut out = Vec::new();
            for document in documents {
                serde_json::to_writer(&mut out, &document)?;
                out.push(b'\n');
            }
            Ok(out)
        }
    }
}

fn csv(lines: &[Vec<String>]) -> Result<Vec<u8>, Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for line in lines {
        writer.write_record(line).map_err(Error::internal)?;
    }
    writer
        .into_inner()
        .map_err(|error| Error::internal(error.into_error()))
}

async fn send(to: &Sender, bytes: Vec<u8>) -> Result<(), Error> {
    let sent = to.send_timeout(Ok(bytes), PATIENCE).await;
    sent.map_err(|_| Error::unavailable(anyhow::anyhow!("the reader is gone or has stopped")))
}
