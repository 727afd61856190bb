//! The ledger as the third party of a reconciliation, and the differences that a test may plant in it.

use crate::{
    error::{ApiError, ApiResult},
    ids,
    objects::{Status, Txn},
    params::Params,
    state::{Record, State},
    table::Page,
    tx::Tx,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// Totals per currency over everything, and one page of entries, newest first.
pub fn read(state: &State, params: &Params) -> ApiResult {
    params.only(&[&Page::PARAMS[..], &["payment_intent"]].concat())?;
    let mut page = Page::parse(params, 100_000)?;
    if params.text("limit").is_none() {
        page.limit = 1_000;
    }
    let Some((rows, more)) = state.txns.list(params.text("payment_intent"), &page) else {
        let id = page.starting_after.unwrap_or_default();
        return Err(ApiError::missing_resource(
            "balance_transaction",
            &id,
            "starting_after",
        ));
    };
    let entries: Vec<Value> = rows.into_iter().map(Txn::entry).collect();
    Ok(json!({ "totals": state.totals, "entries": entries, "has_more": more }))
}

/// One silent falsification of the provider's books: no event tells of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Plant {
    /// Drops an entry.
    Remove { entry: String },
    /// Changes an entry's amount or currency.
    Change {
        entry: String,
        amount: Option<i64>,
        currency: Option<String>,
    },
    /// Adds an entry that nothing explains.
    Add {
        kind: String,
        amount: i64,
        currency: String,
        payment_intent: String,
    },
    /// Changes an intent's status.
    Status { payment_intent: String, status: Status },
}

pub fn plant(tx: &mut Tx, plant: Plant) -> ApiResult {
    match plant {
        Plant::Remove { entry } => {
            find(tx, &entry)?;
            tx.put(Record::TxnRemoved(entry.clone()));
            Ok(json!({ "removed": entry }))
        }
        Plant::Change {
            entry,
            amount,
            currency,
        } => {
            let mut txn = find(tx, &entry)?;
            txn.amount = amount.unwrap_or(txn.amount);
            txn.currency = currency.unwrap_or(txn.currency);
            Ok(save(tx, txn))
        }
        Plant::Add {
            kind,
            amount,
            currency,
            payment_intent,
        } => {
            let (id, created) = (ids::id("txn"), tx.now());
            let source = id.clone();
            Ok(save(
                tx,
                Txn {
                    id,
                    created,
                    kind,
                    amount,
                    fee: 0,
                    currency,
                    source,
                    payment_intent,
                },
            ))
        }
        Plant::Status {
            payment_intent,
            status,
        } => {
            let mut intent = tx.intent(&payment_intent)?;
            intent.status = status;
            tx.put(Record::Intent(Box::new(intent.clone())));
            Ok(intent.render())
        }
    }
}

fn find(tx: &Tx, id: &str) -> ApiResult<Txn> {
    let found = tx.state.txns.get(id).cloned();
    found.ok_or_else(|| ApiError::missing_resource("balance_transaction", id, "entry"))
}

fn save(tx: &mut Tx, txn: Txn) -> Value {
    let entry = txn.entry();
    tx.put(Record::Txn(Box::new(txn)));
    entry
}
