//! Guests see their orders through a link in a mail. Its token is a signature of the order by this instance's services,
//! so it is nowhere kept; a row says whether it is still good.

use crate::store;
use platform::{Deps, Error, ids::OrderId};
use uuid::Uuid;

fn message(order: OrderId) -> String {
    format!("orders\nguest access\n{order}")
}

/// The token of an order's link.
pub fn token(deps: &Deps, order: OrderId) -> String {
    deps.settings.service_key.sign(&message(order))
}

/// The order that `token` opens. A wrong token and an order that is not there take the same way to the same answer.
pub async fn order(
    deps: &Deps,
    id: Option<OrderId>,
    number: Option<&str>,
    token: &str,
) -> Result<Option<OrderId>, Error> {
    let found = store::guests::open_to_link(deps.db.pool(), id, number).await?;
    let signed = message(found.unwrap_or(OrderId(Uuid::nil())));
    let good = deps.settings.service_key.has_signed(&signed, token);
    Ok(found.filter(|_| good))
}
