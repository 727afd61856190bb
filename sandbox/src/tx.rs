//! One request's changes: applied at once, written to the journal as one line, all or nothing.
//!
//! There is no rollback, so an operation checks everything before it puts anything.

use crate::{
    error::{ApiError, ApiResult},
    faults::{self, Held},
    ids,
    objects::{Charge, Customer, EventRow, Intent, Method, Txn},
    params::Metadata,
    queue::{Delivery, HELD},
    state::{Record, State},
};
use chrono::Utc;
use serde_json::{Value, json};

/// The version whose shapes are spoken, whatever `Stripe-Version` asks for.
pub const API_VERSION: &str = "2024-06-20";

/// How long the events of a `sandbox_webhook_reorder` object wait for each other.
const REORDER_MS: i64 = 2_000;

pub struct Tx<'a> {
    pub state: &'a mut State,
    pub public_url: &'a str,
    pub has_webhook: bool,
    pub request_id: &'a str,
    pub idempotency_key: Option<String>,
    now_ms: i64,
    records: Vec<Record>,
}

impl<'a> Tx<'a> {
    pub fn new(state: &'a mut State, public_url: &'a str, has_webhook: bool, request_id: &'a str) -> Self {
        Self {
            state,
            public_url,
            has_webhook,
            request_id,
            idempotency_key: None,
            now_ms: Utc::now().timestamp_millis(),
            records: Vec::new(),
        }
    }

    /// Seconds, as Stripe counts time.
    pub fn now(&self) -> i64 {
        self.now_ms / 1_000
    }

    pub fn put(&mut self, record: Record) {
        self.state.apply(record.clone());
        self.records.push(record);
    }

    pub fn into_records(self) -> Vec<Record> {
        self.records
    }

    pub fn intent(&self, id: &str) -> ApiResult<Intent> {
        let found = self.state.intents.get(id).cloned();
        found.ok_or_else(|| ApiError::missing_resource("payment_intent", id, "intent"))
    }

    pub fn charge(&self, id: &str) -> ApiResult<Charge> {
        let found = self.state.charges.get(id).cloned();
        found.ok_or_else(|| ApiError::missing_resource("charge", id, "charge"))
    }

    pub fn customer(&self, id: &str, param: &str) -> ApiResult<&Customer> {
        self.state
            .customers
            .get(id)
            .ok_or_else(|| ApiError::missing_resource("customer", id, param))
    }

    pub fn method(&self, id: &str) -> ApiResult<Method> {
        let found = self.state.methods.get(id).cloned();
        found.ok_or_else(|| ApiError::missing_resource("PaymentMethod", id, "payment_method"))
    }

    /// Books one line of the provider's ledger and returns its id.
    pub fn book(&mut self, kind: &str, amount: i64, fee: i64, charge: &Charge, source: &str) -> String {
        let txn = Txn {
            id: ids::id("txn"),
            created: self.now(),
            kind: kind.to_owned(),
            amount,
            fee,
            currency: charge.currency.clone(),
            source: source.to_owned(),
            payment_intent: charge.payment_intent.clone(),
        };
        let id = txn.id.clone();
        self.put(Record::Txn(Box::new(txn)));
        id
    }

    pub fn emit_intent(&mut self, kind: &str, intent: &Intent) {
        self.emit(kind, intent.render(), &intent.metadata, intent.created);
    }

    /// Records an event and queues its deliveries. `born` is when the object was created, in seconds.
    pub fn emit(&mut self, kind: &str, object: Value, metadata: &Metadata, born: i64) {
        let id = ids::id("evt");
        let body = json!({
            "id": id,
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now(),
            "data": { "object": object },
            "livemode": false,
            "pending_webhooks": u8::from(self.has_webhook),
            "request": { "id": self.request_id, "idempotency_key": self.idempotency_key },
            "type": kind,
        });
        let row = EventRow {
            id: id.clone(),
            created: self.now(),
            kind: kind.to_owned(),
            body: body.to_string(),
        };
        self.put(Record::Event(Box::new(row)));
        if self.has_webhook {
            self.queue(&id, kind, metadata, born);
        }
    }

    fn queue(&mut self, event: &str, kind: &str, metadata: &Metadata, born: i64) {
        let struck = self.state.faults.strike_webhook(kind);
        let plan = faults::webhook_plan(metadata, struck);
        if plan.never {
            return;
        }
        let due = match (plan.reversed, plan.held.is_some()) {
            (_, true) => HELD,
            (true, _) => self.now_ms.max(born * 1_000 + REORDER_MS),
            _ => self.now_ms + plan.delay_ms,
        };
        for _ in 0..=plan.extra_copies {
            let seq = self.state.queue.next_seq();
            let forward = i64::try_from(seq).unwrap_or(i64::MAX);
            let rank = if plan.reversed || plan.held.is_some() {
                -forward
            } else {
                forward
            };
            let delivery = Delivery {
                seq,
                event: event.to_owned(),
                due,
                rank,
                attempts: 0,
            };
            self.put(Record::Queued(Box::new(delivery)));
        }
        if plan.held == Some(Held::Releases) {
            self.release_window();
        }
    }

    fn release_window(&mut self) {
        for delivery in self.state.queue.held_deliveries() {
            self.put(Record::Queued(Box::new(Delivery {
                due: self.now_ms,
                ..delivery
            })));
        }
    }
}
