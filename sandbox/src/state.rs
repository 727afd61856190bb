//! Everything the provider knows. It changes only by applying records, live and at replay alike.

use crate::{
    faults::Faults,
    idempotency::{Saved, SavedReply},
    objects::{Charge, Customer, Dispute, EventRow, Intent, Method, Refund, Setup, Totals, Txn},
    queue::{Delivery, Queue},
    table::{Row, Table},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One change, as written to the journal: the whole new object, so that replay needs no logic.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "t", content = "v", rename_all = "snake_case")]
pub enum Record {
    Intent(Box<Intent>),
    Charge(Box<Charge>),
    Refund(Box<Refund>),
    Dispute(Box<Dispute>),
    Customer(Box<Customer>),
    Method(Box<Method>),
    Setup(Box<Setup>),
    Txn(Box<Txn>),
    TxnRemoved(String),
    Event(Box<EventRow>),
    Queued(Box<Delivery>),
    Sent(u64),
    Reply(Box<SavedReply>),
}

#[derive(Default)]
pub struct State {
    pub intents: Table<Intent>,
    pub charges: Table<Charge>,
    pub refunds: Table<Refund>,
    pub disputes: Table<Dispute>,
    pub customers: Table<Customer>,
    pub methods: Table<Method>,
    pub setups: Table<Setup>,
    pub txns: Table<Txn>,
    pub events: Table<EventRow>,
    pub totals: BTreeMap<String, Totals>,
    pub queue: Queue,
    pub saved: Saved,
    /// Not journalled: a restarted provider is a healthy one.
    pub faults: Faults,
}

impl State {
    pub fn apply(&mut self, record: Record) {
        match record {
            Record::Intent(row) => put(&mut self.intents, *row),
            Record::Charge(row) => put(&mut self.charges, *row),
            Record::Refund(row) => put(&mut self.refunds, *row),
            Record::Dispute(row) => put(&mut self.disputes, *row),
            Record::Customer(row) => put(&mut self.customers, *row),
            Record::Method(row) => put(&mut self.methods, *row),
            Record::Setup(row) => put(&mut self.setups, *row),
            Record::Event(row) => put(&mut self.events, *row),
            Record::Txn(txn) => {
                self.count(&txn, 1);
                if let Some(old) = self.txns.put(*txn) {
                    self.count(&old, -1);
                }
            }
            Record::TxnRemoved(id) => {
                if let Some(old) = self.txns.remove(&id) {
                    self.count(&old, -1);
                }
            }
            Record::Queued(delivery) => self.queue.put(*delivery),
            Record::Sent(seq) => self.queue.done(seq),
            Record::Reply(reply) => self.saved.put(*reply),
        }
    }

    fn count(&mut self, txn: &Txn, sign: i64) {
        self.totals
            .entry(txn.currency.clone())
            .or_default()
            .add(txn, sign);
    }
}

fn put<T: Row>(table: &mut Table<T>, row: T) {
    table.put(row);
}
