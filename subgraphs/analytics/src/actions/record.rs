//! Records a fact and chains it into its audit.

use crate::{
    domain::{
        audit::{Entry, payload_hash},
        fact::Audited,
    },
    store::{audit, events},
};
use platform::{Error, Tx, events::Received};

/// False: the fact was recorded before.
pub async fn record<E: Audited>(tx: &mut Tx, fact: &Received<E>) -> Result<bool, Error> {
    let told = fact.event.told();
    let payload = serde_json::to_value(&fact.event)?;
    let Some((seq, previous)) =
        events::record(tx, fact.id, E::TOPIC, fact.occurred_at, &told, &payload).await?
    else {
        return Ok(false);
    };
    let mut entry = Entry {
        chain: told.chain,
        seq: seq + 1,
        event: fact.id,
        entity: told.entity,
        entity_type: told.entity_type.to_owned(),
        service: E::service().to_owned(),
        action: E::action().to_owned(),
        // Few facts name who caused them.
        actor: told.actor.unwrap_or_else(|| format!("service:{}", E::service())),
        before: told.before,
        after: told.after,
        at: fact.occurred_at,
        payload_hash: payload_hash(&payload),
        hash: Vec::new(),
    };
    entry.hash = entry.hash_after(&previous);
    audit::append(tx, &entry).await?;
    Ok(true)
}
