//! Every fact is recorded and audited; sales and refunds also change the figures. Imported history counts when it
//! happened.

use crate::{
    actions::record::record,
    domain::{fact::Audited, sales},
    store,
};
use contracts::events::{OrderConfirmed, RefundStatusChanged};
use platform::{Error, Tx, events::Received};

/// A fact that only has to be known.
pub async fn fact<E: Audited>(tx: &mut Tx, fact: Received<E>) -> Result<(), Error> {
    record(tx, &fact).await?;
    Ok(())
}

pub async fn order_confirmed(tx: &mut Tx, fact: Received<OrderConfirmed>) -> Result<(), Error> {
    let (order, at) = (&fact.event, fact.occurred_at);
    // An order is sold once, however often it is confirmed.
    if record(tx, &fact).await? && store::sales::insert(tx, order, at).await? {
        store::sales::insert_parts(tx, order, &sales::parts(order), at).await?;
        store::sales::insert_lines(tx, order, at).await?;
    }
    Ok(())
}

pub async fn refund(tx: &mut Tx, fact: Received<RefundStatusChanged>) -> Result<(), Error> {
    let refund = &fact.event;
    if record(tx, &fact).await? && refund.to == "SUCCEEDED" {
        store::sales::insert_refund(tx, refund, &sales::refund_parts(refund), fact.occurred_at).await?;
    }
    Ok(())
}
