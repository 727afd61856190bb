//! Checks an audit chain.

use crate::{domain::audit::Verifier, store::audit};
use platform::{Error, service::Deps};

/// Whether the chain of an entity is whole. `None`: there is none.
pub async fn verify(deps: &Deps, entity: &str) -> Result<Option<bool>, Error> {
    let db = deps.db.pool();
    let Some(head) = audit::head(db, entity).await? else {
        return Ok(None);
    };
    let (mut verifier, mut after) = (Verifier::default(), 0);
    // What is appended meanwhile is not part of the question.
    while after < head.seq {
        let evidence = audit::evidence(db, &head.chain, after, head.seq).await?;
        let Some(last) = evidence.last() else {
            return Ok(Some(false));
        };
        after = last.entry.seq;
        for item in &evidence {
            if !verifier.accept(&item.entry, item.payload.as_ref()) {
                return Ok(Some(false));
            }
        }
    }
    Ok(Some(verifier.ends_at(head.seq, &head.hash)))
}
