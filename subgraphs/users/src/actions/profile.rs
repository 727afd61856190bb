//! What people say about themselves.

use crate::{
    App,
    domain::credentials,
    store::{customers, users},
};
use platform::{
    Currency, Language, Moment, Outcome, UserError, Viewer,
    error::check_version,
    ids::{CustomerId, UserId},
};

/// Name and language; what is absent stays.
pub async fn update(
    app: &App,
    viewer: &Viewer,
    name: Option<String>,
    locale: Option<Language>,
    expected: i32,
) -> Outcome<UserId> {
    let id = viewer.require_user()?;
    let name = name
        .map(|name| credentials::text(name, 100, &["displayName"]))
        .transpose()?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let Some((version, true, customer)) = users::lock(&mut tx, id).await? else {
        return Err(UserError::unauthenticated().into());
    };
    check_version(expected, version)?;
    users::set_locale(&mut tx, id, locale.as_ref().map(Language::as_str)).await?;
    if let Some(name) = name {
        customers::set_name(&mut tx, customer, &name).await?;
    }
    tx.commit().await?;
    Ok(id)
}

/// What is absent stays.
pub async fn set_preferences(
    app: &App,
    viewer: &Viewer,
    currency: Option<Currency>,
    locale: Option<Language>,
    marketing: Option<bool>,
) -> Outcome<CustomerId> {
    let id = viewer.require_customer()?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let currency = currency.as_ref().map(Currency::as_str);
    let locale = locale.as_ref().map(Language::as_str);
    if !customers::set_preferences(&mut tx, id, currency, locale, marketing).await? {
        return Err(UserError::not_found(id).into());
    }
    tx.commit().await?;
    Ok(id)
}
