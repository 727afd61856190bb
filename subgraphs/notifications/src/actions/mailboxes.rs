//! The mailbox a viewer listens to.

use crate::store::mailboxes::{self, Recipient};
use platform::{Error, Moment, Viewer, service::Deps};
use uuid::Uuid;

/// The viewer's one mailbox and its last position. Their token proves that login and shopping persona are one person.
pub async fn open(deps: &Deps, viewer: &Viewer) -> Result<(Uuid, i64), Error> {
    let recipient = match (viewer.user, viewer.customer) {
        (Some(user), None) => Recipient::User(user),
        (_, Some(customer)) => Recipient::Customer(customer),
        (None, None) => return Err(Error::Unauthenticated),
    };
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    if let (Some(user), Some(customer)) = (viewer.user, viewer.customer) {
        mailboxes::join(&mut tx, user, customer).await?;
    }
    let mailbox = mailboxes::lock(&mut tx, recipient).await?;
    tx.commit().await?;
    Ok((mailbox.id, mailbox.last_seq))
}
