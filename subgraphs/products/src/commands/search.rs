//! Care of the search index, for operators.

use crate::{
    actions::synonyms,
    search::{self, indexer},
};
use contracts::products::{RebuildSearch, SearchStatus, SetSynonyms};
use platform::{Deps, Error, Fault, Moment};

/// Asks for a new index; false if one is being built. It goes on by itself, also after a restart.
pub async fn rebuild(deps: &Deps, ask: RebuildSearch) -> Result<bool, Error> {
    let begun = search::backend(deps).rebuild(ask.language.as_deref()).await?;
    deps.live.hint(indexer::CHANGED, "");
    Ok(begun)
}

/// Replaces all synonyms; they count from the next search on.
pub async fn set_synonyms(deps: &Deps, moment: Moment, ask: SetSynonyms) -> Result<u64, Error> {
    let mut tx = deps.db.begin(moment).await?;
    let written = synonyms::replace(&mut tx, &ask.groups).await;
    let written = written.map_err(|fault| match fault {
        Fault::Failed(error) => error,
        Fault::User(_) => Error::BadInput(
            "at most 2000 groups of 2 to 50 words, each of 1 to 100 characters, and 100,000 pairs".to_owned(),
        ),
    })?;
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
