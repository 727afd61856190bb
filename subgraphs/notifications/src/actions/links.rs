//! Links to orders, for guests: they have no login to look at them with. The token in a link is asked for when a mail is
//! sent and is kept nowhere.

use crate::store::deliveries::Claimed;
use contracts::orders::GetGuestAccess;
use platform::{Error, ids::OrderId, service::Deps};
use std::collections::HashMap;

/// Links by order.
pub type Links = HashMap<OrderId, String>;

/// The order of a mail to a guest.
pub fn guest_order(delivery: &Claimed) -> Option<OrderId> {
    delivery.order.filter(|_| delivery.user.is_none())
}

/// The links of these mails. An order without one became an account's meanwhile.
pub async fn links(deps: &Deps, claimed: &[Claimed]) -> Result<Links, Error> {
    let orders: Vec<OrderId> = claimed.iter().filter_map(guest_order).collect();
    if orders.is_empty() {
        return Ok(Links::new());
    }
    let tokens = deps.commands.call(&GetGuestAccess { orders }).await?;
    let base = &deps.settings.public_url;
    Ok(tokens
        .into_iter()
        .map(|access| {
            let (order, token) = (access.order, access.token);
            (order, format!("{base}/orders/{order}?guestAccessToken={token}"))
        })
        .collect())
}
