//! Which webhook deliveries are due, and when.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Due at no time: waits for the rest of its reorder window, or for a flush.
pub const HELD: i64 = i64::MAX;

/// Stripe retries "with an exponential back off"; a test rig should not wait that long.
const FIRST_RETRY_MS: i64 = 500;
const LAST_RETRY_MS: i64 = 60_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    pub seq: u64,
    pub event: String,
    /// Milliseconds since 1970.
    pub due: i64,
    /// Rank among deliveries due at the same time: `seq`, or `-seq` when reordered.
    pub rank: i64,
    #[serde(skip)]
    pub attempts: u32,
}

#[derive(Default)]
pub struct Queue {
    open: HashMap<u64, Delivery>,
    waiting: BTreeSet<(i64, i64, u64)>,
    in_flight: HashSet<u64>,
    last_seq: u64,
    /// Only a flush delivers: a test that asserts an order must not race with the postman.
    pub paused: bool,
}

impl Queue {
    pub fn next_seq(&self) -> u64 {
        self.last_seq + 1
    }

    pub fn put(&mut self, delivery: Delivery) {
        self.last_seq = self.last_seq.max(delivery.seq);
        self.in_flight.remove(&delivery.seq);
        if let Some(old) = self.open.get(&delivery.seq) {
            self.waiting.remove(&key(old));
        }
        self.waiting.insert(key(&delivery));
        self.open.insert(delivery.seq, delivery);
    }

    pub fn done(&mut self, seq: u64) {
        self.in_flight.remove(&seq);
        if let Some(old) = self.open.remove(&seq) {
            self.waiting.remove(&key(&old));
        }
    }

    /// Takes up to `most` deliveries due by `now`, in order. They stay open until `done` or `retry`.
    pub fn take_due(&mut self, now: i64, most: usize) -> Vec<Delivery> {
        if self.paused {
            return Vec::new();
        }
        let due: Vec<u64> = self
            .waiting
            .iter()
            .take_while(|(due, ..)| *due <= now)
            .take(most)
            .map(|(.., seq)| *seq)
            .collect();
        self.take(due)
    }

    /// Takes everything that waits, due or not, except what was `tried` already.
    pub fn take_all(&mut self, tried: &HashSet<u64>) -> Vec<Delivery> {
        let all = self
            .waiting
            .iter()
            .map(|(.., seq)| *seq)
            .filter(|seq| !tried.contains(seq))
            .collect();
        self.take(all)
    }

    pub fn has_waiting_besides(&self, tried: &HashSet<u64>) -> bool {
        self.waiting.iter().any(|(.., seq)| !tried.contains(seq))
    }

    fn take(&mut self, seqs: Vec<u64>) -> Vec<Delivery> {
        let mut taken = Vec::with_capacity(seqs.len());
        for delivery in seqs.iter().filter_map(|seq| self.open.get(seq)) {
            self.waiting.remove(&key(delivery));
            self.in_flight.insert(delivery.seq);
            taken.push(delivery.clone());
        }
        taken
    }

    /// The receiver did not answer 2xx: once more, later.
    pub fn retry(&mut self, mut delivery: Delivery, now: i64) {
        let backoff = FIRST_RETRY_MS.saturating_mul(1 << delivery.attempts.min(20));
        delivery.attempts += 1;
        delivery.due = now + backoff.min(LAST_RETRY_MS);
        self.put(delivery);
    }

    /// After a restart nothing is held back any more.
    pub fn release(&mut self) {
        let held: Vec<u64> = self.held().map(|(.., seq)| *seq).collect();
        for delivery in self.take(held) {
            self.put(Delivery { due: 0, ..delivery });
        }
    }

    /// The reorder window as far as it has filled.
    pub fn held_deliveries(&self) -> Vec<Delivery> {
        self.held()
            .filter_map(|(.., seq)| self.open.get(seq))
            .cloned()
            .collect()
    }

    fn held(&self) -> impl Iterator<Item = &(i64, i64, u64)> {
        self.waiting.range((HELD, i64::MIN, 0)..)
    }

    pub fn next_due(&self) -> Option<i64> {
        self.waiting
            .first()
            .map(|(due, ..)| *due)
            .filter(|due| *due != HELD && !self.paused)
    }

    pub fn is_settled(&self) -> bool {
        self.in_flight.is_empty()
    }

    pub fn len(&self) -> usize {
        self.open.len()
    }
}

fn key(delivery: &Delivery) -> (i64, i64, u64) {
    (delivery.due, delivery.rank, delivery.seq)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(seq: u64, due: i64, rank: i64) -> Delivery {
        Delivery {
            seq,
            event: format!("evt_{seq}"),
            due,
            rank,
            attempts: 0,
        }
    }

    fn seqs(taken: &[Delivery]) -> Vec<u64> {
        taken.iter().map(|delivery| delivery.seq).collect()
    }

    #[test]
    fn due_deliveries_leave_in_order_and_come_back_on_failure() {
        let mut queue = Queue::default();
        for (seq, due, rank) in [(1, 10, 1), (2, 5, 2), (3, 10, -3), (4, 99, 4)] {
            queue.put(delivery(seq, due, rank));
        }
        let taken = queue.take_due(10, 9);
        assert_eq!(seqs(&taken), [2, 3, 1]);
        assert!(!queue.is_settled());
        queue.done(2);
        queue.done(3);
        queue.retry(taken[2].clone(), 10);
        assert!(queue.is_settled());
        assert_eq!(queue.next_due(), Some(99));
        assert_eq!(seqs(&queue.take_all(&HashSet::from([4]))), [1]);
        assert_eq!(queue.len(), 2);
        assert_eq!(queue.next_seq(), 5);
    }

    #[test]
    fn held_deliveries_wait_for_a_flush_or_a_restart() {
        let mut queue = Queue::default();
        queue.put(delivery(1, HELD, -1));
        queue.put(delivery(2, HELD, -2));
        assert_eq!(queue.next_due(), None);
        assert_eq!(queue.held_deliveries().len(), 2);
        queue.release();
        assert_eq!(seqs(&queue.take_due(0, 9)), [2, 1]);
    }
}
