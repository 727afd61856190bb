//! Customers (Stripe API reference: Customers).

use crate::{
    error::ApiResult,
    ids,
    objects::Customer,
    params::{self, Metadata, Params},
    state::Record,
    tx::Tx,
};

const FIELDS: [&str; 9] = [
    "email",
    "name",
    "phone",
    "description",
    "metadata",
    "address",
    "shipping",
    "preferred_locales",
    "invoice_settings",
];

pub fn create(tx: &mut Tx, p: &Params) -> ApiResult {
    p.only(&FIELDS)?;
    let customer = Customer {
        id: ids::id("cus"),
        created: tx.now(),
        texts: Metadata::new(),
        metadata: Metadata::new(),
    };
    save(tx, customer, p)
}

pub fn update(tx: &mut Tx, id: &str, p: &Params) -> ApiResult {
    p.only(&FIELDS)?;
    let customer = tx.customer(id, "id")?.clone();
    save(tx, customer, p)
}

fn save(tx: &mut Tx, mut customer: Customer, p: &Params) -> ApiResult {
    params::merge(&mut customer.metadata, p.metadata()?);
    for name in Customer::TEXTS {
        if let Some(text) = p.owned(name) {
            customer.texts.insert(name.to_owned(), text);
        }
    }
    tx.put(Record::Customer(Box::new(customer.clone())));
    Ok(customer.render())
}
