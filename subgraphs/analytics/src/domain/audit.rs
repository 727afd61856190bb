//! Hash chains: changing, removing or swapping an entry changes every hash after it.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// An entry as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub chain: String,
    pub seq: i64,
    pub event: Uuid,
    pub entity: String,
    pub entity_type: String,
    pub service: String,
    pub action: String,
    pub actor: String,
    pub before: Option<String>,
    pub after: Option<String>,
    pub at: DateTime<Utc>,
    pub payload_hash: Vec<u8>,
    pub hash: Vec<u8>,
}

impl Entry {
    /// SHA-256 over the hash before and everything in the entry. JSON keeps the fields apart.
    pub fn hash_after(&self, previous: &[u8]) -> Vec<u8> {
        let content = serde_json::json!([
            self.chain,
            self.seq,
            self.event,
            self.entity,
            self.entity_type,
            self.service,
            self.action,
            self.actor,
            self.before,
            self.after,
            self.at.timestamp_micros(),
            self.payload_hash,
        ]);
        let mut hasher = Sha256::new();
        hasher.update(previous);
        hasher.update(content.to_string());
        hasher.finalize().to_vec()
    }
}

/// SHA-256 of a payload that does not depend on the order of keys, which a database may change.
pub fn payload_hash(payload: &Value) -> Vec<u8> {
    let mut text = String::new();
    canonical(payload, &mut text);
    Sha256::digest(text).to_vec()
}

fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<_> = map.iter().collect();
            keys.sort_unstable_by_key(|(key, _)| *key);
            out.push('{');
            for (key, value) in keys {
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                canonical(value, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for item in items {
                canonical(item, out);
                out.push(',');
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

/// Goes along a chain.
#[derive(Debug, Default)]
pub struct Verifier {
    seq: i64,
    hash: Vec<u8>,
}

impl Verifier {
    /// False: the entry, or its payload if that is still stored, is not what was once recorded.
    pub fn accept(&mut self, entry: &Entry, payload: Option<&Value>) -> bool {
        let good = entry.seq == self.seq + 1
            && payload.is_none_or(|payload| payload_hash(payload) == entry.payload_hash)
            && entry.hash_after(&self.hash) == entry.hash;
        self.seq = entry.seq;
        self.hash.clone_from(&entry.hash);
        good
    }

    /// True: the chain ends where its head says.
    pub fn ends_at(&self, seq: i64, hash: &[u8]) -> bool {
        self.seq == seq && self.hash == hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn chain(payloads: &[Value]) -> Vec<Entry> {
        let mut previous = Vec::new();
        let entries = payloads.iter().zip(1..).map(|(payload, seq)| {
            let mut entry = Entry {
                chain: "ord_1".into(),
                seq,
                event: Uuid::now_v7(),
                entity: "ord_1".into(),
                entity_type: "Order".into(),
                service: "orders".into(),
                action: "changed".into(),
                actor: "orders".into(),
                before: None,
                after: Some("CONFIRMED".into()),
                at: Utc::now(),
                payload_hash: payload_hash(payload),
                hash: vec![],
            };
            entry.hash = entry.hash_after(&previous);
            previous.clone_from(&entry.hash);
            entry
        });
        entries.collect()
    }

    fn verify(entries: &[Entry], payloads: &[Value]) -> bool {
        let mut verifier = Verifier::default();
        let good = entries
            .iter()
            .zip(payloads)
            .all(|(e, p)| verifier.accept(e, Some(p)));
        good && entries.last().is_none_or(|last| verifier.ends_at(3, &last.hash))
    }

    #[test]
    fn every_change_is_noticed() {
        let payloads = [
            json!({"a": 1, "b": [1, {"d": 1, "c": 2}]}),
            json!({"b": 2}),
            json!({"c": 3}),
        ];
        let entries = chain(&payloads);
        assert!(verify(&entries, &payloads));
        let edits: [fn(&mut Vec<Entry>); 4] = [
            |e| e[1].after = Some("CANCELED".into()),
            |e| e.swap(0, 1),
            |e| drop(e.remove(1)),
            |e| drop(e.pop()),
        ];
        for edit in edits {
            let mut edited = entries.clone();
            edit(&mut edited);
            assert!(!verify(&edited, &payloads));
        }
        let other = [payloads[0].clone(), json!({"b": 3}), payloads[2].clone()];
        assert!(!verify(&entries, &other));
    }

    #[test]
    fn the_order_of_keys_does_not_matter_but_values_do() {
        let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(
            payload_hash(&parse(r#"{"a":1,"b":2}"#)),
            payload_hash(&parse(r#"{"b":2,"a":1}"#))
        );
        assert_ne!(
            payload_hash(&parse(r#"{"a":1,"b":2}"#)),
            payload_hash(&parse(r#"{"a":2,"b":1}"#))
        );
    }
}
