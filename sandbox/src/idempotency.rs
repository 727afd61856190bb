//! Saved replies (Stripe API reference: Idempotent requests): status and body of the first request under a key,
//! whether it succeeded or failed, for 24 hours.

use crate::error::{ApiError, ApiResult};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet, VecDeque};

const KEPT_SECONDS: i64 = 24 * 60 * 60;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SavedReply {
    pub key: String,
    /// Digest of method, path and parameters.
    pub fingerprint: String,
    pub status: u16,
    pub body: String,
    pub request_id: String,
    pub created: i64,
}

#[derive(Default)]
pub struct Saved {
    replies: HashMap<String, SavedReply>,
    by_age: VecDeque<(i64, String)>,
    busy: HashSet<String>,
}

impl Saved {
    pub fn put(&mut self, reply: SavedReply) {
        self.forget(reply.created);
        self.by_age.push_back((reply.created, reply.key.clone()));
        self.replies.insert(reply.key.clone(), reply);
    }

    /// The saved reply, `None` for a new key, or why the key cannot be used.
    pub fn find(&self, key: &str, fingerprint: &str, now: i64) -> ApiResult<Option<SavedReply>> {
        if key.len() > 255 {
            return Err(ApiError::invalid(
                "",
                "Idempotency keys have up to 255 characters.",
            ));
        }
        if self.busy.contains(key) {
            return Err(ApiError::key_in_use(key));
        }
        match self
            .replies
            .get(key)
            .filter(|reply| now - reply.created < KEPT_SECONDS)
        {
            Some(reply) if reply.fingerprint != fingerprint => Err(ApiError::key_mismatch(key)),
            reply => Ok(reply.cloned()),
        }
    }

    /// From here to `end`, another request with this key is a conflict.
    pub fn begin(&mut self, key: &str) {
        self.busy.insert(key.to_owned());
    }

    pub fn end(&mut self, key: &str) {
        self.busy.remove(key);
    }

    fn forget(&mut self, now: i64) {
        while self
            .by_age
            .front()
            .is_some_and(|(created, _)| now - created >= KEPT_SECONDS)
        {
            let Some((created, key)) = self.by_age.pop_front() else {
                return;
            };
            // The key may have been used anew since.
            if self
                .replies
                .get(&key)
                .is_some_and(|reply| reply.created == created)
            {
                self.replies.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(key: &str, created: i64) -> SavedReply {
        SavedReply {
            key: key.into(),
            fingerprint: "f".into(),
            status: 200,
            body: "{}".into(),
            request_id: "req_1".into(),
            created,
        }
    }

    #[test]
    fn replays_refuses_and_forgets() {
        let mut saved = Saved::default();
        saved.put(reply("k", 0));
        assert!(saved.find("k", "f", 10).unwrap().is_some());
        assert_eq!(saved.find("k", "other", 10).err().unwrap().status(), 400);
        assert!(saved.find("k", "other", KEPT_SECONDS).unwrap().is_none());
        saved.begin("k");
        assert_eq!(saved.find("k", "f", 10).err().unwrap().status(), 409);
        saved.end("k");
        saved.put(reply("l", KEPT_SECONDS));
        assert_eq!(saved.replies.len(), 1);
        assert!(saved.find(&"x".repeat(256), "f", 0).is_err());
    }
}
