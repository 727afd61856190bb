//! What people say about themselves.

use crate::{
    App,
    domain::credentials,
    store::{customers, users},
};
use async_graphql::ID;
use contracts::products::GetCategories;
use platform::{
    Currency, Language, Moment, Outcome, UserError, Viewer,
    error::{check_version, parse_id},
    ids::{CategoryId, CustomerId, UserId, uuids},
};
use uuid::Uuid;

/// Favourite categories of one customer.
const MOST_FAVOURITES: usize = 50;

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

/// Preferences; what is absent stays.
pub struct Wishes {
    pub currency: Option<Currency>,
    pub locale: Option<Language>,
    pub marketing: Option<bool>,
    pub favourites: Option<Vec<ID>>,
}

pub async fn set_preferences(app: &App, viewer: &Viewer, wishes: Wishes) -> Outcome<CustomerId> {
    let id = viewer.require_customer()?;
    if wishes.currency.is_some_and(|currency| !currency.is_tender()) {
        return Err(UserError::invalid(&["currency"], "a currency of a country (ISO 4217)").into());
    }
    let favourites = match wishes.favourites {
        Some(ids) => Some(favourites(app, &ids).await?),
        None => None,
    };
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let currency = wishes.currency.as_ref().map(Currency::as_str);
    let locale = wishes.locale.as_ref().map(Language::as_str);
    let favourites = favourites.as_deref();
    if !customers::set_preferences(&mut tx, id, currency, locale, wishes.marketing, favourites).await? {
        return Err(UserError::not_found(id).into());
    }
    tx.commit().await?;
    Ok(id)
}

/// Each category once, in the given order, if the catalogue has all of them.
async fn favourites(app: &App, ids: &[ID]) -> Outcome<Vec<Uuid>> {
    if ids.len() > MOST_FAVOURITES {
        return Err(UserError::invalid(&["favouriteCategoryIds"], "at most 50").into());
    }
    let mut wanted: Vec<CategoryId> = Vec::new();
    for id in ids {
        let id = parse_id::<CategoryId>(id)?;
        if !wanted.contains(&id) {
            wanted.push(id);
        }
    }
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let known = app
        .deps
        .commands
        .call(&GetCategories { ids: wanted.clone() })
        .await?;
    match wanted.iter().find(|id| !known.contains(id)) {
        Some(unknown) => Err(UserError::not_found(*unknown).into()),
        None => Ok(uuids(&wanted)),
    }
}
