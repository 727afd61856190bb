//! Facts that services tell each other. The truth is the outbox row; the bus is a fast but lossy hint; the inbox row
//! makes the effect happen once. Whatever the bus loses (a crash, an emptied Redis), [`relay`] notices by asking the
//! consumers what they have not seen.

use crate::db::Moment;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

pub mod bus;
pub mod inbox;
pub(crate) mod outgoing;
pub mod relay;

/// A fact, named in `contracts`. Payloads carry IDs, never personal data.
pub trait Event: Serialize + DeserializeOwned + Send + Sync {
    /// `service.what_happened`.
    const TOPIC: &'static str;
    /// ID of the aggregate it is about.
    fn key(&self) -> String;
}

/// Whether a fact is news or history. Nobody is notified of history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    Live,
    Import,
}

impl Origin {
    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Import => "import",
        }
    }
}

/// A fact on its way.
#[derive(Clone, Debug, Serialize, Deserialize, sqlx::FromRow)]
pub struct Envelope {
    pub id: Uuid,
    pub topic: String,
    pub key: String,
    pub payload: serde_json::Value,
    pub origin: Origin,
    pub traceparent: Option<String>,
    pub occurred_at: DateTime<Utc>,
}

impl Envelope {
    /// The moment in which its effects happen: its own, if it is history.
    pub fn moment(&self) -> Moment {
        match self.origin {
            Origin::Live => Moment::LIVE,
            Origin::Import => Moment::imported(self.occurred_at),
        }
    }
}

/// A fact as its consumer sees it.
#[derive(Clone, Debug)]
pub struct Received<E> {
    /// Unique; the same when the fact arrives again.
    pub id: Uuid,
    pub occurred_at: DateTime<Utc>,
    pub origin: Origin,
    pub event: E,
}

/// Which services consume which topic; the one table is in `contracts`.
pub type Routes = &'static [(&'static str, &'static [&'static str])];

/// The consumers of a topic.
pub fn consumers(routes: Routes, topic: &str) -> &'static [&'static str] {
    routes
        .iter()
        .find(|(name, _)| *name == topic)
        .map_or(&[], |(_, consumers)| consumers)
}
