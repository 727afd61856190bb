//! Orders of guests become orders of the account whose owner has shown that the mailbox is theirs. An address alone is
//! no proof: anybody can register with it.

use crate::store::claims;
use contracts::events::GuestOrdersClaimed;
use platform::{Tx, ids::CustomerId};

pub use claims::of_guest;

/// Orders in one event.
const CHUNK: usize = 500;

/// Call it where `email` is known to be verified. The event carries IDs only: addresses stay here.
pub async fn claim(tx: &mut Tx, customer: CustomerId, email: &str) -> Result<(), sqlx::Error> {
    let orders = claims::claim(tx, customer, email).await?;
    for orders in orders.chunks(CHUNK) {
        tx.emit(&GuestOrdersClaimed {
            customer,
            orders: orders.to_vec(),
        })
        .await?;
    }
    Ok(())
}
