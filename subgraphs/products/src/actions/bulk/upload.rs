//! Receives the file of an import, piece by piece. An upload counts when it is complete, or not at all.

use crate::store::bulk::{jobs, pieces};
use futures::{Stream, StreamExt};
use platform::{Deps, Error, ids::CatalogImportId};
use std::time::Duration;
use uuid::Uuid;

/// Bytes of a piece: what one step of an import reads.
const PIECE: usize = 192 * 1024;
/// Bytes of a file.
const MAX_FILE: usize = 512 * 1024 * 1024;
/// How long the sender may pause.
const PATIENCE: Duration = Duration::from_secs(30);

/// How an upload ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upload {
    Stored,
    /// The import has a file already, or has ended.
    NotAwaited,
    TooLarge,
    BrokenOff,
}

/// Stores what the stream brings.
pub async fn receive<B, E>(
    deps: &Deps,
    id: CatalogImportId,
    stream: impl Stream<Item = Result<B, E>> + Unpin,
) -> Result<Upload, Error>
where
    B: AsRef<[u8]>,
{
    if !jobs::awaits_upload(deps.db.pool(), id).await? {
        return Ok(Upload::NotAwaited);
    }
    let file = Uuid::now_v7();
    let mut end = store(deps, file, stream).await?;
    if let Ok(bytes) = end {
        let mut tx = deps.db.begin(crate::actions::NOW).await?;
        if jobs::set_file(&mut *tx, id, file, bytes).await? {
            tx.hint(super::step::TOPIC, id);
            tx.commit().await?;
            return Ok(Upload::Stored);
        }
        end = Err(Upload::NotAwaited);
    }
    pieces::delete(deps.db.pool(), file).await?;
    Ok(end.err().unwrap_or(Upload::NotAwaited))
}

/// Bytes of the complete file, or why it is not.
async fn store<B: AsRef<[u8]>, E>(
    deps: &Deps,
    file: Uuid,
    mut stream: impl Stream<Item = Result<B, E>> + Unpin,
) -> Result<Result<i64, Upload>, Error> {
    let (mut piece, mut position, mut total) = (Vec::with_capacity(2 * PIECE), 0, 0_usize);
    loop {
        match tokio::time::timeout(PATIENCE, stream.next()).await {
            Ok(Some(Ok(bytes))) => {
                total = total.saturating_add(bytes.as_ref().len());
                piece.extend_from_slice(bytes.as_ref());
            }
            Ok(None) => break,
            Ok(Some(Err(_))) | Err(_) => return Ok(Err(Upload::BrokenOff)),
        }
        if total > MAX_FILE {
            return Ok(Err(Upload::TooLarge));
        }
        while piece.len() >= PIECE {
            let rest = piece.split_off(PIECE);
            pieces::insert(deps.db.pool(), file, position, &piece).await?;
            (piece, position) = (rest, position + 1);
        }
    }
    if !piece.is_empty() || position == 0 {
        pieces::insert(deps.db.pool(), file, position, &piece).await?;
    }
    Ok(Ok(i64::try_from(total).unwrap_or(i64::MAX)))
}
