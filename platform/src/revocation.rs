//! Access tokens that are dead before their time: somebody logged out, changed a password, lost a role. Every service
//! reads the list of the users service, so a token dies everywhere within half a minute. The list is in Postgres.

use crate::{
    commands::{Command, CommandError, Commands},
    ids::SessionId,
    viewer::Viewer,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    sync::{Arc, RwLock},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// How often the list is read, and how soon again after a failure.
const PERIOD: Duration = Duration::from_secs(15);
const RETRY: Duration = Duration::from_secs(2);

/// The revocations that may still matter. Asked of the users service.
#[derive(Debug, Serialize, Deserialize)]
pub struct GetRevocations {}

impl Command for GetRevocations {
    const SERVICE: &'static str = "users";
    const NAME: &'static str = "get_revocations";
    type Reply = Vec<Revocation>;
}

/// Of this session, the access tokens that end until then (seconds since 1970) are dead.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Revocation {
    pub session: SessionId,
    pub tokens_until: u64,
}

/// The list as it was last read.
#[derive(Clone, Default)]
pub struct Revocations(Arc<RwLock<HashMap<SessionId, u64>>>);

impl Revocations {
    pub fn replace(&self, list: Vec<Revocation>) {
        let list = list
            .into_iter()
            .map(|entry| (entry.session, entry.tokens_until))
            .collect();
        if let Ok(mut current) = self.0.write() {
            *current = list;
        }
    }

    /// Whether the token that this viewer came with is dead.
    pub fn concern(&self, viewer: &Viewer) -> bool {
        let Some(session) = viewer.session else {
            return false;
        };
        let until = self.0.read().ok().and_then(|list| list.get(&session).copied());
        until.is_some_and(|until| viewer.expires_at.is_none_or(|ends| ends <= until))
    }
}

/// Reads the list again and again until `stop`. While the users service does not answer, the last list counts: nobody
/// can log out either.
pub(crate) async fn follow(commands: Commands, revocations: Revocations, stop: CancellationToken) {
    loop {
        let pause = match commands.call(&GetRevocations {}).await {
            Ok(list) => {
                revocations.replace(list);
                PERIOD
            }
            Err(error @ CommandError::Failed { .. }) => {
                tracing::warn!(%error, "cannot read the revocations");
                PERIOD
            }
            Err(error) => {
                tracing::debug!(%error, "cannot read the revocations");
                RETRY
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_before_are_dead_and_the_next_ones_live() {
        let list = Revocations::default();
        let of = |session, ends| Viewer {
            session: Some(session),
            expires_at: Some(ends),
            ..Viewer::default()
        };
        let (gone, changed) = (SessionId::new(), SessionId::new());
        list.replace(vec![
            Revocation {
                session: gone,
                tokens_until: u64::MAX,
            },
            Revocation {
                session: changed,
                tokens_until: 1000,
            },
        ]);
        assert!(list.concern(&of(gone, 9_999_999)));
        assert!(list.concern(&of(changed, 1000)));
        assert!(!list.concern(&of(changed, 1001)));
        assert!(!list.concern(&of(SessionId::new(), 1)));
        assert!(!list.concern(&Viewer::default()));
    }
}
