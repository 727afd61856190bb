//! Who works for a vendor.

use crate::{
    App,
    actions::vendor::{conflict, lock, lock_as_owner},
    domain::{credentials, vendor::VendorStatus},
    schema::vendor::VendorMember,
    store::members,
};
use async_graphql::ID;
use platform::{
    Moment, Outcome, UserError, UserErrorCode, Viewer,
    error::parse_id,
    ids::{UserId, VendorId},
};

/// Members and open invitations that a vendor may have.
const MOST_MEMBERS: usize = 200;

/// Whoever shows that the address is theirs becomes a member: at once, if they have done so. A member gets the role.
pub async fn invite(app: &App, viewer: &Viewer, id: &ID, email: &str, role: &str) -> Outcome<VendorId> {
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
    members::invite(&mut tx, id, &email, role, viewer.user).await?;
    members::accept_invitations(&mut tx, &email).await?;
    tx.commit().await?;
    Ok(id)
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
    crate::store::sessions::outdate(&mut tx, user).await?;
    tx.commit().await?;
    Ok(id)
}
