//! `AuditEntry`.

use super::int;
use crate::domain::audit::Entry;
use async_graphql::{ID, SimpleObject};
use chrono::{DateTime, Utc};

/// A link of a hash chain. All that happens to one order, vendor or customer is one chain: the states of an order's
/// payments, refunds, vendor orders and shipments, too.
#[derive(Clone, SimpleObject)]
pub struct AuditEntry {
    /// Position in the chain, from 1, without gaps.
    pub seq: i32,
    /// What changed.
    pub entity_id: ID,
    /// Name of its GraphQL type.
    pub entity_type: String,
    /// The service that told it.
    pub service: String,
    /// What happened, for example `order_status_changed`.
    pub action: String,
    /// Who told it: `service:orders`.
    pub actor: String,
    /// State before, where states changed.
    pub before: Option<String>,
    /// State after, where states changed.
    pub after: Option<String>,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// SHA-256 in hexadecimal, over this entry, its event's payload and the hash before it.
    pub hash: String,
}

impl From<Entry> for AuditEntry {
    fn from(entry: Entry) -> Self {
        Self {
            seq: int(entry.seq),
            entity_id: ID(entry.entity),
            entity_type: entry.entity_type,
            service: entry.service,
            action: entry.action,
            actor: entry.actor,
            before: entry.before,
            after: entry.after,
            at: entry.at,
            hash: hex::encode(entry.hash),
        }
    }
}
