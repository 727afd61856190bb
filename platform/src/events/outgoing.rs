//! Facts of this process's commits on their way to the bus, without a second look into the database. What is lost here
//! (the process dies between commit and bus) is found again like everything else that the bus loses.

use super::Envelope;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Facts that may wait here; further ones wait in the outbox until there is room.
const ROOM: usize = 2048;

/// One service's facts in one process.
#[derive(Default)]
pub(crate) struct Outgoing {
    queue: Mutex<Vec<Envelope>>,
    /// Woken when there is something in the queue.
    pub fresh: Notify,
    /// Woken when something was left in the outbox.
    pub backlog: Notify,
}

impl Outgoing {
    fn queue(&self) -> MutexGuard<'_, Vec<Envelope>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a fact that is written now may go this way.
    pub fn has_room(&self) -> bool {
        self.queue().len() < ROOM
    }

    /// Takes committed facts.
    pub fn put(&self, facts: Vec<Envelope>) {
        self.queue().extend(facts);
        self.fresh.notify_one();
    }

    /// Everything that waits, in the order of the commits.
    pub fn take(&self) -> Vec<Envelope> {
        std::mem::take(&mut self.queue())
    }
}
