//! Takes back what vendors earned of orders that cost nothing: without money, no refund says how much.

use crate::{
    App,
    store::{
        ledger::{self, Booking},
        shares,
    },
};
use contracts::payments::ReverseShares;
use platform::{Error, Moment};

/// Books the accruals the other way round, once.
pub async fn reverse(app: &App, moment: Moment, command: ReverseShares) -> Result<(), Error> {
    let mut tx = app.deps.db.begin(moment).await?;
    for (share, currency) in shares::unpaid(&mut *tx, command.order, &command.vendor_orders).await? {
        let reference = share.to_string();
        let mut lines = ledger::lines(&mut *tx, "ACCRUAL", "VENDOR_ORDER", &reference).await?;
        for owned in &mut lines {
            owned.line.credit = -owned.line.credit;
        }
        let booking = Booking {
            kind: "REFUND",
            order: command.order,
            payment: None,
            currency,
            ref_type: "VENDOR_ORDER",
            ref_id: &reference,
        };
        ledger::book(&mut tx, &booking, &lines).await?;
    }
    tx.commit().await?;
    Ok(())
}
