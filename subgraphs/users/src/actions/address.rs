//! The address book.

use crate::{
    App,
    domain::credentials,
    schema::address::{Address, AddressKind},
    store::addresses,
};
use async_graphql::ID;
use platform::{
    AddressInput, Moment, Outcome, Tx, UserError, UserErrorCode, Viewer,
    error::{check_version, parse_id},
    ids::{AddressId, CustomerId},
};
use sqlx::types::Json;

/// Addresses in one book.
const MOST: usize = 50;

/// The first address of its kind becomes the default.
pub async fn create(
    app: &App,
    viewer: &Viewer,
    input: AddressInput,
    kind: AddressKind,
    label: Option<String>,
) -> Outcome<AddressId> {
    let customer = viewer.require_customer()?;
    let postal = input.validate(&["input"])?;
    let label = credentials::optional(label, 50, &["label"])?;
    let (mut tx, book) = open(app, customer).await?;
    if book.len() >= MOST {
        let message = format!("an address book has at most {MOST} addresses");
        return Err(UserError::refused(UserErrorCode::LimitExceeded, message).into());
    }
    let new = Address {
        id: AddressId::new(),
        customer_id: customer,
        label,
        kind,
        postal: Json(postal),
        is_default_shipping: kind.ships() && !book.iter().any(|row| row.is_default_shipping),
        is_default_billing: kind.bills() && !book.iter().any(|row| row.is_default_billing),
        created_at: tx.now().await?,
        version: 1,
    };
    addresses::insert(&mut tx, &new).await?;
    tx.commit().await?;
    Ok(new.id)
}

/// Locks the book and reads it.
async fn open(app: &App, customer: CustomerId) -> Outcome<(Tx, Vec<Address>)> {
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    if !addresses::lock_book(&mut tx, customer).await? {
        return Err(UserError::not_found(customer).into());
    }
    let book = addresses::rows(&mut *tx, &[], &[customer]).await?;
    Ok((tx, book))
}

fn find(book: &[Address], id: AddressId) -> Result<&Address, UserError> {
    book.iter()
        .find(|row| row.id == id)
        .ok_or_else(|| UserError::not_found(id))
}

pub async fn update(
    app: &App,
    viewer: &Viewer,
    id: &ID,
    input: AddressInput,
    expected: i32,
) -> Outcome<AddressId> {
    let customer = viewer.require_customer()?;
    let id = parse_id::<AddressId>(id)?;
    let postal = input.validate(&["input"])?;
    let (mut tx, book) = open(app, customer).await?;
    check_version(expected, find(&book, id)?.version)?;
    addresses::update(&mut tx, id, &postal).await?;
    tx.commit().await?;
    Ok(id)
}

/// Orders have their own copies, so the row can go.
pub async fn delete(app: &App, viewer: &Viewer, id: &ID) -> Outcome<()> {
    let customer = viewer.require_customer()?;
    let id = parse_id::<AddressId>(id)?;
    match addresses::delete(app.deps.db.pool(), id, customer).await? {
        true => Ok(()),
        false => Err(UserError::not_found(id).into()),
    }
}

/// For parcels, for bills or for both.
pub async fn set_default(app: &App, viewer: &Viewer, id: &ID, kind: AddressKind) -> Outcome<AddressId> {
    let customer = viewer.require_customer()?;
    let id = parse_id::<AddressId>(id)?;
    let (mut tx, book) = open(app, customer).await?;
    let own = find(&book, id)?.kind;
    if (kind.ships() && !own.ships()) || (kind.bills() && !own.bills()) {
        return Err(UserError::invalid(&["kind"], "what the address is good for").into());
    }
    addresses::set_default(&mut tx, customer, id, kind.ships(), kind.bills()).await?;
    tx.commit().await?;
    Ok(id)
}
