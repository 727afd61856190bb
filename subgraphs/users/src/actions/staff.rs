//! What staff does for customers is told to the audit, in the transaction that does it.

use contracts::events::StaffActed;
use platform::{Tx, Viewer, ids::CustomerId};

/// Nothing is told of people who act for themselves.
pub async fn acted(
    tx: &mut Tx,
    viewer: &Viewer,
    customer: CustomerId,
    action: &str,
    outcome: Option<String>,
) -> Result<(), sqlx::Error> {
    let Some(staff) = viewer.user.filter(|_| viewer.customer != Some(customer)) else {
        return Ok(());
    };
    tx.emit(&StaffActed {
        customer,
        staff,
        action: action.to_owned(),
        subject: None,
        outcome,
    })
    .await
}
