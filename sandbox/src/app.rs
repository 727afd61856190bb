//! What all handlers share: the configuration, the state under its lock, the journal and the bell of the postman.

use crate::{journal::Journal, state::State, tx::Tx};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, watch};

pub struct Config {
    pub secret_key: String,
    pub publishable_key: String,
    pub webhook_url: Option<String>,
    pub webhook_secret: String,
    pub public_url: String,
}

pub struct App {
    pub config: Config,
    pub journal: Journal,
    pub client: reqwest::Client,
    /// Rings when a delivery may have become due.
    pub wake: Notify,
    /// Counts finished deliveries, so that a flush can wait for those of others.
    pub finished: watch::Sender<u64>,
    state: Mutex<State>,
}

impl App {
    pub fn new(config: Config, journal: Journal, client: reqwest::Client, state: State) -> Self {
        let (finished, _) = watch::channel(0);
        Self {
            config,
            journal,
            client,
            wake: Notify::new(),
            finished,
            state: Mutex::new(state),
        }
    }

    /// Never held across an await. A panic elsewhere cannot leave a half-applied record, so poison is ignored.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` under the lock and submits its changes as one journal line. Returns the journal position to wait
    /// for before anybody is told.
    pub fn transact<T>(&self, request_id: &str, work: impl FnOnce(&mut Tx) -> T) -> (T, u64) {
        let mut state = self.lock();
        let has_webhook = self.config.webhook_url.is_some();
        let mut tx = Tx::new(&mut state, &self.config.public_url, has_webhook, request_id);
        let result = work(&mut tx);
        let records = tx.into_records();
        self.journal.submit(&records);
        let position = self.journal.position();
        drop(state);
        if !records.is_empty() {
            self.wake.notify_one();
        }
        (result, position)
    }
}
