//! What other services ask. Every answer is the same when asked again.

pub mod accounts;

use crate::{
    App,
    actions::{account, loyalty, vendor, vip},
    domain::{vendor::VendorStatus, vip::VipTier},
    store::{self, customers, members, references, roles, sessions, users, vendors},
};
use contracts::{
    Done,
    users::{
        Contact, EnsureBenefits, EnsureUser, EnsureUserReply, EnsureVendor, EnsureVendorReply, GetContacts,
        GetVendors, HoldPoints, HoldPointsReply, ImportCustomers, ImportedCustomer, RedeemPoints,
        ReleasePoints, ReversePoints, VendorInfo,
    },
};
use platform::{
    Error, Fault, Role, Tx, UserError,
    commands::Call,
    ids::{UserId, VendorId},
};
use std::collections::HashMap;
use store::vendors::{Eyes, Profile};

/// A refusal that the asker could have known.
fn bad(fault: Fault) -> Error {
    match fault {
        Fault::User(UserError::ValidationError(error)) => Error::BadInput(error.message),
        Fault::User(error) => Error::BadInput(format!("{error:?}")),
        Fault::Failed(error) => error,
    }
}

pub async fn get_vendors(app: &App, _: Call, command: GetVendors) -> Result<Vec<VendorInfo>, Error> {
    let pool = app.deps.db.pool();
    let rows = vendors::rows(pool, Eyes::ALL, &command.ids, None).await?;
    let mut members: HashMap<VendorId, Vec<UserId>> = HashMap::new();
    for member in members::rows(pool, &command.ids, &[]).await? {
        members.entry(member.vendor_id).or_default().push(member.user_id);
    }
    let info = |row: crate::schema::vendor::Vendor| VendorInfo {
        id: row.id,
        approved: row.status == VendorStatus::Approved,
        members: members.remove(&row.id).unwrap_or_default(),
        display_name: row.display_name,
        return_policy_days: row.return_policy_days,
    };
    Ok(rows.into_iter().map(info).collect())
}

pub async fn get_contacts(app: &App, _: Call, command: GetContacts) -> Result<Vec<Contact>, Error> {
    let rows = users::contacts(app.deps.db.pool(), &command.users, &command.customers).await?;
    let contact = |row: users::ContactRow| Contact {
        user: row.user,
        customer: Some(row.customer),
        email: row.email,
        display_name: row.display_name,
        locale: row.locale.unwrap_or_default(),
    };
    Ok(rows.into_iter().map(contact).collect())
}

pub async fn hold_points(app: &App, call: Call, command: HoldPoints) -> Result<HoldPointsReply, Error> {
    if command.points < 0 {
        return Err(Error::BadInput("points must not be negative".to_owned()));
    }
    if command.points == 0 {
        return Ok(HoldPointsReply::Held);
    }
    let mut tx = app.deps.db.begin(call.moment).await?;
    match loyalty::hold(&mut tx, command.order, command.customer, command.points).await? {
        Ok(()) => {
            tx.commit().await?;
            Ok(HoldPointsReply::Held)
        }
        Err(available) => Ok(HoldPointsReply::Insufficient { available }),
    }
}

pub async fn release_points(app: &App, call: Call, command: ReleasePoints) -> Result<Done, Error> {
    let mut tx = app.deps.db.begin(call.moment).await?;
    loyalty::release(&mut tx, command.order).await?;
    tx.commit().await?;
    Ok(Done {})
}

pub async fn redeem_points(app: &App, call: Call, command: RedeemPoints) -> Result<Done, Error> {
    let mut tx = app.deps.db.begin(call.moment).await?;
    loyalty::redeem(&mut tx, command.order).await?;
    tx.commit().await?;
    Ok(Done {})
}

pub async fn reverse_points(app: &App, call: Call, command: ReversePoints) -> Result<Done, Error> {
    let mut tx = app.deps.db.begin(call.moment).await?;
    loyalty::reverse(&mut tx, command.order).await?;
    tx.commit().await?;
    Ok(Done {})
}

pub async fn ensure_benefits(app: &App, _: Call, _: EnsureBenefits) -> Result<Done, Error> {
    store::vip::insert_benefits(app.deps.db.pool(), &crate::domain::benefits::defaults()).await?;
    Ok(Done {})
}

/// Adds what is missing and sets the password; it takes no role away.
pub async fn ensure_user(app: &App, call: Call, command: EnsureUser) -> Result<EnsureUserReply, Error> {
    let path = ["email"];
    let email = crate::domain::credentials::email(&command.email, &path).map_err(|e| bad(e.into()))?;
    crate::domain::credentials::password(&command.password, &["password"]).map_err(|e| bad(e.into()))?;
    let known = users::by_email(app.deps.db.pool(), &email).await?;
    let same = match &known {
        Some(known) => {
            app.auth
                .verify(&command.password, Some(&known.password_hash))
                .await?
        }
        None => false,
    };
    let new_hash = if same {
        None
    } else {
        Some(app.auth.hash(&command.password).await?)
    };
    let mut tx = app.deps.db.begin(call.moment).await?;
    let reply = match (known, new_hash.as_deref()) {
        (Some(known), hash) => {
            refresh_user(&mut tx, known.id, &email, hash).await?;
            EnsureUserReply {
                user: known.id,
                customer: known.customer_id,
            }
        }
        (None, hash) => {
            let new = account::NewAccount {
                email: &email,
                password_hash: hash.unwrap_or_default(),
                display_name: Some(&command.display_name),
                locale: "en",
                marketing: false,
                verified: true,
                guest: None,
            };
            let (user, customer) = account::create(&mut tx, new).await.map_err(bad)?;
            EnsureUserReply { user, customer }
        }
    };
    customers::set_name(&mut tx, reply.customer, &command.display_name).await?;
    grant(&mut tx, &reply, &command.roles).await?;
    members::accept_invitations(&mut tx, &email).await?;
    tx.commit().await?;
    Ok(reply)
}

async fn refresh_user(tx: &mut Tx, id: UserId, email: &str, hash: Option<&str>) -> Result<(), Error> {
    let Some((_, active, customer)) = users::lock(tx, id).await? else {
        return Ok(());
    };
    if !active {
        users::set_active(tx, id, true).await?;
    }
    users::verify(tx, id, email).await?;
    if let Some(hash) = hash {
        users::set_password(tx, id, hash).await?;
        sessions::revoke_all(tx, customer, None, "PASSWORD").await?;
    }
    Ok(())
}

/// STAFF and ADMIN are stored, VIP is the lowest tier; CUSTOMER and VENDOR follow from other things.
async fn grant(tx: &mut Tx, to: &EnsureUserReply, roles: &[Role]) -> Result<(), Error> {
    for role in roles {
        match role {
            Role::Staff => drop(roles::grant(tx, to.user, "STAFF").await?),
            Role::Admin => drop(roles::grant(tx, to.user, "ADMIN").await?),
            Role::Vip => {
                let standing = customers::lock(tx, to.customer)
                    .await?
                    .filter(|was| was.tier.is_none());
                if let Some(was) = standing {
                    vip::set(tx, to.customer, &was, Some(VipTier::Bronze), "operator")
                        .await
                        .map_err(bad)?;
                }
            }
            Role::Guest | Role::Customer | Role::Vendor | Role::Service => {}
        }
    }
    Ok(())
}

pub async fn ensure_vendor(app: &App, call: Call, command: EnsureVendor) -> Result<EnsureVendorReply, Error> {
    let slug = crate::domain::credentials::slug(&command.slug, &["slug"]).map_err(|e| bad(e.into()))?;
    let mut tx = app.deps.db.begin(call.moment).await?;
    let profile = Profile {
        slug,
        legal_name: command.display_name.clone(),
        display_name: command.display_name,
        description: None,
        country: command.country.as_str().to_owned(),
        address: None,
        return_policy_days: 14,
        logo_url: None,
    };
    let new = VendorId::new();
    vendors::insert(&mut tx, new, VendorStatus::InReview, &profile).await?;
    let Some((vendor, status)) = vendors::lock_by_slug(&mut tx, &profile.slug).await? else {
        return Err(Error::BadInput("the vendor has just been renamed".to_owned()));
    };
    members::add(&mut tx, vendor, command.owner, "OWNER").await?;
    if status != VendorStatus::Approved {
        let to = VendorStatus::Approved;
        vendors::transit(&mut tx, vendor, status, to, Some("operator"), None).await?;
        vendor::announce(&mut tx, vendor, status, to).await?;
    }
    tx.commit().await?;
    Ok(EnsureVendorReply { vendor })
}

pub async fn import_customers(
    app: &App,
    call: Call,
    command: ImportCustomers,
) -> Result<Vec<ImportedCustomer>, Error> {
    if command.references.len() > 1000 {
        return Err(Error::BadInput("at most 1000 references".to_owned()));
    }
    let mut tx = app.deps.db.begin(call.moment).await?;
    let found = references::import(&mut tx, &command.source, &command.references, command.guest).await?;
    tx.commit().await?;
    Ok(found
        .into_iter()
        .map(|(reference, customer)| ImportedCustomer { reference, customer })
        .collect())
}
