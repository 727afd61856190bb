//! Messages to vendors: the users service knows who their members are.

use crate::{
    actions::notify::notify,
    domain::delivery::backoff,
    store::{
        mailboxes::Recipient,
        vendor_messages::{self, Waiting},
    },
};
use contracts::users::GetVendors;
use platform::{
    Error, Moment,
    ids::{UserId, VendorId},
    service::Deps,
};
use std::{collections::HashMap, time::Duration};

const BATCH: i64 = 50;
const LEASE: Duration = Duration::from_secs(60);

/// Tells the members of vendors what waits for them. True: there may be more.
pub async fn resolve(deps: &Deps) -> Result<bool, Error> {
    let waiting = vendor_messages::claim(deps.db.pool(), BATCH, LEASE).await?;
    if waiting.is_empty() {
        return Ok(false);
    }
    let mut ids: Vec<VendorId> = waiting.iter().map(|w| w.vendor).collect();
    ids.sort_unstable();
    ids.dedup();
    let members: HashMap<VendorId, Vec<UserId>> = match deps.commands.call(&GetVendors { ids }).await {
        Ok(vendors) => vendors.into_iter().map(|v| (v.id, v.members)).collect(),
        Err(error) => {
            let events: Vec<_> = waiting.iter().map(|w| w.event).collect();
            let attempts = waiting.iter().map(|w| w.attempts).max().unwrap_or(1);
            vendor_messages::retry_later(deps.db.pool(), &events, backoff(attempts)).await?;
            return Err(error.into());
        }
    };
    let full = waiting.len() as i64 == BATCH;
    for message in waiting {
        let members = members.get(&message.vendor).map_or(&[][..], Vec::as_slice);
        fan_out(deps, &message, members).await?;
    }
    Ok(full)
}

/// All members or none: the waiting row goes with the messages.
pub async fn fan_out(deps: &Deps, message: &Waiting, members: &[UserId]) -> Result<(), Error> {
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    if vendor_messages::delete(&mut tx, message.event).await? {
        let recipients: Vec<_> = members.iter().map(|user| Recipient::User(*user)).collect();
        notify(&mut tx, &recipients, &message.draft).await?;
    }
    tx.commit().await?;
    Ok(())
}
