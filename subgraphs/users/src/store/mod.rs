//! All SQL of this service.

pub mod addresses;
pub mod aliases;
pub mod claims;
pub mod customers;
pub mod erasures;
pub mod exports;
pub mod keys;
pub mod loyalty;
pub mod loyalty_orders;
pub mod mail_tokens;
pub mod members;
pub mod notices;
pub mod points;
pub mod privacy;
pub mod references;
pub mod registrations;
pub mod roles;
pub mod sessions;
pub mod throttle;
pub mod users;
pub mod vendors;
pub mod vip;

use std::{collections::HashMap, hash::Hash};

/// Rows by their owner, in the order of the query.
pub fn group<K: Eq + Hash, V>(rows: Vec<V>, key: impl Fn(&V) -> K) -> HashMap<K, Vec<V>> {
    let mut groups: HashMap<K, Vec<V>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}
