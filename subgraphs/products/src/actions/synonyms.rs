//! The words that mean the same to the search: changed by staff, from the next search on.

use super::{NOW, catalog};
use crate::{
    domain::synonyms::{MAX_PAIRS, pairs, word},
    store::search::{queue, synonyms},
};
use contracts::events::CatalogueKind;
use platform::{Deps, Outcome, Tx, UserError, UserErrorCode, Viewer};

/// Replaces all; returns how many pairs of words there are.
pub async fn replace(tx: &mut Tx, groups: &[Vec<String>]) -> Outcome<u64> {
    let (words, meanings) = pairs(&["groups"], groups)?;
    synonyms::lock(tx).await?;
    queue::set_synonyms(tx, &words, &meanings).await?;
    let count = synonyms::count(tx).await?;
    check_count(count)?;
    Ok(count.unsigned_abs())
}

fn check_count(count: i64) -> Result<(), UserError> {
    match count <= MAX_PAIRS {
        true => Ok(()),
        false => {
            let message = format!("at most {MAX_PAIRS} pairs of words");
            Err(UserError::refused(UserErrorCode::LimitExceeded, message))
        }
    }
}

/// What staff asks for.
pub enum Ask {
    /// These groups instead of all there were.
    Set(Vec<Vec<String>>),
    /// One more group.
    Add(Vec<String>),
    /// One word less, wherever it is.
    Remove(String),
}

/// Does it; returns how many pairs of words there are.
pub async fn change(deps: &Deps, viewer: &Viewer, ask: Ask) -> Outcome<i32> {
    let mut tx = deps.db.begin(NOW).await?;
    synonyms::lock(&mut tx).await?;
    let verb = match ask {
        Ask::Set(groups) => {
            replace(&mut tx, &groups).await?;
            "synonyms.set"
        }
        Ask::Add(group) => {
            let (words, meanings) = pairs(&["words"], &[group])?;
            synonyms::add(&mut tx, &words, &meanings).await?;
            "synonyms.add"
        }
        Ask::Remove(given) => {
            synonyms::remove(&mut tx, &word(&["word"], &given)?).await?;
            "synonyms.remove"
        }
    };
    let count = synonyms::count(&mut tx).await?;
    check_count(count)?;
    let subject = ("synonyms".to_owned(), CatalogueKind::SearchSynonym);
    catalog::tell(&mut tx, viewer, subject, &format!("{verb} {count}")).await?;
    tx.commit().await?;
    Ok(i32::try_from(count).unwrap_or(i32::MAX))
}
