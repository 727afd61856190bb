//! Wake-ups for GraphQL subscriptions. A hint says "look again", nothing more: whoever follows re-reads Postgres
//! from its own cursor, so a lost, late or doubled hint costs time, never an event.

use std::time::Duration;
use tokio::sync::{broadcast, mpsc};

/// How long a follower trusts silence before it looks by itself.
const RECHECK: Duration = Duration::from_secs(15);
const BUFFER: usize = 1024;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hint {
    pub topic: String,
    pub key: String,
}

/// The hub of one service in one process. With Redis, hints also go to the service's other processes.
#[derive(Clone, Debug)]
pub struct Live {
    local: broadcast::Sender<Hint>,
    remote: Option<mpsc::UnboundedSender<Hint>>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            local: broadcast::channel(BUFFER).0,
            remote: None,
        }
    }
}

impl Live {
    /// A hub whose hints are also handed to `remote` for the other processes.
    pub(crate) fn with_remote(remote: mpsc::UnboundedSender<Hint>) -> Self {
        Self {
            remote: Some(remote),
            ..Self::default()
        }
    }

    /// Wakes the followers of `topic` and `key`.
    pub fn hint(&self, topic: &str, key: &str) {
        let hint = Hint {
            topic: topic.to_owned(),
            key: key.to_owned(),
        };
        if let Some(remote) = &self.remote {
            // The channel closes only when the process ends.
            let _ = remote.send(hint.clone());
        }
        self.deliver(hint);
    }

    pub(crate) fn deliver(&self, hint: Hint) {
        // An error only says that nobody follows.
        let _ = self.local.send(hint);
    }

    /// Follows one topic and, unless `key` is `None`, one key. Subscribe before the first read, or a change between
    /// read and subscription is seen only at the next recheck.
    pub fn follow(&self, topic: &'static str, key: Option<String>) -> Follower {
        Follower {
            hints: self.local.subscribe(),
            topic,
            key,
        }
    }
}

/// See [`Live::follow`].
pub struct Follower {
    hints: broadcast::Receiver<Hint>,
    topic: &'static str,
    key: Option<String>,
}

impl Follower {
    /// Returns when there may be something new: on a hint, after missed hints, or after a while of silence.
    pub async fn changed(&mut self) {
        let _ = tokio::time::timeout(RECHECK, self.hinted()).await;
    }

    /// The same, and says for which key, where the hint was one of ours. `None` means "look at everything".
    pub async fn changed_key(&mut self) -> Option<String> {
        tokio::time::timeout(RECHECK, self.hinted()).await.ok().flatten()
    }

    async fn hinted(&mut self) -> Option<String> {
        loop {
            match self.hints.recv().await {
                Ok(hint)
                    if hint.topic == self.topic && self.key.as_ref().is_none_or(|key| *key == hint.key) =>
                {
                    return Some(hint.key);
                }
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(_)) => return None,
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}
