//! Who works for a vendor.

use crate::{
    App,
    actions::{
        brake::Try,
        mail::{self, Letter},
        vendor::{conflict, lock, lock_as_owner},
    },
    domain::{credentials, vendor::VendorStatus},
    schema::vendor::VendorMember,
    store::{members, sessions, users},
};
use async_graphql::ID;
use platform::{
    Moment, Outcome, UserError, UserErrorCode, Viewer,
    client::Client,
    error::parse_id,
    ids::{UserId, VendorId},
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Members and open invitations that a vendor may have.
const MOST_MEMBERS: usize = 200;

/// Asks somebody by mail to become a member. Whether the address has an account, the answer does not tell: also its
/// owner has to accept. A member gets the role at once.
pub async fn invite(
    app: &App,
    client: &Client,
    viewer: &Viewer,
    id: &ID,
    email: &str,
    role: &str,
) -> Outcome<VendorId> {
    viewer.require_user()?;
    let id = parse_id::<VendorId>(id)?;
    let email = credentials::email(email, &["email"])?;
    if !["OWNER", "MANAGER", "CLERK"].contains(&role) {
        return Err(UserError::invalid(&["role"], "OWNER, MANAGER or CLERK").into());
    }
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let vendor = lock_as_owner(&mut tx, viewer, id).await?;
    if vendor.status == VendorStatus::Closed {
        return Err(conflict("the vendor is closed").into());
    }
    let staff = members::rows(&mut *tx, &[id], &[]).await?;
    // A member gets another role, and the last owner stays one.
    if let Some(user) = members::with_email(&mut tx, id, &email).await? {
        if role != "OWNER" && !another_owner(&staff, user) {
            return Err(conflict("a vendor has at least one owner").into());
        }
        members::set_role(&mut tx, id, user, role).await?;
        tx.commit().await?;
        return Ok(id);
    }
    let (open, known) = members::invitations(&mut tx, id, &email).await?;
    if !known && staff.len() + usize::try_from(open).unwrap_or(MOST_MEMBERS) >= MOST_MEMBERS {
        let message = format!("at most {MOST_MEMBERS} members and invitations");
        return Err(UserError::refused(UserErrorCode::LimitExceeded, message).into());
    }
    Try::invitation(&email, client).charge(app).await?;
    members::invite(&mut tx, id, &email, role, viewer.user).await?;
    tx.commit().await?;
    let app = app.clone();
    mail::later(async move { tell(&app, id, email).await });
    Ok(id)
}

/// The mail names nobody: its words must not be chosen by whoever invites.
async fn tell(app: &App, vendor: VendorId, email: String) -> Outcome<()> {
    let known = users::by_email(app.deps.db.pool(), &email).await?;
    let page = format!("vendor-invitations/{vendor}");
    let link = app.deps.settings.storefront_link(&page, None);
    let letter = Letter {
        key: Uuid::now_v7().to_string(),
        user: known.map(|known| known.id),
        email,
        locale: None,
        template: "account.vendor_invitation",
        variables: BTreeMap::from([
            ("link".to_owned(), link),
            ("vendor".to_owned(), vendor.to_string()),
        ]),
    };
    Ok(mail::hand_over(app, letter).await?)
}

/// The caller becomes a member, if the address that they have shown to be theirs is invited.
pub async fn accept(app: &App, viewer: &Viewer, id: &ID) -> Outcome<VendorId> {
    let user = viewer.require_user()?;
    let id = parse_id::<VendorId>(id)?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    if members::accept(&mut tx, id, user).await? {
        // The next access token knows the vendor.
        sessions::outdate(&mut tx, user).await?;
        tx.commit().await?;
        return Ok(id);
    }
    let members = members::rows(&mut *tx, &[id], &[]).await?;
    match members.iter().any(|member| member.user_id == user) {
        true => Ok(id),
        false => Err(UserError::not_found(id).into()),
    }
}

fn another_owner(members: &[VendorMember], than: UserId) -> bool {
    members
        .iter()
        .any(|member| member.role == "OWNER" && member.user_id != than)
}

/// Owners remove anybody, members themselves; one owner stays.
pub async fn remove(app: &App, viewer: &Viewer, id: &ID, user: &ID) -> Outcome<VendorId> {
    let own = viewer.require_user()?;
    let id = parse_id::<VendorId>(id)?;
    let user = parse_id::<UserId>(user)?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    if user == own {
        lock(&mut tx, viewer, id).await?;
    } else {
        lock_as_owner(&mut tx, viewer, id).await?;
    }
    let members = members::rows(&mut *tx, &[id], &[]).await?;
    if !members.iter().any(|member| member.user_id == user) {
        return Err(UserError::not_found(user).into());
    }
    if !another_owner(&members, user) {
        return Err(conflict("a vendor has at least one owner").into());
    }
    members::remove(&mut tx, id, user).await?;
    sessions::outdate(&mut tx, user).await?;
    tx.commit().await?;
    Ok(id)
}
