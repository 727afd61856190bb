//! Plain reads and lists. Every list is served from an index, never by a scan.

use crate::{
    error::{ApiError, ApiResult},
    objects::{self, Intent, Method},
    params::Params,
    table::{Page, Row, Table},
    tx::Tx,
};
use serde_json::Value;

pub fn intents(tx: &Tx, p: &Params) -> ApiResult {
    list(
        &tx.state.intents,
        p,
        &["customer"],
        "/v1/payment_intents",
        Intent::render,
    )
}

/// The cards of a customer, under either of Stripe's two addresses.
pub fn methods(tx: &Tx, p: &Params, customer: Option<&str>) -> ApiResult {
    let owner = match customer {
        Some(customer) => customer,
        None => p.required("customer")?,
    };
    tx.customer(owner, "customer")?;
    p.one_of("type", &["card"])?;
    check(p, &["customer", "type"])?;
    page(
        &tx.state.methods,
        p,
        Some(owner),
        "/v1/payment_methods",
        Method::render,
    )
}

pub fn read(tx: &Tx, segments: &[&str], p: &Params, path: &str) -> ApiResult {
    let state = &tx.state;
    if let [_, _] = segments {
        p.only(&[])?;
    }
    match segments {
        ["refunds"] => list(&state.refunds, p, &["payment_intent", "charge"], path, |row| {
            row.render()
        }),
        ["refunds", id] => one(&state.refunds, id, "refund", |row| row.render()),
        ["charges"] => list(&state.charges, p, &["payment_intent"], path, |row| row.render()),
        ["charges", id] => one(&state.charges, id, "charge", |row| row.render()),
        ["disputes"] => list(&state.disputes, p, &["payment_intent", "charge"], path, |row| {
            row.render()
        }),
        ["disputes", id] => one(&state.disputes, id, "dispute", |row| row.render()),
        ["customers", id] => one(&state.customers, id, "customer", |row| row.render()),
        ["balance_transactions"] => list(&state.txns, p, &["source", "type"], path, |row| row.render()),
        ["balance_transactions", id] => one(&state.txns, id, "balance_transaction", |row| row.render()),
        ["events"] => list(&state.events, p, &["type"], path, |row| row.render()),
        ["events", id] => one(&state.events, id, "event", |row| row.render()),
        _ => Err(ApiError::unknown_url("GET", path)),
    }
}

fn one<T: Row>(table: &Table<T>, id: &str, what: &str, render: impl Fn(&T) -> Value) -> ApiResult {
    let row = table
        .get(id)
        .ok_or_else(|| ApiError::missing_resource(what, id, "id"))?;
    Ok(render(row))
}

/// A list with at most one of `filters`, since each row is indexed by one name at a time.
fn list<T: Row>(
    table: &Table<T>,
    p: &Params,
    filters: &[&str],
    url: &str,
    render: impl Fn(&T) -> Value,
) -> ApiResult {
    check(p, filters)?;
    let mut given = filters
        .iter()
        .filter_map(|name| p.text(name).map(|value| (*name, value)));
    let group = given.next().map(|(_, value)| value);
    if let Some((name, _)) = given.next() {
        return Err(ApiError::invalid(
            name,
            "This provider filters a list by one parameter at a time.",
        ));
    }
    page(table, p, group, url, render)
}

fn check(p: &Params, filters: &[&str]) -> ApiResult<()> {
    p.only(&[&Page::PARAMS, filters].concat())
}

fn page<T: Row>(
    table: &Table<T>,
    p: &Params,
    group: Option<&str>,
    url: &str,
    render: impl Fn(&T) -> Value,
) -> ApiResult {
    let page = Page::parse(p, 100)?;
    let Some((rows, more)) = table.list(group, &page) else {
        let id = page.starting_after.unwrap_or_default();
        return Err(ApiError::missing_resource("object", &id, "starting_after"));
    };
    Ok(objects::list(url, rows.into_iter().map(render).collect(), more))
}
