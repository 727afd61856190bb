//! Care of the search index, for operators.

use crate::{
    search::{self, indexer},
    store::search::queue,
};
use contracts::products::{RebuildSearch, SearchStatus, SetSynonyms};
use platform::{Deps, Error, Moment};

/// Groups and words of a group.
const MAX_GROUPS: usize = 2000;
const MAX_WORDS: usize = 50;

/// Asks for a new index; false if one is being built. It goes on by itself, also after a restart.
pub async fn rebuild(deps: &Deps, ask: RebuildSearch) -> Result<bool, Error> {
    let begun = search::backend(deps).rebuild(ask.language.as_deref()).await?;
    deps.live.hint(indexer::CHANGED, "");
    Ok(begun)
}

/// Replaces all synonyms; they count from the next search on.
pub async fn set_synonyms(deps: &Deps, moment: Moment, ask: SetSynonyms) -> Result<u64, Error> {
    let words = || ask.groups.iter().flatten();
    if ask.groups.len() > MAX_GROUPS
        || ask
            .groups
            .iter()
            .any(|group| !(2..=MAX_WORDS).contains(&group.len()))
        || words().any(|word| !(1..=100).contains(&word.trim().chars().count()))
    {
        return Err(Error::BadInput(
            "at most 2000 groups of 2 to 50 words, each of 1 to 100 characters".to_owned(),
        ));
    }
    let (mut terms, mut expansions) = (Vec::new(), Vec::new());
    for group in &ask.groups {
        for term in group {
            for expansion in group.iter().filter(|other| *other != term) {
                terms.push(term.trim().to_owned());
                expansions.push(expansion.trim().to_owned());
            }
        }
    }
    let mut tx = deps.db.begin(moment).await?;
    let written = queue::set_synonyms(&mut tx, &terms, &expansions).await?;
    tx.commit().await?;
    Ok(written)
}

/// What the index is like.
pub async fn status(deps: &Deps) -> Result<SearchStatus, Error> {
    let status = search::backend(deps).status().await?;
    Ok(SearchStatus {
        language: status.language,
        documents: status.documents,
        queued: status.queued,
        rebuilding: status.rebuilding,
    })
}
