//! The life of a vendor.

use crate::{
    App,
    domain::{
        credentials,
        vendor::{VendorStatus, Verb},
    },
    store::{
        members,
        vendors::{self, Locked, Profile},
    },
};
use async_graphql::{ID, InputObject};
use contracts::{events::VendorStatusChanged, orders::CountOpenVendorOrders};
use platform::{
    AddressInput, Moment, Outcome, Tx, UserError, UserErrorCode, Viewer,
    error::{check_version, on_constraint, parse_id},
    ids::{UserId, VendorId},
};

/// Vendors that one login may own.
const MOST_OWNED: i64 = 10;
/// Days to return something where the vendor does not say.
const RETURN_DAYS: i32 = 14;

/// What a vendor says about itself.
#[derive(InputObject)]
pub struct VendorInput {
    /// Name to show, 1 to 100 characters.
    display_name: String,
    /// Name of the company, 1 to 200 characters. Fixed once approved.
    legal_name: String,
    /// Name in URLs: 3 to 64 lower-case letters, digits and single dashes; unique. Fixed once approved.
    slug: String,
    /// What it sells, at most 5,000 characters.
    description: Option<String>,
    /// Business address.
    address: AddressInput,
    /// Days in which customers may return what they bought, 0 to 365.
    #[graphql(default_with = "Some(RETURN_DAYS)")]
    return_policy_days: Option<i32>,
    /// Where the logo lies: an https address of at most 500 characters.
    logo_url: Option<String>,
}

impl VendorInput {
    fn validate(self) -> Outcome<Profile> {
        let return_policy_days = self.return_policy_days.unwrap_or(RETURN_DAYS);
        if !(0..=365).contains(&return_policy_days) {
            return Err(UserError::invalid(&["input", "returnPolicyDays"], "0..365").into());
        }
        let description = match self.description.map(|text| platform::text::lines(&text, 5000)) {
            Some(None) => {
                return Err(UserError::invalid(&["input", "description"], "at most 5000 characters").into());
            }
            text => text.flatten().filter(|text| !text.is_empty()),
        };
        let address = self.address.validate(&["input", "address"])?;
        Ok(Profile {
            slug: credentials::slug(&self.slug, &["input", "slug"])?,
            display_name: credentials::text(self.display_name, 100, &["input", "displayName"])?,
            legal_name: credentials::text(self.legal_name, 200, &["input", "legalName"])?,
            description,
            country: address.country.as_str().to_owned(),
            address: Some(address),
            return_policy_days,
            logo_url: self.logo_url.map(https).transpose()?,
        })
    }
}

/// An address that a browser may load without a warning.
fn https(url: String) -> Result<String, UserError> {
    let host = url
        .strip_prefix("https://")
        .and_then(|rest| rest.split(['/', '?', '#']).next());
    let plain = url.len() <= 500
        && url
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"\"'<>\\`".contains(&b));
    match host.is_some_and(|host| host.contains('.') && !host.contains('@')) && plain {
        true => Ok(url),
        false => Err(UserError::invalid(
            &["input", "logoUrl"],
            "an https address of at most 500 characters",
        )),
    }
}

pub(super) fn conflict(message: &str) -> UserError {
    UserError::refused(UserErrorCode::Conflict, message)
}

/// Locks a vendor for one of its members or for staff; to everybody else it does not exist.
pub(super) async fn lock(tx: &mut Tx, viewer: &Viewer, id: VendorId) -> Outcome<Locked> {
    let vendor = vendors::lock(tx, id, viewer.user).await?;
    let vendor = vendor.filter(|vendor| viewer.is_staff() || vendor.role.is_some());
    vendor.ok_or_else(|| UserError::not_found(id).into())
}

/// The same for its owners.
pub(super) async fn lock_as_owner(tx: &mut Tx, viewer: &Viewer, id: VendorId) -> Outcome<Locked> {
    let vendor = lock(tx, viewer, id).await?;
    match viewer.is_staff() || vendor.role.as_deref() == Some("OWNER") {
        true => Ok(vendor),
        false => Err(UserError::forbidden("OWNER of the vendor").into()),
    }
}

/// A draft; the applicant owns it.
pub async fn apply(app: &App, viewer: &Viewer, input: VendorInput) -> Outcome<VendorId> {
    let user = viewer.require_user()?;
    let profile = input.validate()?;
    let id = VendorId::new();
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    // The applicant's row orders concurrent applications.
    let active = crate::store::users::lock(&mut tx, user)
        .await?
        .is_some_and(|(_, active, _)| active);
    if !active {
        return Err(UserError::unauthenticated().into());
    }
    if members::owned(&mut tx, user).await? >= MOST_OWNED {
        let message = format!("at most {MOST_OWNED} vendors");
        return Err(UserError::refused(UserErrorCode::LimitExceeded, message).into());
    }
    if !vendors::insert(&mut tx, id, VendorStatus::Draft, &profile).await? {
        return Err(conflict("the slug is taken").into());
    }
    members::add(&mut tx, id, user, "OWNER").await?;
    tx.commit().await?;
    Ok(id)
}

/// An edit of a rejected vendor makes it a draft again.
pub async fn update(
    app: &App,
    viewer: &Viewer,
    id: &ID,
    input: VendorInput,
    expected: i32,
) -> Outcome<VendorId> {
    viewer.require_user()?;
    let id = parse_id::<VendorId>(id)?;
    let profile = input.validate()?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let vendor = lock(&mut tx, viewer, id).await?;
    check_version(expected, vendor.version)?;
    if !vendor.status.editable() {
        return Err(conflict("it cannot be changed while it is reviewed or after it was closed").into());
    }
    let renamed = vendor.slug != profile.slug || vendor.legal_name != profile.legal_name;
    if vendor.status.reviewed() && renamed && !viewer.is_staff() {
        return Err(conflict("slug and legal name are fixed once approved").into());
    }
    let taken = || conflict("the slug is taken");
    vendors::update(&mut tx, id, &profile)
        .await
        .map_err(|e| on_constraint(e, "vendors_slug", taken))?;
    if vendor.status == VendorStatus::Rejected {
        step(&mut tx, id, vendor.status, Verb::Rework, None, viewer.user).await?;
    }
    tx.commit().await?;
    Ok(id)
}

/// Ends a vendor that owes nobody anything: orders still to be fulfilled come first. To take no new ones meanwhile,
/// its products can be unpublished, or staff suspends it.
pub async fn close(app: &App, viewer: &Viewer, id: &ID) -> Outcome<VendorId> {
    viewer.require_user()?;
    let vendor = parse_id::<VendorId>(id)?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let locked = lock_as_owner(&mut tx, viewer, vendor).await?;
    if locked.status.step(Verb::Close)?.is_none() {
        return Ok(vendor);
    }
    tx.rollback().await?;
    let open = app.deps.commands.call(&CountOpenVendorOrders { vendor }).await?;
    if open > 0 {
        return Err(conflict(&format!("{open} orders are still to be fulfilled")).into());
    }
    by_member(app, viewer, id, Verb::Close).await
}

/// What its owners do: submit and close.
pub async fn by_member(app: &App, viewer: &Viewer, id: &ID, verb: Verb) -> Outcome<VendorId> {
    viewer.require_user()?;
    let id = parse_id::<VendorId>(id)?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let vendor = lock_as_owner(&mut tx, viewer, id).await?;
    step(&mut tx, id, vendor.status, verb, None, viewer.user).await?;
    tx.commit().await?;
    Ok(id)
}

/// What staff does. Whether the viewer is staff has been checked.
pub async fn by_staff(
    app: &App,
    viewer: &Viewer,
    id: &ID,
    verb: Verb,
    reason: Option<String>,
    path: &'static str,
) -> Outcome<VendorId> {
    let id = parse_id::<VendorId>(id)?;
    let reason = reason
        .map(|text| credentials::text(text, 1000, &[path]))
        .transpose()?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let vendor = lock(&mut tx, viewer, id).await?;
    step(&mut tx, id, vendor.status, verb, reason.as_deref(), viewer.user).await?;
    tx.commit().await?;
    Ok(id)
}

async fn step(
    tx: &mut Tx,
    id: VendorId,
    from: VendorStatus,
    verb: Verb,
    reason: Option<&str>,
    by: Option<UserId>,
) -> Outcome<()> {
    if let Some(to) = from.step(verb)? {
        vendors::transit(tx, id, from, to, reason, by).await?;
        announce(tx, id, from, to).await?;
    }
    Ok(())
}

/// Tells the other services.
pub async fn announce(
    tx: &mut Tx,
    vendor: VendorId,
    from: VendorStatus,
    to: VendorStatus,
) -> Result<(), sqlx::Error> {
    let members = members::rows(&mut **tx, &[vendor], &[]).await?;
    tx.emit(&VendorStatusChanged {
        vendor,
        from: from.as_str().to_owned(),
        to: to.as_str().to_owned(),
        approved: to == VendorStatus::Approved,
        members: members.into_iter().map(|member| member.user_id).collect(),
    })
    .await
}
